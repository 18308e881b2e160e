"""Collect the texts to translate from code and templates into the catalogues, without GNU gettext.

Message ids are English. What is new in a catalogue comes without a translation, what is no longer used goes.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "furka"
CATALOGUES = [PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po" for language in ("de", "fr", "it")]

# Lines of the header that say nothing, or something else every time.
CHANGING = (
    '"Project-Id-Version:',
    '"Report-Msgid-Bugs-To:',
    '"POT-Creation-Date:',
    '"PO-Revision-Date:',
    '"Last-Translator:',
    '"Language-Team:',
    '"Generated-By:',
)

KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "_lazy": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def main() -> int:
    """Bring every catalogue up to date; returns the exit code."""
    used = collect(sources())
    for path in CATALOGUES:
        catalogue = read(path)
        added, gone = refresh(catalogue, used)
        write(catalogue, path)
        open_texts = [message.id for message in catalogue if message.id and not is_translated(message)]
        print(f"{path.relative_to(ROOT)}: {added} new, {gone} gone, {len(open_texts)} without translation")
    return 0


def sources() -> Iterator[Path]:
    """All files that can hold texts for the screen."""
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in {".py", ".html", ".txt"} and not {"static", "migrations"} & set(path.parts):
            yield path


def collect(paths: Iterable[Path]) -> Catalog:
    """The texts marked for translation in these files, as a catalogue without translations."""
    if not settings.configured:
        settings.configure()
        django.setup()
    found = Catalog(charset="utf-8")
    for path in paths:
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            text = as_python(text, path)
        lines = io.BytesIO(text.encode())
        for _, message, comments, context in extract(
            "python", lines, KEYWORDS, ["Translators:"], strip_comment_tags=True
        ):
            found.add(message, auto_comments=comments, context=context)
    return found


def as_python(template: str, path: Path) -> str:
    """A template turned into text that Python's tokenizer takes: only the marked texts are left of it."""
    text = templatize(template, origin=str(path))
    return "\n".join(line.strip() for line in text.splitlines())


def read(path: Path) -> Catalog:
    """The catalogue in this file; an empty one if there is none yet."""
    language = path.parent.parent.name
    if not path.is_file():
        return Catalog(locale=language, domain="django", project="Furka", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django", charset="utf-8")


def write(catalogue: Catalog, path: Path) -> None:
    """Write the catalogue so that the same texts give the same file: sorted, without dates and places."""
    catalogue.header_comment = (
        "# Texts of the portal. Message ids are English; collected by scripts/messages.py."
    )
    catalogue.fuzzy = False
    language = path.parent.parent.name
    for message in catalogue:
        if message.id and isinstance(message.string, tuple | list):
            message.string = tuple(typeset(form, language) for form in message.string)
        elif message.id and isinstance(message.string, str):
            message.string = typeset(message.string, language)
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=110, sort_output=True, no_location=True)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line for line in lines if not line.startswith(CHANGING)), encoding="utf-8")


def typeset(text: str, language: str) -> str:
    """The text with the apostrophes, and in French the no-break spaces, that people write but seldom type."""
    if language in {"fr", "it"}:
        text = re.sub(r"(?<=[^\W\d])'(?=\w|%|«|<)", "’", text)
    if language == "fr":
        text = re.sub(r"(?<=[\w»)]) ?(?=[:;!?](?:\s|$|[)<*]))", "\u00a0", text)
        text = re.sub(r"« ?(?!\u00a0)", "«\u00a0", text)
        text = re.sub(r"(?<!\u00a0) ?»", "\u00a0»", text)
    return text


def refresh(catalogue: Catalog, used: Catalog) -> tuple[int, int]:
    """Make the catalogue hold exactly the used texts; returns how many came and how many went."""
    before = keys(catalogue)
    catalogue.update(used, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    after = keys(catalogue)
    return len(after - before), len(before - after)


def keys(catalogue: Catalog) -> set[tuple[object, str | None]]:
    """What identifies each text: id and context."""
    return {(message.id, message.context) for message in catalogue if message.id}


def is_translated(message: Message) -> bool:
    """Whether every form of the text has a translation that is in use."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(forms) and not message.fuzzy


if __name__ == "__main__":
    sys.exit(main())
