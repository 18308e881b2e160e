#!/usr/bin/env bash
# Prepares a checkout: "setup.sh run" for using it, "setup.sh test" for working on it. Says what it does,
# does nothing twice, and needs no answers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
purpose=${1:-run}
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1
exec </dev/null

say() { printf '\033[1m▸\033[0m %s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 1; }

# Two calls at once (two terminals, two test runs) take turns.
mkdir -p build
if command -v flock >/dev/null; then
  exec 9>build/setup.lock
  flock 9
fi

# ---- packages of the operating system ------------------------------------------------------------------

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
  command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

# Without descriptor 9: a service that a package starts would keep the turn for ever.
apt() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >>build/setup.log 2>&1 9>&-
}

# All at once; where the distribution lacks one of them, as many as there are.
install_system_packages() {
  may_install || return 1
  apt install -y --no-install-recommends "$@" && return
  apt update || true
  apt install -y --no-install-recommends "$@" && return
  local package failed=0
  for package in "$@"; do
    apt install -y --no-install-recommends "$package" || failed=1
  done
  return $failed
}

chromium_is_here() {
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || ls build/browsers/chromium-*/ >/dev/null 2>&1
}

missing_packages() {
  command -v nft >/dev/null || echo nftables
  command -v wg >/dev/null || echo wireguard-tools
  command -v wireguard-go >/dev/null || echo wireguard-go
  command -v ip >/dev/null || echo iproute2
  command -v ping >/dev/null || echo iputils-ping
  command -v curl >/dev/null || echo curl
  command -v unshare >/dev/null || echo util-linux
  if [ "$purpose" = test ]; then
    chromium_is_here || echo chromium
    [ -n "$(find /usr/share/fonts -name 'DejaVuSans.ttf' -print -quit 2>/dev/null)" ] || echo fonts-dejavu-core
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || echo postgresql
    command -v git >/dev/null || echo git
  fi
}

system_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} = 0 ] && return
  say "Installing from the operating system: ${missing[*]}"
  install_system_packages "${missing[@]}" || true
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} = 0 ] && return
  if [ "$purpose" = run ]; then
    say "Not here and not installable without root: ${missing[*]}. The portal runs; real tunnels in the lab need them."
  else
    say "Not here and not installable without root: ${missing[*]} (details: build/setup.log). Some tests will fail."
  fi
}

# ---- Python --------------------------------------------------------------------------------------------

is_new_enough() {
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null
}

# The system's own Python if it will do, since its packages fit it; else the newest there is.
find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  stop "Furka needs Python 3.11 or newer, and there is none on this machine. Debian 12 and Ubuntu 24.04 have it: apt install python3 python3-venv"
}

make_environment() {
  if [ -x .venv/bin/python ] && is_new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; then
    return
  fi
  local python
  python=$(find_python)
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    say "Installing python3-venv"
    install_system_packages python3-venv || true
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
      stop "Python's venv is missing and can't be installed without root. Please run: sudo apt install python3-venv"
  fi
  say "Making the Python environment .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv
}

stamp_of() {
  { .venv/bin/python --version; cat "$@"; } | sha256sum | cut -d ' ' -f 1
}

is_stamped() { [ "$(cat ".venv/$1.stamp" 2>/dev/null)" = "$2" ]; }

install_python_packages() {
  local run_stamp test_stamp project_stamp
  run_stamp=$(stamp_of requirements/portal.txt requirements/build.txt)
  test_stamp=$(stamp_of requirements/test.txt)
  if [ "$purpose" = test ]; then
    if ! is_stamped test "$test_stamp"; then
      say "Installing the Python packages for the portal and for the tests (requirements/test.txt, checked by hash)"
      pip_install -r requirements/test.txt
      echo "$test_stamp" >.venv/test.stamp
      echo "$run_stamp" >.venv/run.stamp
    fi
  elif ! is_stamped run "$run_stamp"; then
    say "Installing the Python packages for the portal (requirements/portal.txt, checked by hash)"
    pip_install -r requirements/portal.txt -r requirements/build.txt
    echo "$run_stamp" >.venv/run.stamp
  fi
  project_stamp=$(stamp_of pyproject.toml)
  if ! is_stamped project "$project_stamp"; then
    .venv/bin/python -m pip install -qq --no-deps --no-build-isolation --no-index -e .
    echo "$project_stamp" >.venv/project.stamp
  fi
}

pip_install() {
  .venv/bin/python -m pip install -qq --no-input --require-hashes --no-deps --only-binary :all: "$@" ||
    stop "The Python packages could not be installed. Is there a network?"
}

# ---- what is made from the sources ---------------------------------------------------------------------

compile_translations() {
  local catalogue
  for catalogue in furka/locale/*/LC_MESSAGES/*.po; do
    [ -e "$catalogue" ] || continue
    [ "${catalogue%.po}.mo" -nt "$catalogue" ] && continue
    .venv/bin/pybabel --quiet compile --input-file "$catalogue" --output-file "${catalogue%.po}.mo"
  done
}

# Distributions that have no chromium package (Ubuntu has it only as a snap) get the one playwright brings.
browser() {
  chromium_is_here && return
  say "Fetching a Chromium for the browser tests"
  PLAYWRIGHT_BROWSERS_PATH=build/browsers .venv/bin/python -m playwright install --only-shell chromium >>build/setup.log 2>&1 ||
    say "There is no Chromium here; the browser tests will fail."
}

case $purpose in run | test) ;; *) stop "usage: setup.sh run|test" ;; esac
system_packages
make_environment
install_python_packages
.venv/bin/python -m assets.vendor
compile_translations
if [ "$purpose" = test ]; then browser; fi
