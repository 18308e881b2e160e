#!/bin/sh
# Writes the lock files anew: every package with its version and the hashes of all files of that release, for all
# machines at once (Python 3.11 and newer, x86_64 and aarch64). They name no index: pip takes the machine's own.
# With --upgrade the newest versions are taken; without it only what pyproject.toml demands changes.
set -eu
cd "$(dirname "$0")/.."

compile() {
  name=$1
  shift
  echo "requirements/$name.txt"
  .venv/bin/python -m uv pip compile "$@" --quiet \
    --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --output-file "requirements/$name.txt"
}

.venv/bin/python -m uv --version >/dev/null 2>&1 || .venv/bin/python -m pip install --quiet uv

# The largest set first: what it has, the smaller ones have in the same version.
compile test pyproject.toml --extra portal --extra browse --group test "$@"
same="--constraints requirements/test.txt"
compile base pyproject.toml $same
compile portal pyproject.toml --extra portal --extra browse $same
compile build --group build $same
compile node --group node "$@"
