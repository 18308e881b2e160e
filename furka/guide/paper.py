"""The guide on paper: a cover, contents with page numbers, then part for part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.outline import OutlineSection
from PIL import Image

from furka.guide.book import Block, Book, Chapter, Part, Run
from furka.reports.fonts import FAMILY, add_typeface
from furka.reports.paper import ACCENT, INK, LINE, QUIET

#: The dark of the frame around the pages, and what is written on it.
_BAR, _ON_BAR, _ON_BAR_QUIET = (10, 74, 83), (255, 255, 255), (196, 221, 224)

_SIDE, _TOP, _FOOT = 30.0, 26.0, 26.0
_TEXT, _LINE = 10.0, 5.6
#: A chapter begins on the next page if less than that is left of this one, in millimetres.
_ROOM_FOR_CHAPTER = 62.0
#: Pictures that are higher than wide are as wide as that, others as the text.
_NARROW = 84.0


@dataclass(frozen=True, slots=True)
class GuideWords:
    """What the paper says by itself, in the language of the guide."""

    contents: str
    part: str  # with a place for {number}
    edition: str  # which version it describes, and of when


@dataclass(frozen=True, slots=True)
class Folders:
    """Where fonts, the mark and the pictures of that language lie."""

    fonts: Path
    mark: Path
    pictures: Path


def printed(book: Book, words: GuideWords, folders: Folders, at: datetime) -> bytes:
    """The guide as a PDF."""
    return _Printer(book, words, folders, at).print()


class _Pages(FPDF):
    """Pages with a foot, except the cover."""

    title_at_foot = ""

    def footer(self) -> None:
        if self.page_no() == 1:
            return
        self.set_y(-16)
        self.set_font(FAMILY, size=8)
        self.set_text_color(*QUIET)
        self.cell(w=self.epw - 20, h=5, text=self.title_at_foot)
        self.cell(w=20, h=5, text=str(self.page_no()), align=Align.R)


class _Printer:
    def __init__(self, book: Book, words: GuideWords, folders: Folders, at: datetime) -> None:
        self._book, self._words, self._folders = book, words, folders
        pdf = self._pdf = _Pages(format="A4")
        pdf.title_at_foot = f"Furka · {book.title}"
        add_typeface(pdf, folders.fonts)
        pdf.set_lang(book.language)
        pdf.set_title(f"Furka · {book.title}")
        pdf.set_subject(book.lead)
        pdf.set_creator("Furka")
        pdf.set_creation_date(at)
        pdf.set_margins(_SIDE, _TOP, _SIDE)
        pdf.set_auto_page_break(True, margin=_FOOT)
        pdf.c_margin = 0  # so that words and pictures begin at the same edge
        self._held: Block | None = None
        self._links = {chapter.name: pdf.add_link() for chapter in book.chapters}

    def print(self) -> bytes:
        self._cover()
        self._pdf.add_page()
        self._pdf.insert_toc_placeholder(self._contents, reset_page_indices=False)
        for number, part in enumerate(self._book.parts, 1):
            if number > 1:
                self._pdf.add_page()
            self._part(number, part)
        return bytes(self._pdf.output())

    def _cover(self) -> None:
        pdf = self._pdf
        pdf.add_page()
        with pdf.local_context(fill_color=_BAR):
            pdf.rect(0, 0, pdf.w, 168, style="F")
        pdf.image(self._folders.mark, x=_SIDE - 1, y=34, w=26)
        pdf.set_xy(_SIDE, 76)
        self._style(12, strong=True, colour=_ON_BAR_QUIET)
        self._paragraph("Furka", 7)
        pdf.ln(3)
        self._style(30, strong=True, colour=_ON_BAR)
        self._paragraph(self._book.title, 13)
        pdf.ln(5)
        self._style(13, colour=_ON_BAR_QUIET)
        self._paragraph(self._book.lead, 7.2)
        pdf.set_y(184)
        for number, part in enumerate(self._book.parts, 1):
            self._style(10, strong=True, colour=ACCENT)
            self._paragraph(self._words.part.format(number=number), 6)
            self._style(13, strong=True)
            self._paragraph(part.title, 7)
            pdf.ln(5)
        pdf.set_auto_page_break(False)
        pdf.set_y(-22)
        self._style(8, colour=QUIET)
        pdf.cell(w=0, h=5, text=self._words.edition)
        pdf.set_auto_page_break(True, margin=_FOOT)

    def _contents(self, pdf: FPDF, outline: Sequence[OutlineSection]) -> None:
        pdf.set_xy(_SIDE, _TOP)
        self._style(20, strong=True)
        self._paragraph(self._words.contents, 10)
        pdf.ln(6)
        for section in outline:
            is_part = section.level == 0
            if is_part:
                pdf.ln(4)
            self._style(11 if is_part else _TEXT, strong=is_part, colour=ACCENT if is_part else INK)
            link, height = pdf.add_link(page=section.page_number), 7.0
            pdf.cell(w=pdf.epw - 14, h=height, text=section.name, link=link)
            pdf.cell(
                w=14,
                h=height,
                text=str(section.page_number),
                link=link,
                align=Align.R,
                new_x=XPos.LMARGIN,
                new_y=YPos.NEXT,
            )
            if not is_part:
                with pdf.local_context(draw_color=LINE, line_width=0.1):
                    pdf.line(pdf.l_margin, pdf.get_y(), pdf.w - pdf.r_margin, pdf.get_y())

    def _part(self, number: int, part: Part) -> None:
        pdf = self._pdf
        pdf.start_section(part.title)
        self._style(10, strong=True, colour=ACCENT)
        self._paragraph(self._words.part.format(number=number), 6)
        self._style(22, strong=True)
        self._paragraph(part.title, 11)
        pdf.ln(3)
        self._style(12, colour=QUIET)
        self._paragraph(part.lead, 6.8)
        pdf.ln(6)
        for chapter in part.chapters:
            self._chapter(chapter)

    def _chapter(self, chapter: Chapter) -> None:
        pdf = self._pdf
        if pdf.get_y() > pdf.h - _FOOT - _ROOM_FOR_CHAPTER:
            pdf.add_page()
        elif pdf.get_y() > _TOP + 1:
            pdf.ln(5)
        pdf.start_section(chapter.title, level=1)
        pdf.set_link(self._links[chapter.name], y=pdf.get_y(), page=pdf.page_no())
        self._style(14, strong=True)
        self._paragraph(chapter.title, 7.5)
        pdf.ln(2.5)
        for block in chapter.blocks:
            if self._held and self._fits(self._held):
                self._place_held()
            self._block(block)
        self._place_held()

    def _block(self, block: Block) -> None:
        pdf = self._pdf
        match block.kind:
            case "picture":
                self._place_held()
                self._held = block
                if self._fits(block):
                    self._place_held()
            case "heading":
                if pdf.get_y() > pdf.h - _FOOT - 24:
                    pdf.add_page()
                pdf.ln(1.5)
                self._style(_TEXT + 0.5, strong=True)
                self._paragraph(block.text, 6)
                pdf.ln(0.5)
            case "list" | "steps":
                for number, line in enumerate(block.lines, 1):
                    self._item("•" if block.kind == "list" else f"{number}.", line)
                pdf.ln(2)
            case _:
                for line in block.lines:
                    self._line(line)
                pdf.ln(2.6)

    def _item(self, sign: str, line: Sequence[Run]) -> None:
        pdf = self._pdf
        if pdf.get_y() > pdf.h - _FOOT - 2 * _LINE:
            pdf.add_page()
        self._style(_TEXT, colour=ACCENT)
        pdf.cell(w=6, h=_LINE, text=sign)
        pdf.set_left_margin(_SIDE + 6)
        self._line(line)
        pdf.set_left_margin(_SIDE)
        pdf.set_x(_SIDE)
        pdf.ln(0.8)

    def _line(self, line: Sequence[Run]) -> None:
        for run in line:
            self._style(_TEXT, strong=run.strong, colour=ACCENT if run.chapter else INK)
            self._pdf.write(_LINE, run.text, self._links[run.chapter] if run.chapter else "")
        self._pdf.ln(_LINE)

    def _size(self, block: Block) -> tuple[float, float]:
        """Width and height of a picture on paper."""
        with Image.open(self._path(block)) as picture:
            wide, high = picture.size
        width = _NARROW if high > wide else self._pdf.epw
        return width, width * high / wide

    def _fits(self, block: Block) -> bool:
        return self._pdf.get_y() + self._size(block)[1] + 12 < self._pdf.h - _FOOT

    def _path(self, block: Block) -> Path:
        return self._folders.pictures / f"{block.picture}.webp"

    def _place_held(self) -> None:
        """A picture that did not fit waits for the next page, and the text goes on meanwhile."""
        block, self._held = self._held, None
        if block is None:
            return
        pdf = self._pdf
        if not self._fits(block):
            pdf.add_page()
        width, height = self._size(block)
        pdf.ln(1)
        x, y = pdf.l_margin, pdf.get_y()
        pdf.image(self._path(block), x=x, y=y, w=width, h=height, alt_text=block.text)
        with pdf.local_context(draw_color=LINE, line_width=0.2):
            pdf.rect(x, y, width, height)
        pdf.set_xy(x, y + height + 1.5)
        self._style(8, colour=QUIET)
        self._paragraph(block.text, 4.2)
        pdf.ln(4)

    def _style(self, size: float, *, strong: bool = False, colour: tuple[int, int, int] = INK) -> None:
        self._pdf.set_font(FAMILY, style="B" if strong else "", size=size)
        self._pdf.set_text_color(*colour)

    def _paragraph(self, text: str, height: float) -> None:
        self._pdf.multi_cell(w=0, h=height, text=text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align=Align.L)
