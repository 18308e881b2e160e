"""The portal packs its static files at its first start, and again only when they are others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from furka.cli import static_files


@pytest.fixture
def sources(settings: Settings, tmp_path: Path) -> Path:
    """A folder of static files, collected into the one beside it."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "page.css").write_text("a {}")
    settings.STATICFILES_DIRS = [folder]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = str(tmp_path / "static")
    return folder


@pytest.fixture
def collected(sources: Path, tmp_path: Path) -> Path:
    static_files.collect()
    return tmp_path / "static" / "page.css"


def test_what_was_collected_is_left_alone(collected: Path) -> None:
    collected.write_text("marked")

    static_files.collect()

    assert collected.read_text() == "marked"


def test_another_text_is_collected(sources: Path, collected: Path) -> None:
    page = sources / "page.css"
    page.write_text("b {}")
    os.utime(page, (later := page.stat().st_mtime + 5, later))

    static_files.collect()

    assert collected.read_text() == "b {}"


def test_another_file_is_collected(sources: Path, collected: Path) -> None:
    (sources / "more.css").write_text("c {}")

    static_files.collect()

    assert collected.with_name("more.css").read_text() == "c {}"


def test_a_folder_that_was_emptied_is_filled_again(collected: Path) -> None:
    collected.unlink()
    collected.parent.rmdir()

    static_files.collect()

    assert collected.read_text() == "a {}"
