"""A gateway's new key, whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from furka import clock
from furka.clock import FakeClock
from furka.gateway import renewal
from furka.gateway.home import Home, Identity
from furka.gateway.renewal import LIFE, KeyRenewal
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.wire.gateway import GatewaySettings, NewKey, NewKeyTaken
from furka.wire.portal_link import PortalAway

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Link:
    """A portal that remembers which keys it was told, or is away."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.away = False

    def post(self, _path: str, message: BaseModel, _answer: type[BaseModel]) -> NewKeyTaken:
        if self.away:
            raise PortalAway("away")
        assert isinstance(message, NewKey)
        self.told.append(message.public_key)
        return NewKeyTaken(now=NOW)

    def close(self) -> None:
        pass


class Box:
    """A gateway in whose hands nothing takes time."""

    def __init__(self, folder: Path, time: FakeClock) -> None:
        self.time = time
        self.home = Home(folder)
        self.link = Link()
        self.wanted = False
        self.hub_is_quick = True  # it takes a new key at once, and the portal says so
        if self.home.identity() is None:
            self.home.keep_identity(Identity(private_key=generate_private_key(), key_made_at=NOW))
        self.begin()

    def begin(self) -> None:
        """The power comes back."""
        identity = self.home.identity()
        assert identity is not None
        self.keys = KeyRenewal(self.home, identity, lambda: self.link, lambda: None)  # type: ignore[arg-type,return-value]

    def looks(self) -> bool:
        """Some looks, with the portal's word in between; whether the key of the tunnel was changed."""
        for _ in range(4):
            if self.keys.look():
                return True
            if self.link.told and self.hub_is_quick:
                self.hears(wanted=self.wanted)
        return False

    def hears(self, key: str = "", *, wanted: bool = False) -> bool:
        """The portal says which key counts."""
        told = GatewaySettings(
            now=NOW,
            etag="1",
            site="School",
            public_key=public_key_of(key or self.keys.identity.private_key),
            key_wanted_at=NOW if wanted else None,
            next_key_known=self.link.told[-1] if self.link.told and self.hub_is_quick else None,
        )
        counts = self.keys.hear(told)
        self.wanted = wanted and not counts
        return counts


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    class AtOnce:
        def __init__(self, target: Callable[[str], None], args: tuple[str], **_: object) -> None:
            self._target, self._args = target, args

        def start(self) -> None:
            self._target(*self._args)

    monkeypatch.setattr(renewal, "Thread", AtOnce)
    time = FakeClock(NOW)
    with clock.using(time):
        yield Box(tmp_path, time)


def test_key_that_is_wanted_is_made_told_tried_and_kept(box: Box) -> None:
    old = box.keys.private_key
    assert not box.looks()
    box.hears(wanted=True)

    assert box.looks()
    fresh = box.keys.private_key
    assert fresh != old
    assert box.link.told == [public_key_of(fresh)]
    assert box.hears(fresh)

    kept = box.home.identity()
    assert kept is not None
    assert (kept.private_key, kept.next_key, kept.on_trial) == (fresh, "", False)
    assert not box.looks()


def test_key_is_made_anew_when_it_is_old(box: Box) -> None:
    box.time.advance(LIFE - timedelta(seconds=1))
    assert not box.looks()
    box.time.advance(timedelta(seconds=2))
    assert box.looks()


def test_key_that_never_counts_is_given_up(box: Box) -> None:
    old = box.keys.private_key
    box.hears(wanted=True)
    assert box.looks()
    box.time.advance(timedelta(minutes=9))
    assert box.looks()
    assert box.keys.private_key == old
    assert not box.looks()  # not again at once
    box.time.advance(timedelta(hours=1))
    assert box.looks()


def test_portal_that_is_away_changes_nothing(box: Box) -> None:
    old = box.keys.private_key
    box.link.away = True
    box.hears(wanted=True)
    assert not box.looks()
    assert box.keys.private_key == old
    box.link.away = False
    box.time.advance(timedelta(minutes=2))
    assert box.looks()


def test_key_is_tried_once_the_hub_has_it_or_after_a_minute(box: Box) -> None:
    box.hub_is_quick = False
    box.hears(wanted=True)
    assert not box.looks()
    assert not box.looks()
    assert len(box.link.told) == 1  # once is enough
    box.hub_is_quick = True
    box.hears(wanted=True)
    assert box.looks()

    box.time.advance(timedelta(minutes=9))
    assert box.looks()  # it did not come to count
    box.time.advance(timedelta(hours=1))
    box.hub_is_quick = False
    assert not box.looks()
    box.time.advance(timedelta(seconds=61))
    assert box.looks()  # of a portal that says nothing of it


@pytest.mark.parametrize("steps", range(5))
def test_loss_of_power_at_any_step_ends_with_a_key_that_counts(box: Box, steps: int) -> None:
    box.hears(wanted=True)
    for _ in range(steps):
        box.keys.look()
    box.begin()
    box.hears(wanted=True)
    box.looks()
    fresh = box.keys.private_key
    assert box.hears(fresh)
    box.begin()
    assert box.keys.private_key == fresh
    assert not box.hears(fresh)
