"""From a file that somebody brings to rows of texts; whatever the file is, it takes little time and little memory."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from furka.errors import Invalid, Text

LARGEST_FILE = 10 * 1024 * 1024
#: What a workbook may be once it is unpacked; packed it can be a thousandth of that.
LARGEST_UNPACKED = 150 * 1024 * 1024
MOST_PARTS = 500
#: Rows behind the headings.
MOST_ROWS = 50_000
MOST_COLUMNS = 60
#: What of a cell is kept; longer than anything that may stand there.
LONGEST_CELL = 700
#: So many empty rows on end are the end.
MOST_EMPTY = 1000

_DELIMITERS = ";,\t|"
#: What the reader of workbooks raises at what is none.
_BROKEN = (
    zipfile.BadZipFile,
    InvalidFileException,
    zlib.error,
    SyntaxError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EOFError,
    OSError,
    RuntimeError,
)


def read_table(content: bytes) -> list[list[str]]:
    """The rows of a CSV file or of the first sheet of a workbook, the headings first. Raises Invalid."""
    if not content.strip():
        raise _wrong("file-empty", _("The file is empty."))
    if len(content) > LARGEST_FILE:
        raise _wrong("file-too-large", _("The file is larger than 10 MB."))
    if content[:2] == b"PK":
        rows = _of_workbook(content)
    elif content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise _wrong("file-old", _("This is an old or protected workbook. Please save it as .xlsx or .csv."))
    else:
        rows = _of_csv(content)
    table = list(islice(_filled(rows), MOST_ROWS + 2))
    if len(table) > MOST_ROWS + 1:
        raise _wrong("too-many-rows", _("The table has more than 50'000 rows. Please split it."))
    if len(table) < 2:
        raise _wrong("no-rows", _("There is no row below the headings."))
    return table


def _wrong(code: str, text: Text) -> Invalid:
    return Invalid.at("file", code, text)


def _filled(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """The rows, without empty ones before the headings and after the last; empty cells at the end are cut off."""
    begun, empty = False, 0
    for row in rows:
        while row and not row[-1]:
            row.pop()
        if not row:
            empty += 1
            if empty > MOST_EMPTY:
                return
            continue
        if begun:
            yield from (
                [] for _each in range(empty)
            )  # so that the number of a row is the one that people see
        begun, empty = True, 0
        yield row


def _of_workbook(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            infos = parts.infolist()
        if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > LARGEST_UNPACKED:
            raise _wrong("file-too-large-unpacked", _("This workbook is too large once it is unpacked."))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size is not to be relied on
        rows = sheet.iter_rows(max_col=MOST_COLUMNS, max_row=MOST_ROWS + MOST_EMPTY + 2, values_only=True)
        for row in rows:
            yield [_cell(value) for value in row]
    except Invalid:
        raise
    except _BROKEN:
        raise _wrong(
            "file-unreadable", _("This file can not be read. Please save it as .xlsx or .csv.")
        ) from None


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)[:LONGEST_CELL].strip()


def _of_csv(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    if "\x00" in text:
        raise _wrong("file-unreadable", _("This file can not be read. Please save it as .xlsx or .csv."))
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)):
            yield [cell[:LONGEST_CELL].strip() for cell in row[:MOST_COLUMNS]]
    except csv.Error:
        raise _wrong(
            "file-unreadable", _("This file can not be read. Please save it as .xlsx or .csv.")
        ) from None


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    """The one that cuts the first lines into the same number of cells, the most of them."""

    def fit(delimiter: str) -> tuple[int, int]:
        lines = islice(csv.reader(io.StringIO(text[:20_000], newline=""), delimiter=delimiter), 20)
        try:
            widths = Counter(len(line) for line in lines if line)
        except csv.Error:
            return 0, 0
        width, often = max(widths.items(), key=lambda each: (each[1], each[0]), default=(0, 0))
        return (often, width) if width > 1 else (0, width)

    return max(_DELIMITERS, key=fit)
