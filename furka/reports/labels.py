"""Sheets of labels: A4 with three columns of eight, as they are sold; each with a code to scan and some lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import segno
from fpdf import FPDF

from furka.reports.fonts import FAMILY, add_typeface
from furka.reports.paper import INK, LINE, QUIET

COLUMNS, ROWS = 3, 8
_WIDTH, _HEIGHT = 70.0, 37.0  # mm
_EDGE = 4.0
_QUIET = 3.5  # what the code needs beside it, to be read


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one: the text of the code, a title, and small lines."""

    scanned: str
    title: str
    lines: Sequence[str]


def sheet(fonts: Path, title: str, language: str, at: datetime, labels: Iterable[Label]) -> bytes:
    """The labels as a PDF."""
    pdf = FPDF(format="A4")
    add_typeface(pdf, fonts)
    pdf.set_lang(language)
    pdf.set_title(title)
    pdf.set_creator("Furka")
    pdf.set_creation_date(at)
    pdf.set_margin(0)
    pdf.set_auto_page_break(False)
    top = (pdf.h - ROWS * _HEIGHT) / 2
    for number, label in enumerate(labels):
        place = number % (COLUMNS * ROWS)
        if place == 0:
            pdf.add_page()
        _put(pdf, label, place % COLUMNS * _WIDTH, top + place // COLUMNS * _HEIGHT)
    return bytes(pdf.output())


def _put(pdf: FPDF, label: Label, left: float, top: float) -> None:
    pdf.set_draw_color(*LINE)
    pdf.rect(left, top, _WIDTH, _HEIGHT)
    side = _HEIGHT - 2 * _EDGE
    _draw(pdf, label.scanned, left + _EDGE, top + _EDGE, side)
    text_left, width = left + _EDGE + side + _QUIET, _WIDTH - side - 2 * _EDGE - _QUIET + 1
    pdf.set_xy(text_left, top + _EDGE)
    pdf.set_font(FAMILY, style="B", size=11)
    pdf.set_text_color(*INK)
    pdf.cell(w=width, h=6, text=label.title)
    pdf.set_font(FAMILY, size=7)
    pdf.set_text_color(*QUIET)
    pdf.set_xy(text_left, top + _EDGE + 7)
    text = "\n".join("".join(each for each in line if each.isprintable()) for line in label.lines)
    pdf.multi_cell(w=width, h=3.4, text=text, align="L")


def _draw(pdf: FPDF, text: str, left: float, top: float, side: float) -> None:
    """A QR code; the white of the label is its quiet zone."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    module = side / len(rows)
    pdf.set_fill_color(0)
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                pdf.rect(left + x * module, top + y * module, (end - x) * module, module, style="F")
            x = end + 1
