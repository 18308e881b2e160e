"""Release at the plant: a PIN or a code read over the phone lets a prepared supporter in, and nothing else does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from furka.clock import FakeClock
from furka.errors import Conflict, Invalid, Refused
from furka.journal.models import Event
from furka.releases.operations import prepare, release, take_back
from furka.releases.queries import own_releases, prepared_at
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.sites.models import Gateway
from furka.tree import ceilings
from furka.tree.ceilings import CeilingTerms
from furka.tree.operation import program
from furka.tree.requests import AccessRequest, Stage
from furka.uplink.views import MOST_WRONG_CODES
from furka.vault import fingerprint
from furka.wire import PREFIX
from tests.world import NOW, World, by

pytestmark = pytest.mark.usefixtures("fake_clock")

BOX = program("gateway", NOW)
TOKEN = "token-of-the-box"


@pytest.fixture
def asked(world: World) -> World:
    """The owner of our school wants to be asked before Sonja enters."""
    ceilings.set_ceiling(by(world.karl), world.ours.school, CeilingTerms(approval=(USE_REMOTE_ACCESS.key,)))
    return world


@pytest.fixture
def pin(asked: World) -> str:
    """Sonja's, for half an hour each time."""
    return prepare(by(asked.karl), asked.ours.school, asked.sonja, 30)[1]


def may_enter(world: World, at: Any = NOW) -> bool:
    return by(world.sonja, at).may(USE_REMOTE_ACCESS, world.ours.school.place)


def test_pin_lets_in_for_as_long_as_was_prepared(asked: World, pin: str) -> None:
    assert not may_enter(asked)
    request = release(BOX, asked.ours.school, pin)
    assert (request.stage, request.ends_at) == (Stage.RUNNING, NOW + timedelta(minutes=30))
    assert may_enter(asked, NOW + timedelta(minutes=29))
    assert not may_enter(asked, NOW + timedelta(minutes=30))
    with pytest.raises(Conflict) as again:
        release(BOX, asked.ours.school, pin)
    assert again.value.code == "in-already"


def test_code_read_over_the_phone_counts_for_a_quarter_of_an_hour_and_as_long_as_somebody_dials(
    asked: World, pin: str
) -> None:
    [own] = own_releases(by(asked.sonja))
    assert pin != own.code
    late = program("gateway", own.code_until + timedelta(minutes=16))
    with pytest.raises(Refused):
        release(late, asked.ours.school, own.code)
    soon = program("gateway", own.code_until + timedelta(minutes=1))
    assert release(soon, asked.ours.school, own.code).person == asked.sonja


def test_release_answers_the_request_that_waits(asked: World, pin: str) -> None:
    from_page = Client()
    from_page.force_login(asked.sonja)
    from_page.post(
        f"/levels/{asked.ours.school.key}/request/",
        {"rights": [USE_REMOTE_ACCESS.key], "minutes": "60", "reason": "Störung"},
    )
    assert release(BOX, asked.ours.school, pin).reason == "Störung"
    assert AccessRequest.objects.everything("test").count() == 1


def test_only_the_owners_side_prepares_and_only_whom_it_opens_something(asked: World) -> None:
    school = asked.ours.school
    with pytest.raises(Refused) as no:
        prepare(by(asked.rita), school, asked.sonja, 30)
    assert no.value.code == "ceiling-owner"
    with pytest.raises(Invalid):
        prepare(by(asked.karl), school, asked.fremd, 30)
    with pytest.raises(Invalid):
        prepare(by(asked.karl), school, asked.sonja, 24 * 60 + 1)


def test_pin_ends_when_it_is_replaced_or_taken_back_or_its_author_may_not_let_in_any_more(
    asked: World, pin: str
) -> None:
    row, second = prepare(by(asked.karl), asked.ours.school, asked.sonja, 30)
    with pytest.raises(Refused):
        release(BOX, asked.ours.school, pin)
    take_back(by(asked.karl), row)
    with pytest.raises(Refused):
        release(BOX, asked.ours.school, second)
    _row, third = prepare(by(asked.karl), asked.ours.school, asked.sonja, 30)
    asked.karl.is_active = False
    asked.karl.save(update_fields=["is_active"])
    with pytest.raises(Refused) as no:
        release(BOX, asked.ours.school, third)
    assert no.value.code == "ceiling-owner"
    assert not may_enter(asked)


def call(world: World, code: str, language: str = "it") -> Any:
    Gateway.objects.everything("test").filter(node=world.ours.school, released_at=None).update(
        token_hash=fingerprint(TOKEN)
    )
    return Client().post(
        f"{PREFIX}/gateway/release",
        {"code": code, "language": language},
        content_type="application/json",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )


def test_gateway_shows_the_code_and_whoever_guesses_has_to_wait(
    asked: World, pin: str, fake_clock: FakeClock
) -> None:
    cache.clear()
    wrong = f"{(int(pin) + 1) % 10**6:06d}"
    answers = [call(asked, wrong).status_code for _ in range(MOST_WRONG_CODES)]
    assert answers == [403] * MOST_WRONG_CODES
    assert call(asked, pin).status_code == 429
    cache.clear()
    done = call(asked, pin).json()
    assert done["person"] == "Sonja"
    assert Event.objects.filter(action="release.refused").count() == MOST_WRONG_CODES
    assert Event.objects.filter(action="request.released").count() == 1
    assert call(asked, wrong).json()["detail"] == "Questo PIN o codice qui non vale."


def test_pages_show_the_pin_once_and_the_supporter_their_code(client: Client, asked: World) -> None:
    client.force_login(asked.karl)
    path = f"/levels/{asked.ours.school.key}/releases/"
    assert "Bereiten Sie" in client.get(path).content.decode()
    shown = client.post(path, {"person": asked.sonja.pk, "minutes": "30"}).content.decode()
    assert "PIN für Sonja" in shown
    assert "PIN für Sonja" not in client.get(path).content.decode()
    [own] = own_releases(by(asked.sonja))
    sonja = Client()
    sonja.force_login(asked.sonja)
    assert own.code in sonja.get("/access/requests/").content.decode()
    [key] = [row.key for row in _rows(asked)]
    client.post(f"{path}{key}/take-back/")
    assert not _rows(asked)


def _rows(world: World) -> list[Any]:

    return prepared_at(by(world.karl), world.ours.school)
