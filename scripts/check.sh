#!/usr/bin/env bash
# Runs the checks named on the command line, all of them even if one fails, and says at the end how each ended.
# Checks: lint quick postgres slow long. Options for pytest come from the environment variable PYTEST_ARGS.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/.venv/bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin" LC_ALL=C.UTF-8
# Never on somebody's database.
unset FURKA_DATABASE_URL
[ -d build/browsers ] && export PLAYWRIGHT_BROWSERS_PATH=$PWD/build/browsers

# What the steps leave for the end: how each ended, and what is to be tried again.
notes=$(mktemp -d)
trap 'rm -rf "$notes"' EXIT
lane=1
count=0
# Not empty while lanes run side by side: then a step is shown when it has ended.
beside=

# On a loaded machine a browser or a link is now and then too late. What failed is tried once more, alone, after
# everything else; it counts as passed then, and the list at the end names it. More than this many failures are no accident.
at_most_again=6

# The order of the tests is the same every time, and so are the random cases of the laws: what went through here goes
# through elsewhere. "long" tries others.
seed=1

title() { printf '\n\033[1m▸ %s\033[0m\n' "$1"; }

# step NAME COMMAND…
step() {
  local name=$1 begin=$SECONDS status=0 note TIMEFORMAT='%U %S'
  count=$((count + 1))
  note=$notes/$lane-$(printf %02d "$count")
  shift
  if [ -n "$beside" ]; then
    { time "$@" >"$note.log" 2>&1; } 2>"$note.processor" || status=$?
    { command -v flock >/dev/null && flock 9; title "$name"; cat "$note.log"; } 9>"$notes/turn"
  else
    title "$name"
    { time "$@" 2>&3; } 3>&2 2>"$note.processor" || status=$?
  fi
  printf '%s\n' "$name" >"$note.name"
  printf '%5d s %5.0f s' $((SECONDS - begin)) "$(tail -n 1 "$note.processor" | awk '{ print $1 + $2 }')" >"$note.took"
  [ $status = 0 ] || : >"$note.failed"
}

# tests NAME OPTIONS…: pytest on the database that "make run" uses. Each step has folders of its own.
tests() { tried "$1" python -m pytest "${@:2}"; }

tests_on_postgres() { tried "$1" python scripts/postgres.py python -m pytest "${@:2}"; }

