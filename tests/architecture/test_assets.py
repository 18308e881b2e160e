"""The files fetched for the pages: the style sheet keeps what pages use, the sprite has the icons they show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assets import vendor
from assets.slim import CLASS, Names, slim

NAMED_ICON = re.compile(r"""(?:<c-icon [^>]*name=|\sicon=|\{% icon )["']([a-z0-9-]+)["']""")

SHEET = """@charset "UTF-8";/*! kept { } */:root{--a:url("data:,{;}")}a:hover,.used::before{content:"}"}\
.never,.used .never{color:red}.never,.used{color:blue}@media (min-width:1px){.never{top:0}}\
@media print{.w-1\\/2{width:50%}.never{top:0}}.used:not(.never){left:0}.badge-red{right:0}\
@keyframes spin{to{rotate:1turn}}"""


def test_style_sheet_keeps_what_pages_can_use() -> None:
    names = Names(whole=frozenset({"used", "w-1/2"}), beginnings=("badge-",))
    assert slim(SHEET, names) == (
        """@charset "UTF-8";/*! kept { } */:root{--a:url("data:,{;}")}a:hover,.used::before{content:"}"}"""
        """.used{color:blue}@media print{.w-1\\/2{width:50%}}.used:not(.never){left:0}.badge-red{right:0}"""
        """@keyframes spin{to{rotate:1turn}}"""
    )


def test_style_sheet_of_which_everything_is_used_stays_as_it_is() -> None:
    assert (
        slim(SHEET, Names(whole=frozenset({"used", "never", "w-1/2", "badge-red"}), beginnings=())) == SHEET
    )


def test_names_are_found_whole_and_as_beginnings() -> None:
    names = Names.found_in(['<b class="card {{ x }} bg-{{ tone }}-lt">', 'f"text-{tone}"'])
    assert ["card" in names, "bg-blue-lt" in names, "text-red" in names, "cards" in names] == [
        True,
        True,
        True,
        False,
    ]


def served(name: str) -> str:
    path = vendor.VENDOR / name
    if not path.is_file():
        pytest.fail(f"{name} has not been fetched; run: make assets")
    return path.read_text(encoding="utf-8")


def test_style_sheet_served_is_made_for_the_pages_of_today() -> None:
    full = (vendor.WORK / "node_modules" / vendor.STYLES).read_text(encoding="utf-8")
    words = Names.found_in(path.read_text(encoding="utf-8") for path in vendor.pages())
    wanted = {name for name in CLASS.findall(slim(full, words)) if name in words}
    assert wanted - set(CLASS.findall(served("tabler.min.css"))) == set(), "run: make assets"


def test_sprite_has_every_icon_that_pages_name() -> None:
    ids = set(re.findall(r'<symbol id="([^"]+)"', served("icons.svg")))
    assert ids == set(vendor.icon_names())
    pages = [path for path in vendor.pages() if path.suffix in {".html", ".js"}]
    named = {
        (name, path.name) for path in pages for name in NAMED_ICON.findall(path.read_text(encoding="utf-8"))
    }
    assert {(name, page) for name, page in named if name not in ids} == set()


def test_licences_name_every_package_that_is_served() -> None:
    text = served("LICENCES.txt")
    places = [*vendor.SERVED.values(), vendor.STYLES, vendor.FONT_CSS, "@tabler/icons/x"]
    packages = {"/".join(Path(place).parts[: 2 if place.startswith("@") else 1]) for place in places}
    assert [package for package in sorted(packages) if f"\n{package} " not in text] == []
