"""Builds the Debian packages, from this checkout and the packages that were installed here by hash; needs dpkg-deb.

    python scripts/deb.py dist            both, into dist/
    python scripts/deb.py dist gateway    one; with --fast hardly compressed
    python scripts/deb.py dist gateway --architecture arm64    for another kind of machine: its packages are fetched

`furka-gateway` is for a box at a plant: the program with what it needs and nothing more, in /opt/furka, and its unit,
which is enabled. `furka-server` has everything: portal, worker, hub, relay, browse; their units are enabled by whoever
sets the machine up. A machine has one of the two. Python is the system's; the package depends on the very version.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OPT = "opt/furka"

#: Notes of the installer about itself.
_OF_PIP = ("RECORD", "INSTALLER", "REQUESTED")

#: Of the checkout, what is no part of the program.
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.po", "*.pyc")


@dataclass(frozen=True)
class Package:
    """One package: which lock file it takes, what it is for, which units it brings."""

    name: str
    lock: str
    folder: str
    title: str
    units: tuple[str, ...]
    enabled: bool
    needs: tuple[str, ...]
    settings: tuple[str, ...]
    users: tuple[str, ...]


PACKAGES = {
    "gateway": Package(
        "furka-gateway",
        "base",
        "gateway",
        "keeps the tunnel of a plant",
        ("furka-gateway",),
        True,
        ("iproute2", "nftables", "wireguard-tools"),
        ("gateway.env",),
        ("furka-gateway",),
    ),
    "server": Package(
        "furka-server",
        "portal",
        "server",
        "portal and hubs for remote access to plants",
        ("furka-portal", "furka-worker", "furka-hub", "furka-relay", "furka-browse"),
        False,
        ("iproute2", "nftables", "wireguard-tools"),
        ("portal.env", "hub.env", "relay.env", "browse.env"),
        ("furka-portal", "furka-hub", "furka-relay", "furka-browse"),
    ),
}


def version() -> str:
    """The version of the project, as Debian compares it."""
    found = re.search(r'^version = "([^"]+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    assert found is not None
    return found[1]


#: What wheels for these machines are called; the oldest C library that they may need is older than Debian 12's.
PLATFORMS = {
    "amd64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "arm64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
}


def build(package: Package, into: Path, *, fast: bool = False, architecture: str = "") -> Path:
    """Build one package, for this machine's architecture unless another is named; returns its file."""
    own = _said("dpkg", "--print-architecture")
    architecture = architecture or own
    tree = ROOT / "build" / "deb" / f"{package.name}-{architecture}"
    shutil.rmtree(tree, ignore_errors=True)
    _environment(tree, package.lock, "" if architecture == own else architecture)
    _files(tree, package)
    _control(tree, package, architecture)
    into.mkdir(parents=True, exist_ok=True)
    made = into / f"{package.name}_{version()}_{architecture}.deb"
    packed = ["-Zgzip", "-z1"] if fast else ["-Zxz"]
    subprocess.run(["dpkg-deb", "--root-owner-group", *packed, "--build", tree, made], check=True, stdout=2)
    return made


def _environment(tree: Path, lock: str, foreign: str) -> None:
    """A Python environment that lies where it will lie, with the packages of a lock file and the program."""
    bin_ = tree / OPT / "bin"
    bin_.mkdir(parents=True)
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (bin_ / "python").symlink_to(f"/usr/bin/{python}")
    (tree / OPT / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    site = tree / OPT / "lib" / python / "site-packages"
    site.mkdir(parents=True)
    locked = ROOT / "requirements" / f"{lock}.txt"
    if foreign:
        _fetch(locked, foreign, site)
    else:
        for name, wanted in _locked(locked):
            _copy(name, wanted, site, bin_)
    shutil.copytree(ROOT / "furka", site / "furka", ignore=_LEFT_OUT)
    _script(
        bin_ / "furka", '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/python" -I -m furka.cli "$@"\n'
    )
    (tree / "usr" / "bin").mkdir(parents=True)
    (tree / "usr" / "bin" / "furka").symlink_to(f"/{OPT}/bin/furka")


def _fetch(lock: Path, architecture: str, site: Path) -> None:
    """The same packages as they are made for another machine, from the registry, by the hashes of the lock file."""
    version_ = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = ["--python-version", version_, "--implementation", "cp", "--only-binary", ":all:", "--no-compile"]
    for platform in PLATFORMS[architecture]:
        asked += ["--platform", platform]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, *asked, "--target", site, "--requirement", lock], check=True, stdout=2)
    shutil.rmtree(site / "bin", ignore_errors=True)
    for file in [*site.glob("*.dist-info/*")]:
        if file.name in _OF_PIP:
            file.unlink()


def _locked(lock: Path) -> list[tuple[str, str]]:
    """Names and versions of a lock file that are for this machine."""
    found = []
    for line in lock.read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+?))?\s*\\?$", line):
            name, wanted, marker = match.groups()
            if marker is None or _is_true(marker):
                found.append((name, wanted))
    return found


def _is_true(marker: str) -> bool:
    """Whether a marker (PEP 508) of a lock file holds here; these are simple."""
    packaging = __import__("pip._vendor.packaging.markers", fromlist=["Marker"])
    return bool(packaging.Marker(marker).evaluate())


