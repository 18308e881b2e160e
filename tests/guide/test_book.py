"""The guide: the same chapters in every language, words of the screen as the screen says them, small pictures."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

import furka
from furka.guide import book as guide
from furka.guide.book import LANGUAGES, Broken, book
from furka.guide.paper import Folders, GuideWords, printed
from scripts import messages
from scripts.pictures.guide import MOST_BYTES, PICTURES
from scripts.pictures.scenes import GUIDE

STATIC = Path(furka.__file__).parent / "portal" / "static"
AT = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_chapters_of_the_same_form(language: str) -> None:
    def form(of: str) -> list[tuple[str, list[tuple[str, int, str]]]]:
        return [
            (chapter.name, [(block.kind, len(block.lines), block.picture) for block in chapter.blocks])
            for chapter in book(of).chapters
        ]

    assert form(language) == form("en")
    assert [part.name for part in book(language).parts] == ["owners", "supporters"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_bold_words_stand_on_the_screen(language: str) -> None:
    catalogue = messages.read(messages.CATALOGUES[0].parents[2] / language / "LC_MESSAGES" / "django.po")
    if language == "en":
        catalogue = messages.read(messages.CATALOGUES[0])
    said = {str(message.id if language == "en" else message.string) for message in catalogue}
    bold = {
        run.text for chapter in book(language).chapters for block in chapter.blocks for run in block.runs
        if run.strong
    }  # fmt: skip
    assert bold - said == set()


@pytest.mark.parametrize("language", ["de", "fr", "it"])
def test_texts_are_written_as_people_here_write(language: str) -> None:
    never = {
        "de": r"ß|\b[Dd](?:u|ein|eine|einen|ir|ich)\b|[„“\"]",
        "fr": r"\b(?:[Tt]u|[Tt]es|[Tt]oi)\b|[„“\"]|\w'\w| [:;!?](?=\s|$)",
        "it": r"\b(?:[Tt]uo|[Tt]ua|[Tt]uoi|[Tt]ue)\b|[„“\"]|\w'\w",
    }[language]
    for path in (guide.TEXTS / language).glob("*.md"):
        assert re.findall(never, path.read_text(encoding="utf-8"), re.MULTILINE) == []


def test_nobody_waits_for_a_guide_in_another_language() -> None:
    assert book("rm") == book("en")


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b>",
        "`code`",
        "[outside](https://example.org/)",
        "[nowhere]()",
        "[script](javascript:alert)",
        "# Title",
        "a ![picture](invite) in a line",
    ],
)
def test_whatever_else_a_text_tries_is_an_error(text: str) -> None:
    with pytest.raises(Broken):
        list(guide._blocks(text, "here"))


def test_link_to_no_chapter_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cover", "owners", "supporters"):
        (tmp_path / "en").mkdir(exist_ok=True)
        body = "" if name == "cover" else f"\n\nLead\n\n## Chapter {{#{name}}}\n\nSee [there](#nowhere).\n"
        (tmp_path / "en" / f"{name}.md").write_text(f"# Title{body}")
    monkeypatch.setattr(guide, "TEXTS", tmp_path)
    with pytest.raises(Broken):
        book.__wrapped__("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_are_there_and_small(language: str) -> None:
    wanted = set(book(language).pictures)
    assert wanted <= {scene.name for scene in GUIDE}
    found = {path.stem: path for path in (PICTURES / language).glob("*.webp")}
    assert set(found) == wanted
    for path in found.values():
        assert path.stat().st_size <= MOST_BYTES
        with Image.open(path) as picture:
            assert picture.width >= 1000


@pytest.mark.parametrize("language", LANGUAGES)
def test_paper_has_every_chapter_and_every_letter(language: str, caplog: pytest.LogCaptureFixture) -> None:
    words = GuideWords("Contents", "Part {number}", "Furka")
    folders = Folders(STATIC / "vendor", STATIC / "furka" / "mark.svg", PICTURES / language)
    with caplog.at_level(logging.WARNING, "fpdf"):
        paper = printed(book(language), words, folders, AT)

    assert paper.startswith(b"%PDF-")
    assert 8 <= len(re.findall(rb"/Type /Page\b", paper)) <= 30
    assert paper.count(b"/Subtype /Link") >= 2 * len(book(language).chapters)
    assert [record.message for record in caplog.records if "missing" in record.message] == []
