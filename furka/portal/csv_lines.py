"""Lines of a table for spreadsheets (RFC 4180), in which nothing is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

#: With this, spreadsheets read the file as UTF-8.
BEGINNING = "\ufeff"


def csv_line(values: Iterable[object]) -> str:
    """One line."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([harmless(value) for value in values])
    return line.getvalue()


def harmless(value: object) -> object:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
