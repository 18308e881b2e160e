"""Other users of the machine can not read the database."""

from __future__ import annotations

import stat
from pathlib import Path

from furka.config.database import database_of


def test_the_database_is_for_its_owner_alone_also_in_a_folder_that_was_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    name = Path(database_of("", tmp_path)["NAME"])

    assert stat.S_IMODE(name.stat().st_mode) == 0o600


def test_a_database_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "furka.db").write_bytes(b"kept")

    database_of("", tmp_path)

    assert (tmp_path / "furka.db").read_bytes() == b"kept"
