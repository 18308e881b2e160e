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

tests() {
  # shellcheck disable=SC2086 # several options in one variable
  python -m pytest -q "$@" ${PYTEST_ARGS:-}
}

tests_on_postgres() {
  # shellcheck disable=SC2086
  python scripts/postgres.py python -m pytest -q "$@" ${PYTEST_ARGS:-}
}

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
    postgres) step "tests on PostgreSQL" tests_on_postgres -n 2 --dist loadfile -m "rows and not lab and not browser and not long" ;;
    slow)
      # Apart: the driver of the browser and the library for links each want the one event loop of a process.
      step "tests with a browser" tests -n 2 --dist loadfile -m "browser and not lab and not long"
      step "tests with real packets" tests -n 2 --dist loadfile -m "lab and not browser and not long"
      step "the whole thread on SQLite" tests -m "lab and browser and not long"
      step "the whole thread on PostgreSQL" tests_on_postgres -m "not long" tests/thread/test_thread.py tests/thread/test_killed.py
      ;;
    long)
      step "long tests" tests -m long
      export HYPOTHESIS_PROFILE=long FURKA_TEST_LAWS_AT_LEAST=100000
      step "laws, at least 100'000 random cases about access" tests -n 2 -m "not long" tests/laws
      ;;
    *) echo "unknown check: $check" >&2; exit 2 ;;
  esac
done

printf '\n'
printf '%s\n' "${results[@]}"
exit $failed
