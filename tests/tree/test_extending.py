"""Before an access ends: both sides are warned once, whoever holds it may ask for more, whoever may give it answers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail

from furka.errors import Conflict, FurkaError, Invalid, NotThere
from furka.journal.models import Event
from furka.people import notices
from furka.tree import changing, extending, granting, queries
from furka.tree.changing import Longer
from furka.tree.extensions import ExtensionRequest, waiting_requests
from furka.tree.granting import Terms
from furka.tree.grants import Grant
from furka.tree.models import Node
from furka.tree.operation import program
from tests.world import NOW, TONIGHT, World, by, let_in, person

LATER = TONIGHT + timedelta(hours=3)


def grant_of(world: World, name: str, node: Node | None = None) -> Grant:
    on = node or world.ours.school
    key = next(view.key for view in queries.grants_on(by(world.rita), on) if view.name == name)
    found = queries.grant_of_key(by(world.rita), on, key)
    assert found is not None
    return found


def warned(at: datetime) -> list[tuple[str, ...]]:
    """Who gets a warning when the worker looks at that moment."""
    mail.outbox.clear()
    extending.warn_before_end(program("worker", at))
    return sorted(tuple(message.to) for message in mail.outbox)


def asks(world: World, until: datetime | None = LATER) -> ExtensionRequest:
    return extending.ask_extension(
        by(world.sonja), grant_of(world, "Sonja").series, until, "Ersatzteil fehlt"
    )


# --- Warnings --------------------------------------------------------------------------------------------------------


def test_both_sides_are_warned_a_day_and_an_hour_ahead_and_once_each(world: World) -> None:
    until = NOW + timedelta(days=3)
    changing.extend(by(world.rita), grant_of(world, "Sonja"), Longer(until=until))
    both = [("rita@example.org",), ("sonja@example.org",)]

    assert warned(until - timedelta(hours=25)) == []
    assert warned(until - timedelta(hours=24)) == both
    assert warned(until - timedelta(hours=23)) == []
    assert warned(until - timedelta(minutes=60)) == both
    assert warned(until - timedelta(minutes=1)) == []


def test_worker_that_was_away_sends_the_nearest_warning_only(world: World) -> None:
    assert len(warned(TONIGHT - timedelta(minutes=30))) == 2
    assert warned(TONIGHT - timedelta(minutes=20)) == []


def test_short_access_is_not_warned_of_more_than_it_lasts(world: World) -> None:
    let_in(
        world.ours.depot,
        world.fremd,
        Terms(role="viewer", valid_until=NOW + timedelta(minutes=50)),
        world.rita,
    )
    let_in(
        world.ours.depot,
        person("Vier"),
        Terms(role="viewer", valid_until=NOW + timedelta(hours=4)),
        world.rita,
    )
    assert ("fremd@example.org",) not in warned(NOW + timedelta(minutes=10))
    assert ("vier@example.org",) not in warned(NOW + timedelta(minutes=30))
    assert ("vier@example.org",) in warned(NOW + timedelta(hours=3))


def test_extended_access_is_warned_of_its_new_end(world: World) -> None:
    assert len(warned(TONIGHT - timedelta(minutes=30))) == 2
    changing.extend(
        by(world.rita, TONIGHT - timedelta(minutes=20)),
        grant_of(world, "Sonja"),
        Longer(span=timedelta(hours=4)),
    )
    assert warned(TONIGHT + timedelta(hours=2)) == []
    assert len(warned(TONIGHT + timedelta(hours=3))) == 2


def test_owners_are_warned_if_the_giver_is_gone_and_nobody_against_their_choice(world: World) -> None:
    lead = person("Lead")
    key = let_in(world.ours.school, lead, Terms(role="owner", depth=None), world.karl)
    let_in(world.ours.school, world.fremd, Terms(role="viewer", valid_until=NOW + timedelta(hours=9)), lead)
    row = queries.grant_of_key(by(world.rita), world.ours.school, key)
    assert row is not None
    granting.revoke(by(world.rita), row)
    notices.choose(world.karl, [])
    told = warned(NOW + timedelta(hours=8, minutes=30))
    assert ("fremd@example.org",) in told
    assert ("rita@example.org",) in told  # an owner above
    assert ("karl@example.org",) not in told
    assert ("lead@example.org",) not in told


def test_paused_and_unlimited_access_is_not_warned_of(world: World) -> None:
    changing.pause(by(world.rita), grant_of(world, "Sonja"))
    assert warned(TONIGHT - timedelta(minutes=10)) == []


# --- Asking ----------------------------------------------------------------------------------------------------------


def test_whoever_gave_it_is_told_and_answers_as_wished(world: World) -> None:
    mail.outbox.clear()
    request = asks(world)
    [letter] = mail.outbox
    assert letter.to == ["rita@example.org"]
    assert f"/people/extensions/{request.key}/" in letter.body
    assert waiting_requests(by(world.nora), world.ours.reseller, 9) == []
    assert [each.key for each in waiting_requests(by(world.rita), world.ours.reseller, 9)] == [request.key]

    mail.outbox.clear()
    extending.grant_extension(by(world.karl), request, LATER, "Gern")

    assert grant_of(world, "Sonja").valid_until == LATER
    assert [message.to for message in mail.outbox] == [["sonja@example.org"]]
    assert "Gern" in mail.outbox[0].body
    assert waiting_requests(by(world.rita), world.ours.reseller, 9) == []
    actions = set(Event.objects.filter(at=NOW).values_list("action", flat=True))
    assert {"grant.extension-asked", "grant.extended"} <= actions


def test_shorter_than_wished_or_not_at_all(world: World) -> None:
    request = asks(world, None)
    shorter = TONIGHT + timedelta(hours=1)
    extending.grant_extension(by(world.rita), request, shorter)
    assert grant_of(world, "Sonja").valid_until == shorter

    declined = asks(world)
    extending.decline_extension(by(world.rita), declined, "Reicht")
    assert grant_of(world, "Sonja").valid_until == shorter
    assert Event.objects.filter(action="grant.extension-declined").count() == 1
    with pytest.raises(Conflict):
        extending.grant_extension(by(world.rita), declined, LATER)


@pytest.mark.parametrize(
    ("until", "reason", "code"),
    [
        (TONIGHT - timedelta(minutes=1), "Grund", "not-longer"),
        (TONIGHT, "Grund", "not-longer"),
        (LATER, " ", "reason-missing"),
    ],
)
def test_wish_that_makes_no_sense_is_refused(world: World, until: datetime, reason: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        extending.ask_extension(by(world.sonja), grant_of(world, "Sonja").series, until, reason)
    assert refusal.value.code == code


def test_one_asks_once_and_for_oneself_only_and_may_take_it_back(world: World) -> None:
    key = grant_of(world, "Sonja").series
    for someone in (world.max, world.nora):
        with pytest.raises(NotThere):
            extending.ask_extension(by(someone), key, LATER, "Grund")
    request = asks(world)
    with pytest.raises(Conflict):
        asks(world)
    with pytest.raises(NotThere):
        extending.withdraw_extension(by(world.max), request.key)
    extending.withdraw_extension(by(world.sonja), request.key)
    asks(world)


def test_answering_gives_no_more_than_one_holds_and_only_where_one_may(world: World) -> None:
    request = asks(world)
    lead = person("Lead")
    terms = Terms(rights=("people", "connect.use"), valid_until=TONIGHT + timedelta(hours=1), depth=1)
    let_in(world.ours.school, lead, terms, world.rita)
    for someone in (world.nora, world.sonja, world.max, lead):
        with pytest.raises(FurkaError):
            extending.grant_extension(by(someone), request, LATER)
    extending.grant_extension(by(lead), request, TONIGHT + timedelta(minutes=30))


def test_request_ends_with_its_access(world: World) -> None:
    request = asks(world)
    granting.revoke(by(world.rita), grant_of(world, "Sonja"))
    assert waiting_requests(by(world.rita), world.ours.reseller, 9) == []
    with pytest.raises(Conflict):
        extending.grant_extension(by(world.rita), request, LATER)
