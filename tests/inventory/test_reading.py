"""Whatever somebody brings as a table is read as they mean it, or refused with a sentence."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from furka.errors import Invalid
from furka.inventory import reading
from furka.inventory.mapping import fitting, guess
from furka.inventory.reading import read_table
from furka.inventory.tables import csv_line


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


EXPECTED = [["Kunde", "Anlage"], ["Gemeinde Zürich", "Schule; Süd"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_encoding_and_delimiter_are_recognised(encoding: str, delimiter: str) -> None:
    text = f'Kunde{delimiter}Anlage\r\nGemeinde Zürich{delimiter}"Schule; Süd"\r\n\r\n'

    assert read_table(text.encode(encoding)) == EXPECTED


def test_workbook_is_read_with_its_kinds_of_cells() -> None:
    table = read_table(
        workbook(["Kunde", "Anlage", None], [], ["A", 20417.0, date(2026, 11, 24)], ["=1+1", " b ", 1.5])
    )

    assert table[0] == ["Kunde", "Anlage"]
    assert table[1] == []
    assert table[2][:2] == ["A", "20417"]
    assert table[2][2].startswith("2026-11-24")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"  \r\n", "file-empty"),
        (b"Kunde;Anlage\r\n", "no-rows"),
        (b"PK\x03\x04 no workbook", "file-unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "file-old"),
        (b"a;b\x00c\r\n1;2", "file-unreadable"),
        (b"x" * (reading.LARGEST_FILE + 1), "file-too-large"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_table(content)

    assert refused.value.code == code
    assert str(refused.value)


def test_archive_that_is_huge_once_unpacked_is_refused_unread() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (reading.LARGEST_UNPACKED + 1))
    assert len(file.getvalue()) < 300_000

    with pytest.raises(Invalid) as refused:
        read_table(file.getvalue())

    assert refused.value.code == "file-too-large-unpacked"


def test_archive_with_something_else_in_it_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("letter.txt", "hello")

    with pytest.raises(Invalid):
        read_table(file.getvalue())


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 3)

    assert len(read_table(b"a;b\n" + b"1;2\n" * 3)) == 4
    with pytest.raises(Invalid):
        read_table(b"a;b\n" + b"1;2\n" * 4)


@pytest.mark.parametrize(
    "headings",
    [
        ["Kunde", "Anlage", "Anlagen-Nr.", "Zeitzone", "Kundennummer"],
        ["Client", "Installation", "Référence", "Fuseau horaire", "N° client"],
        ["CLIENTE", "Impianto", "numero impianto", "Fuso orario", "Numero cliente"],
        ["customer", "site", "reference", "time_zone", "customer_reference"],
    ],
)
def test_headings_are_understood_in_four_languages(headings: list[str]) -> None:
    assert guess(headings) == {
        "customer": 0, "site": 1, "reference": 2, "time_zone": 3, "customer_reference": 4,
    }  # fmt: skip


def test_mapping_from_outside_is_taken_only_where_it_makes_sense() -> None:
    given = {"site": "1", "customer": "9", "reference": "-1", "time_zone": "x", "other": "0"}

    assert fitting(given, 3) == {"site": 1}


@pytest.mark.parametrize("text", ["=1+1", "+41 44", "-3", "@x", "\tx"])
def test_nothing_that_goes_out_is_a_formula(text: str) -> None:
    assert csv_line([text, "plain"]).lstrip('"').startswith("'")
