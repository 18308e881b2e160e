"""Access on request and in an emergency: its four clocks, who may say yes, what comes of it, and what it falls with."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail

from furka.access.rights import CONFIGURE, LOOK
from furka.dispatch.knocks import take_knocks
from furka.dispatch.models import PlanEntry
from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import answering, entering, granting, queries, requesting
from furka.tree.ceilings import CeilingTerms, lift_ceiling, set_ceiling
from furka.tree.granting import Terms
from furka.tree.grants import Grant
from furka.tree.models import Node
from furka.tree.operation import program
from furka.tree.requesting import Wish
from furka.tree.requests import AccessRequest, Stage, may_ask, own_requests, request_of_key, requests_open
from furka.tunnel.models import Profile
from furka.wire.hub import KnockHeard
from tests.world import NOW, World, a_profile, by, let_in

HOUR = timedelta(hours=1)
ASKED = CeilingTerms(approval=(USE_REMOTE_ACCESS.key,))
IN_EMERGENCIES = CeilingTerms(approval=(USE_REMOTE_ACCESS.key,), emergency=True)


def wish(minutes: int = 60, **others: object) -> Wish:
    return Wish((USE_REMOTE_ACCESS.key,), minutes, "Burner does not start", **others)  # type: ignore[arg-type]


def may_enter(person: Person, site: Node, at: object = NOW) -> bool:
    return by(person, at).may(USE_REMOTE_ACCESS, site.place)  # type: ignore[arg-type]


def doors(site: Node, person: Person) -> list[str]:
    rows = PlanEntry.objects.filter(gone=False, site_id=site.pk, person_id=person.pk, key__startswith="door/")
    return [row.body["not_after"] for row in rows]


def mails_about(text: str) -> set[str]:
    return {letter.to[0] for letter in mail.outbox if text in letter.body}


@pytest.fixture
def site(world: World) -> Node:
    """Fremd may ask for remote access to our school, and nothing else."""
    let_in(world.ours.school, world.fremd, Terms(role="supporter", on_request=True), world.rita)
    a_profile(world.fremd)
    return world.ours.school


def knock(world: World, site: Node, name: str, at: datetime = NOW) -> None:
    """The hub says that the first packet came."""
    key = Profile.objects.get(person=world.fremd).key
    take_knocks(world.hub, [KnockHeard(name=name, profile=key, site_name=site.key, at=at)], at)


def test_the_first_packet_begins_the_time_and_only_within_what_was_approved(world: World, site: Node) -> None:
    asked = requesting.ask(by(world.fremd), site, wish(60))
    knock(world, site, asked.key)
    assert not may_enter(world.fremd, site), "nobody has said yes"
    answering.approve(by(world.rita), asked, minutes=30)
    knock(world, site, "another")
    assert not may_enter(world.fremd, site)
    began = NOW + 5 * HOUR
    knock(world, site, asked.key, began)
    assert may_enter(world.fremd, site, began + timedelta(minutes=29))
    assert not may_enter(world.fremd, site, began + timedelta(minutes=30))
    [door] = doors(site, world.fremd)
    assert door.startswith("2026-11-24T18:30")
    knock(world, site, asked.key, began + timedelta(minutes=10))
    assert doors(site, world.fremd) == [door], "a second packet gives no more time"
    [event] = Event.objects.filter(action="request.begun-by-packet")
    assert event.via == "hub hub-1"


def test_a_first_packet_begins_nothing_if_whoever_said_yes_may_no_more_or_it_comes_late(
    world: World, site: Node
) -> None:
    asked = requesting.ask(by(world.fremd), site, wish(60))
    answering.approve(by(world.karl), asked)
    profile = Profile.objects.get(person=world.fremd)
    late = KnockHeard(name=asked.key, profile=profile.key, site_name=site.key, at=NOW)
    take_knocks(world.hub, [late], NOW + HOUR)
    assert not may_enter(world.fremd, site, NOW + HOUR)
    [grant] = Grant.objects.everything("a test").filter(person=world.karl, ended_at=None)
    granting.revoke(by(world.rita), grant)
    knock(world, site, asked.key, NOW + HOUR)
    assert not may_enter(world.fremd, site, NOW + HOUR)


def test_who_may_only_ask_sees_the_site_and_enters_after_a_yes_for_as_long_as_was_given(
    world: World, site: Node
) -> None:
    assert by(world.fremd).may(LOOK, site.place)
    assert not may_enter(world.fremd, site)
    asked = requesting.ask(by(world.fremd), site, wish(60))
    assert [each.key for each in requests_open(by(world.rita), world.ours.reseller, 10)] == [asked.key]
    answering.approve(by(world.rita), asked, minutes=30)
    assert not may_enter(world.fremd, site)
    assert doors(site, world.fremd) == []

    began = NOW + 5 * HOUR
    entering.begin(by(world.fremd, began), asked.key)
    assert may_enter(world.fremd, site, began + timedelta(minutes=29))
    assert not may_enter(world.fremd, site, began + timedelta(minutes=30))
    [door] = doors(site, world.fremd)
    assert door.startswith("2026-11-24T18:30")
    assert entering.note_time(program("worker", began + HOUR)) == 1
    assert [each.stage for each in own_requests(by(world.fremd))] == [Stage.OVER]
    said = list(Event.objects.filter(action__startswith="request.").order_by("id"))
    assert [event.action for event in said] == ["request.asked", "request.approved", "request.begun"]


def test_those_who_answer_are_told_and_whoever_asked_hears_the_answer(world: World, site: Node) -> None:
    asked = requesting.ask(by(world.fremd), site, wish())
    told = mails_about("Burner")
    assert told == {world.rita.email, world.karl.email}
    answering.decline(by(world.karl), asked, "Tomorrow, please")
    assert mails_about("Tomorrow, please") == {world.fremd.email}
    with pytest.raises(Conflict):
        answering.approve(by(world.rita), asked)


def test_request_lapses_and_so_does_a_yes_that_nobody_uses(world: World, site: Node) -> None:
    asked = requesting.ask(by(world.fremd), site, wish())
    late = NOW + timedelta(hours=24)
    with pytest.raises(Conflict):
        answering.approve(by(world.rita, late), asked)
    entering.note_time(program("worker", late))
    again = requesting.ask(by(world.fremd, late), site, wish())
    answering.approve(by(world.rita, late), again, use_until=late + 2 * HOUR)
    with pytest.raises(Conflict):
        entering.begin(by(world.fremd, late + 2 * HOUR), again.key)
    entering.note_time(program("worker", late + 2 * HOUR))
    assert [each.stage for each in own_requests(by(world.fremd))] == [Stage.LAPSED, Stage.LAPSED]


def test_yes_counts_from_the_moment_that_was_asked_for(world: World, site: Node) -> None:
    asked = requesting.ask(by(world.fremd), site, wish(begins=NOW + 3 * HOUR))
    answering.approve(by(world.rita), asked)
    with pytest.raises(Conflict) as refused:
        entering.begin(by(world.fremd, NOW + 2 * HOUR), asked.key)
    assert refused.value.code == "too-early"
    entering.begin(by(world.fremd, NOW + 3 * HOUR), asked.key)
    assert may_enter(world.fremd, site, NOW + 3 * HOUR)


def test_access_ends_with_the_grant_under_which_it_was_asked(world: World, site: Node) -> None:
    asked = requesting.ask(by(world.fremd), site, wish())
    answering.approve(by(world.rita), asked)
    entering.begin(by(world.fremd), asked.key)
    standing = next(
        each for each in queries.grants_on(by(world.rita), site) if not each.reason and each.name == "Fremd"
    )
    row = queries.grant_of_key(by(world.rita), site, standing.key)
    assert row is not None
    granting.revoke(by(world.rita), row)
    assert (may_enter(world.fremd, site), doors(site, world.fremd)) == (False, [])


def test_whoever_entered_gives_it_back_early(world: World, site: Node) -> None:
    asked = requesting.ask(by(world.fremd), site, wish())
    answering.approve(by(world.rita), asked)
    entering.begin(by(world.fremd), asked.key)
    entering.end(by(world.fremd), asked.key)
    assert (may_enter(world.fremd, site), doors(site, world.fremd)) == (False, [])


def test_yes_of_somebody_who_lost_their_access_no_longer_counts(world: World, site: Node) -> None:
    let_in(world.ours.school, world.max, Terms(role="owner", valid_until=NOW + 2 * HOUR, depth=1), world.karl)
    asked = requesting.ask(by(world.fremd), site, wish(60))
    answering.approve(by(world.max), asked)
    with pytest.raises(Conflict) as refused:
        entering.begin(by(world.fremd, NOW + 3 * HOUR), asked.key)
    assert refused.value.code == "approval-fell"


def test_owner_who_wants_to_be_asked_is_asked_by_the_reseller_too(world: World) -> None:
    school = world.ours.school
    set_ceiling(by(world.karl), world.ours.customer, ASKED)
    assert not may_enter(world.rita, school)
    asked = requesting.ask(by(world.rita), school, wish())
    told = mails_about("Burner")
    assert told == {world.karl.email}
    answering.approve(by(world.karl), asked)
    entering.begin(by(world.rita), asked.key)
    assert may_enter(world.rita, school)
    assert len(doors(school, world.rita)) == 1


def test_only_the_owners_people_say_yes_where_the_owner_wants_to_be_asked(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.customer, ASKED)
    asked = requesting.ask(by(world.sonja), world.ours.school, wish())
    for answer in (answering.approve, answering.decline):
        with pytest.raises(Refused) as refused:
            answer(by(world.rita), asked)
        assert refused.value.code == "ceiling-owner"
    assert may_ask(by(world.karl), world.ours.school, [USE_REMOTE_ACCESS]) is None


def test_nobody_answers_their_own_request(world: World, site: Node) -> None:
    set_ceiling(by(world.karl), world.ours.customer, ASKED)
    asked = requesting.ask(by(world.rita), site, wish())
    lift_ceiling(by(world.karl), world.ours.customer)
    with pytest.raises(Refused) as refused:
        answering.approve(by(world.rita), asked)
    assert refused.value.code == "own-request"


def test_emergency_lets_in_at_once_alarms_the_owners_and_is_justified_afterwards(world: World) -> None:
    school = world.ours.school
    set_ceiling(by(world.karl), world.ours.customer, IN_EMERGENCIES)
    entered = requesting.enter_in_emergency(by(world.sonja), school, wish(120))
    assert may_enter(world.sonja, school)
    assert world.karl.email in mails_about("Burner")
    later = NOW + 3 * HOUR
    entering.note_time(program("worker", later))
    assert not may_enter(world.sonja, school, later)
    for again in (requesting.ask, requesting.enter_in_emergency):
        with pytest.raises(Conflict) as refused:
            again(by(world.sonja, later), school, wish())
        assert refused.value.code == "justify-first"
    entering.justify(by(world.sonja, later), entered.key, "The boiler leaked")
    assert world.karl.email in mails_about("The boiler leaked")
    requesting.ask(by(world.sonja, later), school, wish())


def test_emergency_is_no_way_around_an_owner_who_does_not_allow_it(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.customer, ASKED)
    with pytest.raises(Refused) as refused:
        requesting.enter_in_emergency(by(world.sonja), world.ours.school, wish())
    assert refused.value.code == "no-emergency"
    set_ceiling(by(world.karl), world.ours.customer, IN_EMERGENCIES)
    set_ceiling(by(world.karl), world.ours.school, ASKED)
    with pytest.raises(Refused):
        requesting.enter_in_emergency(by(world.sonja), world.ours.school, wish())


def test_nobody_asks_for_what_they_hold_or_what_no_yes_would_give(world: World, site: Node) -> None:
    with pytest.raises(Conflict) as refused:
        requesting.ask(by(world.sonja), site, wish())
    assert refused.value.code == "may-already"
    with pytest.raises(FurkaError):
        requesting.ask(by(world.fremd), site, Wish((CONFIGURE.key,), 60, "I want it"))
    with pytest.raises(FurkaError):
        requesting.ask(by(world.max), site, wish())
    with pytest.raises(NotThere):
        requesting.ask(by(world.nora), site, wish())
    assert not AccessRequest.objects.everything("a test looks").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (wish(0), "minutes"),
        (wish(8 * 24 * 60), "minutes"),
        (Wish((USE_REMOTE_ACCESS.key,), 60, " "), "reason"),
        (Wish((), 60, "Why not"), "rights"),
        (Wish(("nonsense",), 60, "Why not"), "rights"),
        (wish(begins=NOW - HOUR), "begins"),
        (wish(open_until=NOW), "open_until"),
    ],
)
def test_wishes_that_make_no_sense_are_told_at_their_field(
    world: World, site: Node, wrong: Wish, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        requesting.ask(by(world.fremd), site, wrong)
    assert field in refused.value.fields


def test_one_request_at_a_time_and_it_can_be_taken_back(world: World, site: Node) -> None:
    asked = requesting.ask(by(world.fremd), site, wish())
    with pytest.raises(Conflict):
        requesting.ask(by(world.fremd), site, wish())
    requesting.withdraw(by(world.fremd), asked.key)
    requesting.ask(by(world.fremd), site, wish())
    with pytest.raises(NotThere):
        requesting.withdraw(by(world.sonja), asked.key)
    assert request_of_key(by(world.nora), site, asked.key) is None


def test_approver_gives_no_longer_than_was_asked_and_than_they_may_themselves(
    world: World, site: Node
) -> None:
    let_in(world.ours.school, world.max, Terms(role="owner", valid_until=NOW + HOUR, depth=1), world.karl)
    asked = requesting.ask(by(world.fremd), site, wish(120))
    for minutes in (0, 121):
        with pytest.raises(Invalid):
            answering.approve(by(world.rita), asked, minutes=minutes)
    with pytest.raises(FurkaError):
        answering.approve(by(world.max), asked)
    answering.approve(by(world.max), asked, minutes=60)
