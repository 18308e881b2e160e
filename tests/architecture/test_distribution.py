"""What is installed where: hubs and gateways get by without the portal's packages, the wheel carries all files."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Runs the command as if only the packages named first (separated by commas) were installed.
ALONE = """
import sys
from importlib.metadata import packages_distributions

allowed = set(sys.argv[1].split(","))
names = {module: {owner.lower().replace("_", "-") for owner in owners}
         for module, owners in packages_distributions().items()}

class Missing:
    def find_spec(self, module, path=None, target=None):
        owners = names.get(module.partition(".")[0])
        if owners and not owners & allowed:
            raise ModuleNotFoundError(f"No module named {module!r}")

sys.meta_path.insert(0, Missing())
sys.argv = ["furka", *sys.argv[2:]]
from furka.cli import main
main()
"""


def packages_of(lock: str) -> set[str]:
    """Names of the packages in a lock file."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9.-]+)==", text, flags=re.MULTILINE))


@pytest.mark.parametrize("program", ["hub", "gateway"])
def test_program_starts_with_the_base_packages_alone(program: str) -> None:
    allowed = ",".join({"furka", *packages_of("base")})
    command = [sys.executable, "-c", ALONE, allowed, program, "--help"]
    started = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (started.returncode, started.stderr) == (0, "")
    assert started.stdout.startswith(f"Usage: furka {program}")


def test_base_packages_hold_no_django() -> None:
    assert {"django", "psycopg", "granian"} & packages_of("base") == set()


def test_smaller_sets_are_part_of_the_larger_ones() -> None:
    def pins(lock: str) -> set[str]:
        text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
        return set(re.findall(r"^([a-z0-9.-]+==[^ ]+)", text, flags=re.MULTILINE))

    assert pins("base") - pins("portal") == set()
    assert pins("portal") | pins("build") <= pins("test")


def test_wheel_carries_every_file_of_the_package(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    sources = tmp_path / "sources"
    listing = [
        "git",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "furka",
        "pyproject.toml",
        "LICENSE",
    ]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in names:
        if name and (ROOT / name).is_file():
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            (sources / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(sources)], check=True)
    (wheel,) = tmp_path.glob("furka-*.whl")
    carried = set(zipfile.ZipFile(wheel).namelist())
    wanted = {name for name in names if name.startswith("furka/") and (ROOT / name).is_file()}
    assert wanted - carried == set()
