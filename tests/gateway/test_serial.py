"""What serial number a box says that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from furka.gateway.serial import LONGEST, serial_number


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"10000000a1b2c3d4\0", "10000000a1b2c3d4"),  # as a device tree ends its texts
        (b"  CZC 1234\tABC\n", "CZC 1234 ABC"),
        (b"To be filled by O.E.M.\n", ""),
        (b"Default string\n", ""),
        (b"0000000000\n", ""),
        (b"", ""),
        (b"\xff\xfeA1\x1b[31m", "\ufffd\ufffdA1 [31m"),
        (b"AB" * 100, "AB" * (LONGEST // 2)),
    ],
)
def test_what_stands_in_the_box_is_told_unless_it_says_nothing(
    tmp_path: Path, written: bytes, told: str
) -> None:
    place = tmp_path / "serial"
    place.write_bytes(written)
    assert serial_number("", [tmp_path / "missing", place]) == told
    assert serial_number(" X-1 ", [place]) == "X-1"