# tried NAME COMMAND…: if not too much failed, this is remembered, to be tried once more at the end.
tried() {
  local memory=build/tried/$1 status=0 again
  export FURKA_HOME=$PWD/build/homes/$1 # apart from what "make run" keeps
  shift
  rm -rf "$memory"
  # shellcheck disable=SC2086 # several options in one variable
  "$@" -q -o cache_dir="$memory" --randomly-seed="$seed" ${PYTEST_ARGS:-} || status=$?
  [ $status = 1 ] || return $status
  mapfile -t again < <(python -c 'import json, sys; print(*json.load(open(sys.argv[1])), sep="\n")' "$memory/v/cache/lastfailed" 2>/dev/null)
  if [ ${#again[@]} -gt 0 ] && [ ${#again[@]} -le $at_most_again ]; then
    printf '%s\n' "${again[@]}" >"$note.again"
    printf '%s\0' "$FURKA_HOME" "$@" -q -n 0 -o cache_dir="$memory" --last-failed --last-failed-no-failures none >"$note.command"
  fi
  return 1
}

try_once_more() {
  local tests command note
  for tests in "$notes"/*.again; do
    [ -e "$tests" ] || continue
    note=${tests%.again}
    title "once more, alone: $(paste -sd ' ' "$tests")"
    mapfile -d '' -t command <"$note.command"
    FURKA_HOME=${command[0]} "${command[@]:1}" && rm "$note.failed" && cat "$tests" >>"$notes/unsteady"
  done
}

# files_with WORDS: the files of tests in which that is written; of the others a step does not even have to read.
files_with() { grep -rlE --include='test_*.py' "$1" tests | sort; }

# Every question that these put to the database is asked on PostgreSQL by the walk over all addresses and by the tests of
# the rooms; they themselves are tried there by "long".
asked_by_others=(tests/portal tests/laws tests/guide tests/api/test_guessing.py tests/walk/test_flat_queries.py)
on_postgres="rows and not lab and not browser and not long"

# Files stay together: what the tests of one file build once is then built once.
# What has nothing to do with the database is not tried on both.
check() {
  local pages packets
  case $1 in
    lint)
      step "format (ruff)" ruff format --check --output-format concise .
      step "rules (ruff)" ruff check --output-format concise .
      step "storeys (import-linter)" lint-imports --no-logo
      step "templates (djlint)" djlint --quiet --lint furka
      step "types (mypy)" mypy
      ;;
    quick) step "tests on SQLite" tests quick -n 2 --dist loadfile -m "not lab and not browser and not long" ;;
    postgres) step "tests on PostgreSQL" tests_on_postgres postgres -n 2 --dist loadfile -m "$on_postgres" "${asked_by_others[@]/#/--ignore=}" ;;
    browser)
      mapfile -t pages < <(files_with 'mark\.browser')
      step "tests with a browser" tests browser -n 2 --dist loadfile -m "browser and not lab and not long" tests/browser "${pages[@]}"
      ;;
    packets)
      # Apart from the browser: its driver and the library for links each want the one event loop of a process.
      mapfile -t packets < <(files_with 'mark\.lab')
      step "tests with real packets" tests packets -n 2 --dist loadfile -m "lab and not browser and not long" "${packets[@]}"
      step "the whole thread on SQLite" tests thread -m "lab and browser and not long" "${packets[@]}"
      step "the whole thread on PostgreSQL" tests_on_postgres thread-postgres -m "not long" tests/thread/test_thread.py tests/thread/test_killed.py
      ;;
    long)
      seed=$RANDOM
      step "long tests" tests long -n 2 -m long
      step "what else there is on PostgreSQL" tests_on_postgres long-postgres -n 2 --dist loadfile -m "$on_postgres" "${asked_by_others[@]}"
      export HYPOTHESIS_PROFILE=long FURKA_TEST_LAWS_AT_LEAST=100000
      step "laws, at least 100'000 random cases about access" tests long-laws -n 2 -m "not long" tests/laws
      ;;
  esac
}

# What keeps the processor busy, one after the other; what mostly waits, for packets and for programs to start.
busy=()
waiting=()
for each in "$@"; do
  case $each in
    lint | quick | postgres | long) busy+=("$each") ;;
    slow) busy+=(browser) waiting+=(packets) ;;
    *) echo "unknown check: $each" >&2; exit 2 ;;
  esac
done

if [ ${#waiting[@]} = 0 ]; then
  for each in "${busy[@]}"; do check "$each"; done
else
  beside=yes
  set -m # so that Ctrl-C reaches the lane that is not in front
  { lane=2; for each in "${waiting[@]}"; do check "$each"; done; } </dev/null &
  other=$!
  { for each in "${busy[@]}"; do check "$each"; done; } </dev/null &
  this=$!
  set +m
  trap 'kill -INT -- "-$other" "-$this" 2>/dev/null; wait; exit 130' INT TERM
  wait
  trap - INT TERM
fi
try_once_more

printf '\n%-8s %7s %7s\n' "" clock processor
failed=0
for name in "$notes"/*.name; do
  note=${name%.name}
  how=passed
  [ -e "$note.failed" ] && how=FAILED failed=1
  printf '%-8s %s  %s\n' "$how" "$(cat "$note.took")" "$(cat "$name")"
done
[ -e "$notes/unsteady" ] && sed 's/^/failed at first, passed when tried again: /' "$notes/unsteady"
exit $failed