def _copy(name: str, wanted: str, site: Path, bin_: Path) -> None:
    installed = metadata.distribution(name)
    if installed.version != wanted:
        sys.exit(
            f"{name} is installed as {installed.version}, the lock file says {wanted}: run make setup-run"
        )
    purelib = Path(sysconfig.get_path("purelib")).resolve()
    for file in installed.files or ():
        place = Path(str(file.locate()))
        if "__pycache__" in place.parts or file.name in _OF_PIP:
            continue
        if place.resolve().is_relative_to(purelib):
            to = site / place.resolve().relative_to(purelib)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place, to)
        elif place.parent.name == "bin" and place.is_file():
            first, _, rest = place.read_bytes().partition(b"\n")
            if first.startswith(b"#!") and b"python" in first:
                (bin_ / place.name).write_bytes(f"#!/{OPT}/bin/python\n".encode() + rest)
                (bin_ / place.name).chmod(0o755)


def _files(tree: Path, package: Package) -> None:
    given = ROOT / "deploy" / package.folder
    for unit in package.units:
        _put(given / f"{unit}.service", tree / "usr/lib/systemd/system" / f"{unit}.service")
    for name in package.settings:
        _put(given / name, tree / "etc/furka" / name)
    for kind, folder in (
        ("sysusers", "sysusers.d"),
        ("tmpfiles", "tmpfiles.d"),
        ("modules", "modules-load.d"),
    ):
        _put(given / f"{kind}.conf", tree / "usr/lib" / folder / f"{package.name}.conf")
    for script in given.glob("furka-operate"):
        _put(script, tree / "usr/sbin" / script.name)
        (tree / "usr/sbin" / script.name).chmod(0o755)
    doc = tree / "usr/share/doc" / package.name
    _put(ROOT / "LICENSE", doc / "copyright")
    _put(ROOT / "docs" / "install.md", doc / "install.md")


def _control(tree: Path, package: Package, architecture: str) -> None:
    debian = tree / "DEBIAN"
    debian.mkdir()
    major, minor = sys.version_info[:2]
    depends = [f"python3 (>= {major}.{minor}~)", f"python3 (<< {major}.{minor + 1}~)", *package.needs]
    other = next(each.name for each in PACKAGES.values() if each.name != package.name)
    size = sum(file.stat().st_size for file in tree.rglob("*") if file.is_file() and not file.is_symlink())
    (debian / "control").write_text(
        f"Package: {package.name}\n"
        f"Version: {version()}\n"
        f"Architecture: {architecture}\n"
        "Maintainer: Furka <furka@localhost>\n"
        f"Installed-Size: {size // 1024}\n"
        f"Depends: {', '.join(depends)}\n"
        "Recommends: kmod\n"
        "Suggests: wireguard-go\n"
        f"Conflicts: {other}\n"
        "Section: net\n"
        "Priority: optional\n"
        f"Description: Furka, {package.title}\n"
        " Remote access to plants and buildings: who may reach which site, when, and who did.\n"
    )
    (debian / "conffiles").write_text("".join(f"/etc/furka/{name}\n" for name in package.settings))
    units = " ".join(f"{unit}.service" for unit in package.units)
    begin = f"    systemctl enable --now {units}\n" if package.enabled else ""
    _script(
        debian / "postinst",
        "#!/bin/sh\nset -e\n"
        'if [ "$1" = configure ]; then\n'
        f"  /{OPT}/bin/python -m compileall -q /{OPT}/lib || true\n"
        f"  systemd-sysusers {package.name}.conf\n"
        f"  systemd-tmpfiles --create {package.name}.conf || true\n"
        "  if [ -d /run/systemd/system ]; then\n"
        "    systemctl daemon-reload\n"
        f"{begin}"
        f"    systemctl try-restart {units}\n"
        "  fi\nfi\n",
    )
    _script(
        debian / "prerm",
        "#!/bin/sh\nset -e\n"
        'if [ "$1" = remove ] && [ -d /run/systemd/system ]; then\n'
        f"  systemctl disable --now {units}\n"
        "fi\n"
        f"find /{OPT}/lib -name __pycache__ -type d -prune -exec rm -rf {{}} +\n",
    )
    # What a portal keeps is not thrown away with a package.
    homes = " ".join(
        f"/var/lib/furka/{user.removeprefix('furka-')}" for user in package.users if user != "furka-portal"
    )
    _script(
        debian / "postrm",
        "#!/bin/sh\nset -e\n"
        f'if [ "$1" = purge ]; then\n  rm -rf {homes}\n  rmdir --ignore-fail-on-non-empty /var/lib/furka || true\nfi\n'
        "if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi\n",
    )


def _put(place: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(place, to)
    to.chmod(0o644)


def _script(place: Path, text: str) -> None:
    place.write_text(text)
    place.chmod(0o755)


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Build what is asked for."""
    parser = argparse.ArgumentParser(description="Builds the Debian packages.")
    parser.add_argument("into", type=Path)
    parser.add_argument("which", nargs="*", choices=[*PACKAGES, []])
    parser.add_argument("--fast", action="store_true", help="hardly compress")
    parser.add_argument("--architecture", choices=list(PLATFORMS), default="", help="default: this machine's")
    asked = parser.parse_args()
    for which in asked.which or PACKAGES:
        print(build(PACKAGES[which], asked.into, fast=asked.fast, architecture=asked.architecture))


if __name__ == "__main__":
    main()
