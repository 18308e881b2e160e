"""Changing what runs: other terms, a later end, a pause; one grant or several, by one administrator or by two."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from furka.access.rights import CONFIGURE, DIAGNOSE, LOOK
from furka.access.windows import WeeklyWindow
from furka.errors import Conflict, Invalid, Refused
from furka.journal.models import Event
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import changing, granting, queries
from furka.tree.changing import Act, Longer, terms_of
from furka.tree.granting import Relation, Terms
from furka.tree.grants import Grant
from furka.tree.models import Node
from tests.world import NOW, TONIGHT, World, by, let_in, person

LATER = NOW + timedelta(minutes=1)
HOUR = Longer(span=timedelta(hours=1))


def grant_of(world: World, name: str, node: Node | None = None) -> Grant:
    on = node or world.ours.school
    views = queries.grants_on(by(world.rita), on)
    key = next(view.key for view in views if view.name == name or view.email == name)
    found = queries.grant_of_key(by(world.rita), on, key)
    assert found is not None
    return found


def limited(
    world: World, name: str = "Lead", *, depth: int = 1, until: timedelta = timedelta(days=2)
) -> Person:
    """Somebody who administers people at the school for a while."""
    lead = person(name)
    rights = ("look", "people", "connect.use")
    let_in(world.ours.school, lead, Terms(rights=rights, valid_until=NOW + until, depth=depth), world.rita)
    return lead


def test_other_terms_hold_from_then_on_and_the_past_stays(world: World) -> None:
    grant = grant_of(world, "Sonja")
    terms = replace(terms_of(grant), role="technician", valid_until=TONIGHT + timedelta(hours=2))

    changing.change(by(world.rita, LATER), grant, terms)

    school = world.ours.school.place
    assert not by(world.sonja, NOW).may(CONFIGURE, school)
    assert by(world.sonja, LATER).may(CONFIGURE, school)
    assert by(world.sonja, TONIGHT + timedelta(hours=1)).may(CONFIGURE, school)
    event = Event.objects.filter(action="grant.changed").get()
    assert (event.before["role"], event.after["role"]) == ("supporter", "technician")
    assert "reason" not in event.after


def test_access_that_goes_on_is_never_interrupted(world: World) -> None:
    changing.extend(by(world.rita, LATER), grant_of(world, "Sonja"), HOUR)

    assert by(world.sonja, LATER).may(USE_REMOTE_ACCESS, world.ours.school.place)
    assert by(world.sonja, TONIGHT).may(USE_REMOTE_ACCESS, world.ours.school.place)
    assert not by(world.sonja, TONIGHT + timedelta(hours=1)).may(LOOK, world.ours.school.place)


@pytest.mark.parametrize(
    ("longer", "end"),
    [
        (HOUR, TONIGHT + timedelta(hours=1)),
        (Longer(until=TONIGHT + timedelta(days=3)), TONIGHT + timedelta(days=3)),
        (Longer(), None),
    ],
)
def test_end_moves_by_a_span_to_a_moment_or_away(world: World, longer: Longer, end: object) -> None:
    assert changing.extend(by(world.rita), grant_of(world, "Sonja"), longer).valid_until == end


def test_extending_to_an_earlier_moment_or_without_an_end_makes_no_sense(world: World) -> None:
    with pytest.raises(Invalid) as wrong:
        changing.extend(by(world.rita), grant_of(world, "Sonja"), Longer(until=TONIGHT - timedelta(hours=1)))
    assert wrong.value.code == "not-longer"
    with pytest.raises(Conflict) as refusal:
        changing.extend(by(world.rita), grant_of(world, "Max"), HOUR)
    assert refusal.value.code == "no-end"


def test_what_has_ended_is_not_brought_back(world: World) -> None:
    grant = grant_of(world, "Sonja")
    with pytest.raises(Conflict) as refusal:
        changing.extend(by(world.rita, TONIGHT), grant, HOUR)
    assert refusal.value.code == "ended"
    granting.revoke(by(world.rita), grant)
    with pytest.raises(Conflict):
        changing.extend(by(world.rita), grant, HOUR)


def test_pause_closes_at_once_and_resuming_opens_again(world: World) -> None:
    school = world.ours.school.place
    changing.pause(by(world.rita, LATER), grant_of(world, "Sonja"))
    assert not by(world.sonja, LATER).may(LOOK, school)
    assert by(world.sonja, NOW).may(LOOK, school)

    much_later = NOW + timedelta(hours=1)
    changing.resume(by(world.rita, much_later), grant_of(world, "Sonja"))
    assert by(world.sonja, much_later).may(USE_REMOTE_ACCESS, school)
    actions = Event.objects.filter(action__in=("grant.paused", "grant.resumed")).order_by("id")
    assert [event.action for event in actions] == ["grant.paused", "grant.resumed"]


def test_pausing_twice_is_no_fault(world: World) -> None:
    changing.pause(by(world.rita), grant_of(world, "Sonja"))
    changing.pause(by(world.rita), grant_of(world, "Sonja"))
    assert Event.objects.filter(action="grant.paused").count() == 1


def test_nobody_opens_what_an_owner_paused_without_holding_it_themselves(world: World) -> None:
    lead = limited(world)
    grant = grant_of(world, "Max")
    changing.pause(by(world.rita), grant)
    with pytest.raises((Refused, Invalid)):
        changing.resume(by(lead), grant)

    changing.resume(by(world.rita), grant)
    changing.pause(by(lead), grant)
    changing.resume(by(lead), grant)  # what they closed themselves


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"role": "technician"}, "rights"),
        ({"valid_until": NOW + timedelta(days=9)}, "time"),
        ({"valid_until": None}, "time"),
        ({"depth": 1, "rights": ("look",), "role": ""}, "depth"),
    ],
)
def test_nobody_gives_more_by_changing_than_by_inviting(
    world: World, changes: dict[str, object], code: str
) -> None:
    lead = limited(world)
    grant = grant_of(world, "Sonja")
    with pytest.raises((Refused, Invalid)) as refusal:
        changing.change(by(lead), grant, replace(terms_of(grant), **changes))  # type: ignore[arg-type]
    assert refusal.value.code == code


def test_making_it_less_needs_no_more_than_revoking(world: World) -> None:
    lead = limited(world)
    grant = grant_of(world, "Max")  # a viewer without an end, which the lead could never give
    changing.change(by(lead), grant, replace(terms_of(grant), valid_until=TONIGHT))
    assert not by(world.max, TONIGHT).may(LOOK, world.ours.school.place)


def test_what_falls_with_a_grant_is_cut_with_it(world: World) -> None:
    lead = limited(world)
    helper = person("Helper")
    until = NOW + timedelta(days=2)
    let_in(world.ours.school, helper, Terms(rights=("connect.use",), valid_until=until), lead)
    grant = grant_of(world, "Lead")

    changing.change(by(world.rita, LATER), grant, replace(terms_of(grant), valid_until=TONIGHT))
    assert grant_of(world, "Helper").valid_until == TONIGHT
    assert not by(helper, TONIGHT).may(LOOK, world.ours.school.place)

    changing.change(
        by(world.rita, LATER), grant, replace(terms_of(grant), valid_until=TONIGHT, rights=("people",))
    )
    assert grant_of(world, "Helper").rights == ["look"]
    assert not by(helper, LATER).may(USE_REMOTE_ACCESS, world.ours.school.place)


def test_owner_who_extends_what_a_limited_person_gave_takes_it_over(world: World) -> None:
    lead = limited(world)
    helper = person("Helper")
    let_in(
        world.ours.school, helper, Terms(rights=("connect.use",), valid_until=NOW + timedelta(days=2)), lead
    )
    changing.extend(by(world.rita), grant_of(world, "Helper"), Longer(span=timedelta(days=7)))
    granting.revoke(by(world.rita, LATER), grant_of(world, "Lead"))

    assert by(helper, NOW + timedelta(days=5)).may(USE_REMOTE_ACCESS, world.ours.school.place)


def test_owner_is_changed_by_owners_only_and_the_last_one_stays(world: World) -> None:
    anna = person("Anna")
    let_in(world.ours.reseller, anna, Terms(rights=("people",)), world.rita)
    rita = grant_of(world, "Rita", world.ours.reseller)
    for change in (changing.pause, lambda acting, grant: changing.extend(acting, grant, HOUR)):
        with pytest.raises(Refused):
            change(by(anna), rita)
    with pytest.raises(Conflict) as refusal:
        changing.pause(by(world.rita), rita)
    assert refusal.value.code == "last-owner"
    for less in ({"depth": 0}, {"role": "viewer"}, {"valid_until": TONIGHT}):
        with pytest.raises(Conflict) as refusal:
            changing.change(by(world.rita), rita, replace(terms_of(rita), **less))
        assert refusal.value.code == "last-owner"


def test_two_administrators_at_once_the_second_is_told_who_changed_what(world: World) -> None:
    seen = grant_of(world, "Sonja")
    changing.extend(by(world.karl), seen, HOUR)

    with pytest.raises(Conflict) as refusal:
        changing.change(by(world.rita), seen, replace(terms_of(seen), role="viewer"), known=seen.pk)

    assert refusal.value.code == "changed-meanwhile"
    assert "Karl" in str(refusal.value)
    assert grant_of(world, "Sonja").role == "supporter"


def test_invitation_that_waits_can_be_changed_too(world: World) -> None:
    waiting = granting.invite(
        by(world.rita), world.ours.depot, world.fremd.email, Terms(role="supporter", valid_until=TONIGHT)
    )
    changing.extend(by(world.rita), waiting, HOUR)
    secret = queries.invitation_secret(waiting.series)
    assert secret is not None
    assert granting.accept(by(world.fremd, TONIGHT), secret).valid_until == TONIGHT + timedelta(hours=1)
    with pytest.raises(Conflict):
        changing.pause(
            by(world.rita),
            granting.invite(by(world.rita), world.ours.depot, "x@example.org", Terms(role="viewer")),
        )


def test_hours_are_read_on_the_clock_of_the_level(world: World) -> None:
    grant = grant_of(world, "Sonja")
    window = WeeklyWindow(frozenset({1}), time(15), time(16))  # Tuesday, as today
    changing.change(by(world.rita), grant, replace(terms_of(grant), windows=(window,)))

    assert not by(world.sonja, NOW).may(LOOK, world.ours.school.place)
    assert by(world.sonja, NOW + timedelta(hours=1)).may(LOOK, world.ours.school.place)


def test_several_at_once_all_or_none(world: World) -> None:
    depot = world.ours.depot
    let_in(depot, world.fremd, Terms(role="supporter", valid_until=TONIGHT), world.rita)
    keys = [grant_of(world, "Sonja").series, grant_of(world, "Fremd", depot).series]

    done = changing.change_several(by(world.rita), world.ours.reseller, keys, Act.EXTEND, HOUR)
    assert sorted(done) == ["Fremd", "Sonja"]

    with pytest.raises(Conflict) as refusal:
        changing.change_several(
            by(world.rita), world.ours.reseller, [*keys, grant_of(world, "Max").series], Act.EXTEND, HOUR
        )
    assert "Max" in str(refusal.value)
    assert grant_of(world, "Sonja").valid_until == TONIGHT + timedelta(hours=1)


def test_several_at_once_reach_nobody_elsewhere(world: World) -> None:
    elsewhere = [view.key for view in queries.grants_on(by(world.nora), world.theirs.reseller)]
    with pytest.raises(Conflict):
        changing.change_several(by(world.rita), world.ours.reseller, elsewhere, Act.REVOKE)
    with pytest.raises(Conflict):  # above the level that was chosen
        changing.change_several(
            by(world.rita), world.ours.depot, [grant_of(world, "Sonja").series], Act.REVOKE
        )


def test_rights_are_given_relation_staff_by_who_may(world: World) -> None:
    grant = grant_of(world, "Max")
    changed = changing.change(by(world.rita), grant, replace(terms_of(grant), relation=Relation.STAFF))
    assert changed.relation == "staff"
    assert not by(world.max).may(DIAGNOSE, world.ours.school.place)


def test_what_was_approved_as_it_is_is_not_made_more(world: World) -> None:
    grant = grant_of(world, "Sonja")
    Grant.objects.everything("made as if somebody had said yes").filter(pk=grant.pk).update(approved=True)
    with pytest.raises(Conflict) as refusal:
        changing.extend(by(world.rita), grant, HOUR)
    assert refusal.value.code == "approved-as-it-is"
    with pytest.raises(Conflict):
        changing.change(by(world.rita), grant, replace(terms_of(grant), role="technician"))
    changing.change(by(world.rita), grant, replace(terms_of(grant), valid_until=TONIGHT - timedelta(hours=1)))


def test_access_on_request_becomes_a_standing_one_by_whoever_may_give_it(world: World) -> None:
    let_in(world.ours.depot, world.fremd, Terms(role="supporter", on_request=True), world.rita)
    grant = grant_of(world, "Fremd", world.ours.depot)
    assert not by(world.fremd).may(USE_REMOTE_ACCESS, world.ours.depot.place)

    changing.pause(by(world.rita), grant)
    changing.resume(by(world.rita), grant)
    assert grant_of(world, "Fremd", world.ours.depot).on_request
    changing.change(by(world.rita), grant, replace(terms_of(grant), on_request=False))
    assert by(world.fremd).may(USE_REMOTE_ACCESS, world.ours.depot.place)
