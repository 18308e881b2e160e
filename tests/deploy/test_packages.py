"""The Debian packages: what is in them runs from where it lies, and their units are sound and walled in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import deb

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy").glob("*/*.service"))

#: As `systemd-analyze security` counts: 0 is walled in on all sides, 10 not at all.
MOST_EXPOSED = 2.5


def said(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the gateway."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("packages are built on Debian")
    return deb.build(deb.PACKAGES["gateway"], tmp_path_factory.mktemp("dist"), fast=True)


def test_gateway_runs_from_its_package(gateway: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "-x", gateway, tmp_path], check=True)
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".pyc"]

    if (
        tmp_path / "opt/furka/bin/python"
    ).exists():  # the system's Python is of the version that was built for
        helped = said(tmp_path / "opt/furka/bin/furka", "gateway", "--help")
        assert "Claim a site and keep its tunnel" in helped, helped
    site = next((tmp_path / "opt/furka/lib").glob("python3.*")) / "site-packages"
    packed = {path.name for path in site.iterdir()}
    assert {"furka", "click", "cryptography", "pyroute2"} <= packed
    assert not {"django", "pytest", "aiohttp"} & packed
    assert (tmp_path / "usr/lib/systemd/system/furka-gateway.service").is_file()
    assert (tmp_path / "usr/bin/furka").readlink() == Path("/opt/furka/bin/furka")


def test_package_says_what_it_needs_and_keeps_what_was_set(gateway: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "-e", gateway, tmp_path], check=True)

    control = (tmp_path / "control").read_text()
    major, minor = sys.version_info[:2]
    assert f"python3 (>= {major}.{minor}~), python3 (<< {major}.{minor + 1}~)" in control
    assert "wireguard-tools" in control
    assert (tmp_path / "conffiles").read_text() == "/etc/furka/gateway.env\n"
    for script in ("postinst", "prerm", "postrm"):
        subprocess.run(["sh", "-n", tmp_path / script], check=True)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_unit_is_sound(unit: Path) -> None:
    text = unit.read_text()
    assert "\nUser=furka-" in text
    assert "\nProtectSystem=strict\n" in text
    if unit.stem in ("furka-hub", "furka-gateway"):
        assert "\nKillMode=process\n" in text
        raw = " CAP_NET_RAW" if unit.stem == "furka-gateway" else ""
        assert f"\nCapabilityBoundingSet=CAP_NET_ADMIN{raw}\n" in text
    if shutil.which("systemd-analyze") is None:
        return
    complaints = said("systemd-analyze", "verify", "--man=no", unit).splitlines()
    assert [line for line in complaints if "Command /usr/bin/furka is not executable" not in line] == []
    judged = said("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    found = re.search(r"Overall exposure level for [^:]+: ([0-9.]+)", judged)
    assert found is not None, judged
    assert float(found[1]) <= MOST_EXPOSED


def test_every_setting_of_the_units_is_explained() -> None:
    for unit in UNITS:
        named = set(re.findall(r"\$\{?([A-Z]+)\}?", unit.read_text()))
        for file in re.findall(r"EnvironmentFile=-?/etc/furka/(\S+)", unit.read_text()):
            given = (unit.parent / file).read_text()
            assert {name for name in named if f"{name}=" not in given} == set(), unit.name
