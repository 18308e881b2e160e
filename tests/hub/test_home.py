"""The folder of a hub."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from furka.hub.home import Home, HomeError
from furka.hub.watch import Memory
from furka.kernel.wireguard import public_key_of


def test_the_key_is_made_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "hub")
    key = home.private_key()
    home.close()
    again = Home(tmp_path / "hub")
    assert again.private_key() == key
    assert public_key_of(key)
    again.close()
    assert stat.S_IMODE((tmp_path / "hub" / "private.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "hub").stat().st_mode) == 0o700


def test_only_one_program_uses_a_folder(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(HomeError, match="another hub program"):
        Home(tmp_path)
    home.close()
    Home(tmp_path).close()


def test_a_key_that_is_none_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "private.key").write_text("nonsense\n")
    home = Home(tmp_path)
    with pytest.raises(HomeError, match="no WireGuard key"):
        home.private_key()
    home.close()


def test_what_is_remembered_comes_back(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.memory() == Memory()
    home.remember(Memory(birth=5))
    assert home.memory() == Memory(birth=5)
    home.close()


def test_what_cannot_be_read_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "watch.json").write_text('{"birth": "half')
    home = Home(tmp_path)
    assert home.memory() == Memory()
    home.close()


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "hub").write_text("")
    with pytest.raises(HomeError, match="can't be used"):
        Home(tmp_path / "hub")
