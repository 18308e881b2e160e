"""A report on A4: a head that says what it is, facts, tables, and at the foot of each page its number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, VAlign, XPos, YPos
from fpdf.fonts import FontFace

from furka.reports.fonts import FAMILY, add_typeface

#: Ink and accent of the house, in light.
INK, QUIET, ACCENT, LINE = (28, 35, 40), (95, 106, 115), (11, 94, 88), (205, 211, 216)

_MARGIN = 15.0
#: A table cell holds at most that much: what somebody typed must not fill pages.
MOST_IN_CELL = 1200


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and how wide it is beside the others."""

    title: str
    weight: int = 10


@dataclass(frozen=True, slots=True)
class PaperWords:
    """What a paper says by itself, in the language of the reader; `page` has places for {number} and {count}."""

    language: str
    page: str
    nothing: str


class Paper:
    """A report that is being written, from top to bottom."""

    def __init__(
        self, fonts: Path, words: PaperWords, title: str, *, foot: str, at: datetime, wide: bool = False
    ) -> None:
        self._words = words
        self._pdf = _Numbered(words, foot, wide=wide)
        add_typeface(self._pdf, fonts)
        self._pdf.set_lang(words.language)
        self._pdf.set_title(title)
        self._pdf.set_creator("Furka")
        self._pdf.set_creation_date(at)
        self._pdf.set_margin(_MARGIN)
        self._pdf.set_auto_page_break(True, margin=_MARGIN + 6)
        self._pdf.add_page()
        self._head(title)

    def _head(self, title: str) -> None:
        pdf = self._pdf
        pdf.set_font(FAMILY, style="B", size=10)
        pdf.set_text_color(*ACCENT)
        pdf.cell(text="Furka", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(2)
        pdf.set_font(FAMILY, style="B", size=17)
        pdf.set_text_color(*INK)
        self._text(title, 8)
        pdf.ln(2)

    def heading(self, text: str) -> None:
        """A part begins."""
        self._pdf.ln(3)
        self._pdf.set_font(FAMILY, style="B", size=11)
        self._pdf.set_text_color(*INK)
        self._text(text, 6)
        self._pdf.ln(1)

    def paragraph(self, text: str) -> None:
        """Some sentences."""
        self._pdf.set_font(FAMILY, size=9)
        self._pdf.set_text_color(*INK)
        self._text(text, 4.8)
        self._pdf.ln(1)

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Names and values, one pair a line."""
        pdf = self._pdf
        for name, value in facts:
            pdf.set_font(FAMILY, size=9)
            pdf.set_text_color(*QUIET)
            pdf.cell(w=46, h=5, text=_fitting(name))
            pdf.set_text_color(*INK)
            pdf.multi_cell(w=0, h=5, text=_fitting(value), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        pdf.ln(2)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Rows under headings that come back on every page."""
        pdf = self._pdf
        if not rows:
            self.paragraph(self._words.nothing)
            return
        pdf.set_font(FAMILY, size=8)
        pdf.set_text_color(*INK)
        pdf.set_draw_color(*LINE)
        heading = FontFace(emphasis="BOLD", color=QUIET)
        with pdf.table(
            col_widths=tuple(column.weight for column in columns),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=heading,
            line_height=4.2,
            padding=(1.2, 2, 1.2, 0),
            text_align="LEFT",
            v_align=VAlign.T,
        ) as table:
            head = table.row()
            for column in columns:
                head.cell(column.title)
            for row in rows:
                line = table.row()
                for value in row:
                    line.cell(_fitting(value))
        pdf.ln(2)

    def finished(self) -> bytes:
        """The paper as a file."""
        return bytes(self._pdf.output())

    def _text(self, text: str, height: float) -> None:
        self._pdf.multi_cell(
            w=0, h=height, text=_fitting(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L"
        )


class _Numbered(FPDF):
    """Pages with a foot."""

    def __init__(self, words: PaperWords, foot: str, *, wide: bool) -> None:
        super().__init__(orientation="landscape" if wide else "portrait", format="A4")
        self._words, self._foot = words, foot

    def footer(self) -> None:
        """What stands at the foot of each page."""
        self.set_y(-_MARGIN)
        self.set_font(FAMILY, size=7)
        self.set_text_color(*QUIET)
        self.cell(w=self.epw * 0.8, h=5, text=self._foot)
        page = self._words.page.format(number=self.page_no(), count=self.str_alias_nb_pages)
        self.cell(w=0, h=5, text=page, align="R")


def _fitting(value: Any) -> str:
    """A text that a paper can take: not endless, and without characters that would steer the layout."""
    text = "".join(each if each == "\n" or each.isprintable() else " " for each in str(value))
    return text if len(text) <= MOST_IN_CELL else text[: MOST_IN_CELL - 1] + "…"
