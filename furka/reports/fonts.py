"""The house's typeface on paper, from the files that the pages use too."""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from fpdf import FPDF

#: The name under which the typeface is known on paper.
FAMILY = "Inter"

#: What stands in the files for Latin letters, and in those for the rarer ones.
_FILES = {FAMILY: "inter-latin.woff2", "InterMore": "inter-latin-ext.woff2"}
_WEIGHTS = {"": 400, "B": 650}


def add_typeface(paper: FPDF, folder: Path) -> None:
    """Make the typeface known to a paper; `folder` holds the font files that the portal serves."""
    for family, name in _FILES.items():
        for style, weight in _WEIGHTS.items():
            paper.add_font(family, style, _cut(folder / name, weight))
    paper.set_fallback_fonts([family for family in _FILES if family != FAMILY], exact_match=False)
    paper.set_font(FAMILY, size=9)


@cache
def _cut(file: Path, weight: int) -> Path:
    """The typeface in one weight, as a file; made once in a process, since it takes a while."""
    font = TTFont(file)
    for table in ("GPOS", "GSUB", "GDEF"):  # for shaping, which paper does without
        if table in font:
            del font[table]
    instantiateVariableFont(font, {"wght": weight}, inplace=True)
    font.flavor = None
    cut = _folder() / f"{file.stem}-{weight}.ttf"
    font.save(cut)
    return cut


@cache
def _folder() -> Path:
    folder = Path(mkdtemp(prefix="furka-fonts-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    return folder
