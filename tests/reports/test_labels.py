"""Sheets of labels."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime

from furka.portal.access_print import FONTS
from furka.reports.labels import COLUMNS, ROWS, Label, sheet

AT = datetime(2026, 11, 24, tzinfo=UTC)


def a_sheet(*labels: Label) -> bytes:
    return sheet(FONTS, "Lieferung", "de", AT, labels)


def test_more_labels_than_fit_go_on_the_next_sheet() -> None:
    label = Label("https://portal.example.org/plug/7K3M9Q2D/#ABCD-EFGH-JKMN", "7K3M-9Q2D", ["SN\x00-1\n" * 9])
    full = a_sheet(*[label] * (COLUMNS * ROWS))
    more = a_sheet(*[label] * (COLUMNS * ROWS + 1))

    assert full.startswith(b"%PDF-")
    assert [len(re.findall(rb"/Type /Page\b(?!s)", each)) for each in (full, more)] == [1, 2]


def test_every_code_is_its_own() -> None:
    """What is drawn of two labels differs, and lies within the sheet."""
    drawn = []
    for code in ("ABCD", "EFGH"):
        pdf = a_sheet(Label(f"https://portal.example.org/plug/1/#{code}", "1", []))
        streams = [zlib.decompress(each) for each in re.findall(rb"stream\n(x\x9c.*?)\nendstream", pdf, re.S)]
        [page] = [each for each in streams if b" re f" in each]
        bars = [
            tuple(map(float, bar)) for bar in re.findall(rb"([\d.]+) ([\d.]+) [\d.]+ -?[\d.]+ re f", page)
        ]
        assert len(bars) > 100
        assert all(0 < x < 596 and 0 < y < 842 for x, y in bars)
        drawn.append(bars)
    assert drawn[0] != drawn[1]
