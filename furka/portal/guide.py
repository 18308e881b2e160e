"""The guide: for everybody, logged in or not, to read here and to take along on paper."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from furka import __version__, clock
from furka.gate.declare import public
from furka.guide import book as texts
from furka.guide.book import Book
from furka.guide.paper import Folders, GuideWords, printed
from furka.portal import words

_STATIC = Path(__file__).parent / "static"
_PICTURES = "furka/guide"

_printing = Lock()


@public("whoever has questions may not have an account yet")
def guide(request: HttpRequest) -> HttpResponse:
    """What there is to read."""
    return render(request, "guide/contents.html", {"book": texts.book(_language())})


@public("whoever has questions may not have an account yet")
def guide_part(request: HttpRequest, part: str) -> HttpResponse:
    """One part of it, chapter for chapter."""
    if part not in texts.PARTS:
        raise Http404
    book = texts.book(_language())
    here = next(each for each in book.parts if each.name == part)
    other = next(each for each in book.parts if each.name != part)
    return render(request, "guide/part.html", {"book": book, "part": here, "other": other})


@public("whoever has questions may not have an account yet")
def guide_paper(request: HttpRequest, language: str) -> HttpResponse:  # noqa: ARG001  # every view gets one
    """The guide as a PDF, in the language that the address names."""
    if language not in texts.LANGUAGES:
        raise Http404
    with _printing:  # it takes a second or two: whoever comes meanwhile waits for the same one
        paper = _paper(language)
    answer = HttpResponse(paper, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="furka-{_file_name(language)}.pdf"'
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def chapter_url(book: Book, chapter: str) -> str:
    """The address of a chapter."""
    return f"{reverse('guide-part', kwargs={'part': book.part_of(chapter).name})}#{chapter}"


def picture_url(book: Book, name: str) -> str:
    """The address of a picture of the guide."""
    return str(staticfiles_storage.url(f"{_PICTURES}/{book.language}/{name}.webp"))


@cache
def _paper(language: str) -> bytes:
    with translation.override(language):
        at = clock.now()
        edition = _("Furka %(version)s, %(day)s") % {"version": __version__, "day": words.day(at)}
        said = GuideWords(_("Contents"), _("Part {number}"), edition)
    folders = Folders(_STATIC / "vendor", _STATIC / "furka" / "mark.svg", _STATIC / _PICTURES / language)
    return printed(texts.book(language), said, folders, at)


def _file_name(language: str) -> str:
    with translation.override(language):
        return str(_("supporter-guide"))


def _language() -> str:
    return get_language() or "en"
