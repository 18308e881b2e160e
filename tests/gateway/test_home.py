"""What a gateway keeps, and when it no longer counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from furka.gateway.home import Claim, Home, HomeError, HomeInUse, Identity, digest_of
from furka.kernel.wireguard import generate_private_key
from tests.gateway.test_desired import settings


def identity() -> Identity:
    made = Claim(
        portal="https://portal.example.org", token="secret", site="School", code_digest=digest_of("AB12")
    )
    return Identity(private_key=generate_private_key(), claim=made)


def test_a_new_home_knows_nobody(tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    assert (home.identity(), home.status(), home.settings_for(identity())) == (None, None, None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_whoever_has_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    home = Home(tmp_path)
    with home.reserved_for("claim"):
        home.keep_identity(identity())
    assert {path.name: path.stat().st_uid for path in tmp_path.iterdir()} == {
        "gateway.json": 65534,
        "claim.lock": 65534,
    }


def test_settings_count_for_the_key_they_were_given_to(tmp_path: Path) -> None:
    home, before, after = Home(tmp_path), identity(), identity()
    home.keep_settings(before, settings())
    assert home.settings_for(before) == settings()
    assert home.settings_for(after) is None


def test_forgetting_leaves_neither_key_nor_token_nor_settings(tmp_path: Path) -> None:
    home, who = Home(tmp_path), identity()
    home.keep_identity(who)
    home.keep_settings(who, settings())
    home.forget()
    assert list(tmp_path.iterdir()) == []


def test_damaged_settings_are_no_settings(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{")
    assert Home(tmp_path).settings_for(identity()) is None


def test_a_damaged_identity_is_said(tmp_path: Path) -> None:
    (tmp_path / "gateway.json").write_text("{")
    with pytest.raises(HomeError, match=r"gateway\.json is damaged \(1 faults\)"):
        Home(tmp_path).identity()


def test_a_home_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HomeError, match=r"file/home can't be used"):
        Home(tmp_path / "file" / "home")


def test_only_one_process_at_a_time_does_the_same_thing(tmp_path: Path) -> None:
    with (
        Home(tmp_path).reserved_for("service"),
        pytest.raises(HomeInUse),
        Home(tmp_path).reserved_for("service"),
    ):
        pass
    with Home(tmp_path).reserved_for("service"):
        pass
