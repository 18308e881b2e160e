"""What can be read off the files of the house: directions of imports, names, words, languages."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "furka"

TEXT = {
    ".py",
    ".html",
    ".txt",
    ".po",
    ".md",
    ".toml",
    ".json",
    ".sh",
    ".css",
    ".js",
    ".yml",
    ".yaml",
    ".cfg",
    ".in",
    "",
}


def tracked_files() -> list[Path]:
    """What git keeps; in a plain copy without git, everything that is not made there."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listing = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True,
            text=True,
            check=True,
        )
        candidates = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        made = {".venv", "build", "dist", "var", "vendor", "__pycache__", "node_modules"}
        candidates = [path for path in ROOT.rglob("*") if not made & set(path.relative_to(ROOT).parts)]
    return [path for path in candidates if path.is_file() and path.suffix in TEXT]


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """``path:line`` of each line that matches."""
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def rooms() -> list[Path]:
    """The packages directly below ``furka``."""
    return sorted(path for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py")))


def test_imports_run_one_way() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run([program, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.name)
def test_room_says_what_it_is_for(room: Path) -> None:
    opening = room / "__init__.py"
    assert opening.is_file()
    assert ast.get_docstring(ast.parse(opening.read_text(encoding="utf-8")))


def test_modules_begin_with_a_sentence() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if path.suffix == ".py"
        and "migrations" not in path.parts
        and path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_modules_are_named_after_what_they_are_about() -> None:
    empty_words = {
        "utils",
        "util",
        "common",
        "helpers",
        "helper",
        "manager",
        "managers",
        "handler",
        "handlers",
        "misc",
    }
    named = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if path.suffix == ".py" and path.stem in empty_words
    ]
    folders = [room.name for room in PACKAGE.rglob("*") if room.is_dir() and room.name in empty_words]
    assert (named, folders) == ([], [])


def test_files_name_no_package_index() -> None:
    """Where packages come from is the business of the machine that installs them."""
    hosts = [
        "registry." + "npmjs",
        "pypi" + r"\.org",
        "python" + "hosted",
        "--index" + "-url",
        "--find" + "-links",
    ]
    paths = [path for path in tracked_files() if path.name not in {"README.md", "test_house.py"}]
    assert lines_with(re.compile("|".join(hosts)), paths) == []


def test_locks_pin_by_hash_and_name_no_place() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
        packages = [line for line in text.splitlines() if line.strip()]
        assert [
            line for line in packages if not re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:", line)
        ] == [], lock.name
        assert [line for line in packages if "/" in line] == [], lock.name
    assert '"resolved"' not in (ROOT / "assets" / "package-lock.json").read_text(encoding="utf-8")


def test_files_name_no_folder_of_a_workplace() -> None:
    home = re.compile("/(home|root|work|Users|opt/[a-z]+i)" + "/")
    assert lines_with(home, [path for path in tracked_files() if path.name != "test_house.py"]) == []


def test_texts_use_swiss_spelling() -> None:
    spoken = [path for path in tracked_files() if path.suffix in {".po", ".html"} or "locale" in path.parts]
    assert lines_with(re.compile("ß"), spoken) == []


def test_pages_carry_no_script_and_no_style_of_their_own() -> None:
    """The content security policy would refuse it anyway, silently."""
    pages = [path for path in tracked_files() if path.suffix == ".html"]
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|<style\b|\sstyle=|\son[a-z]+=\"|hx-on|javascript:"
    )
    assert lines_with(inline, pages) == []


def test_nothing_made_is_committed() -> None:
    made = {".mo", ".pyc", ".woff2", ".sqlite3", ".db"}
    if not (shutil.which("git") and (ROOT / ".git").exists()):
        pytest.skip("a plain copy has no list of what is committed")
    kept = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True
    ).stdout
    names = [name for name in kept.splitlines() if Path(name).suffix in made or "/vendor/" in name]
    assert names == []
