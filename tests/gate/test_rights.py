"""Which role holds which right, as it was looked at: whoever widens a role changes one file more."""

from __future__ import annotations

import os
from pathlib import Path

from furka.access.roles import table

GOLDEN = Path(__file__).parent.parent / "golden" / "rights.txt"


def test_table_of_rights_is_as_it_was_reviewed() -> None:
    """Renewed with FURKA_TEST_RENEW_GOLDEN=1."""
    if os.environ.get("FURKA_TEST_RENEW_GOLDEN"):
        GOLDEN.write_text(table(), encoding="utf-8")

    assert table().splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines()
