#!/usr/bin/env bash
# Runs the checks named on the command line, all of them even if one fails, and says at the end how each ended.
# Checks: lint quick postgres slow long. Options for pytest come from the environment variable PYTEST_ARGS.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/.venv/bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin" LC_ALL=C.UTF-8
# Apart from what "make run" keeps, and never on somebody's database.
export FURKA_HOME=$PWD/build/home
unset FURKA_DATABASE_URL
[ -d build/browsers ] && export PLAYWRIGHT_BROWSERS_PATH=$PWD/build/browsers

results=()
failed=0

# On a loaded machine a browser or a link is now and then too late. What failed is tried once more, alone; it counts as
# passed then, and the list at the end names it. More than this many failures are no accident.
at_most_again=6
unsteady=()

# The order of the tests is the same every time, and so are the random cases of the laws: what went through here goes
# through elsewhere. "long" tries others.
seed=1

# step NAME COMMAND…
step() {
  local name=$1 begin=$SECONDS status=0
  shift
  printf '\n\033[1m▸ %s\033[0m\n' "$name"
  "$@" || status=$?
  if [ $status = 0 ]; then
    results+=("passed   $(printf '%4d s' $((SECONDS - begin)))  $name")
  else
    results+=("FAILED   $(printf '%4d s' $((SECONDS - begin)))  $name")
    failed=1
  fi
}

# tests OPTIONS…: pytest on the database that "make run" uses.
tests() { tried_twice sqlite python -m pytest "$@"; }

tests_on_postgres() { tried_twice postgres python scripts/postgres.py python -m pytest "$@"; }

# tried_twice NAME COMMAND…
tried_twice() {
  local memory=build/tried/$1 status=0 again
  shift
  rm -rf "$memory"
  # shellcheck disable=SC2086 # several options in one variable
  "$@" -q -o cache_dir="$memory" --randomly-seed="$seed" ${PYTEST_ARGS:-} || status=$?
  [ $status = 1 ] || return $status
  mapfile -t again < <(python -c 'import json, sys; print(*json.load(open(sys.argv[1])), sep="\n")' "$memory/v/cache/lastfailed" 2>/dev/null)
  [ ${#again[@]} -gt 0 ] && [ ${#again[@]} -le $at_most_again ] || return 1
  printf '\n\033[1m▸ once more, alone: %s\033[0m\n' "${again[*]}"
  "$@" -q -n 0 -o cache_dir="$memory" --last-failed --last-failed-no-failures none || return 1
  unsteady+=("${again[@]}")
}

# Every question that these put to the database is asked on PostgreSQL by the walk over all addresses and by the tests of
# the rooms; they themselves are tried there by "long".
asked_by_others=(tests/portal tests/laws tests/guide tests/api/test_guessing.py tests/walk/test_flat_queries.py)
on_postgres="rows and not lab and not browser and not long"

# Files stay together: what the tests of one file build once is then built once.
# What has nothing to do with the database is not tried on both.
for check in "$@"; do
  case $check in
    lint)
      step "format (ruff)" ruff format --check --output-format concise .
      step "rules (ruff)" ruff check --output-format concise .
      step "storeys (import-linter)" lint-imports --no-logo
      step "templates (djlint)" djlint --quiet --lint furka
      step "types (mypy)" mypy
      ;;
    quick) step "tests on SQLite" tests -n 2 --dist loadfile -m "not lab and not browser and not long" ;;
    postgres) step "tests on PostgreSQL" tests_on_postgres -n 2 --dist loadfile -m "$on_postgres" "${asked_by_others[@]/#/--ignore=}" ;;
    slow)
      # Apart: the driver of the browser and the library for links each want the one event loop of a process.
      step "tests with a browser" tests -n 2 --dist loadfile -m "browser and not lab and not long"
      step "tests with real packets" tests -n 2 --dist loadfile -m "lab and not browser and not long"
      step "the whole thread on SQLite" tests -m "lab and browser and not long"
      step "the whole thread on PostgreSQL" tests_on_postgres -m "not long" tests/thread/test_thread.py tests/thread/test_killed.py
      ;;
    long)
      seed=$RANDOM
      step "long tests" tests -n 2 -m long
      step "what else there is on PostgreSQL" tests_on_postgres -n 2 --dist loadfile -m "$on_postgres" "${asked_by_others[@]}"
      export HYPOTHESIS_PROFILE=long FURKA_TEST_LAWS_AT_LEAST=100000
      step "laws, at least 100'000 random cases about access" tests -n 2 -m "not long" tests/laws
      ;;
    *) echo "unknown check: $check" >&2; exit 2 ;;
  esac
done

printf '\n'
printf '%s\n' "${results[@]}"
[ ${#unsteady[@]} = 0 ] || printf 'failed at first, passed when tried again: %s\n' "${unsteady[@]}"
exit $failed
