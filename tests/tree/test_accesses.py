"""Who has access, and why: now, at any past moment, and as a record whose hash the journal keeps."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator

from furka.access.rights import LOOK, PEOPLE
from furka.errors import Invalid
from furka.journal.models import Event
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import accesses, ceilings, granting, lifecycle, operations, placements, queries, records
from furka.tree.accesses import reach_of, who_may
from furka.tree.acting import Acting
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Terms
from furka.tree.models import Node
from furka.tree.operation import program
from furka.tree.second_factor import second_factor_changed
from furka.tree.staff import open_operator_session
from tests.world import NOW, TONIGHT, YESTERDAY, World, by, let_in

HOUR = timedelta(hours=1)


def revoke(who: Acting, node: Node, name: str) -> None:
    [key] = [view.key for view in queries.grants_on(who, node) if view.name == name]
    row = queries.grant_of_key(who, node, key)
    assert row is not None
    granting.revoke(who, row)


def test_everybody_is_named_with_the_level_that_lets_them_in(world: World) -> None:
    found = who_may(by(world.karl), world.ours.school, NOW)

    told = [(each.name, each.level.name, each.is_inherited, each.granted_by) for each in found]
    assert told == [
        ("Karl", "Gemeinde Muster", True, "Rita"),
        ("Max", "Schulhaus Muster", False, "Karl"),
        ("Rita", "Muster AG", True, ""),
        ("Sonja", "Schulhaus Muster", False, "Rita"),
    ]
    sonja = found[3]
    assert (sonja.rights, sonja.reason, sonja.valid_until) == (("look", "connect.use"), "Störung", TONIGHT)


def test_one_right_alone_can_be_asked_for(world: World) -> None:
    asked = who_may(by(world.karl), world.ours.school, NOW, USE_REMOTE_ACCESS)
    assert [each.name for each in asked] == ["Karl", "Rita", "Sonja"]


def test_the_past_is_answered_as_it_was(world: World) -> None:
    school, karl = world.ours.school, by(world.karl, NOW + HOUR)
    revoke(by(world.karl, NOW + HOUR), school, "Sonja")
    operations.rename(by(world.rita, NOW + HOUR), school, "Sekundarschule")
    later = by(world.karl, NOW + 2 * HOUR)

    assert "Sonja" not in {each.name for each in who_may(karl, school, NOW + HOUR)}
    then = {each.name: each.level_name for each in who_may(later, school, NOW)}
    assert (then["Sonja"], then["Max"]) == ("Schulhaus Muster", "Schulhaus Muster")
    ernst = who_may(later, school, NOW - 2 * HOUR)
    assert "Ernst" in {each.name for each in ernst}
    assert who_may(later, school, YESTERDAY - HOUR) == []


def test_a_moved_site_answers_with_the_levels_of_that_time(world: World) -> None:
    """The row of a site moves; what was held above it then is still found, what is above it now is not told of then."""
    school = world.ours.school
    other = operations.create_customer(by(world.rita), world.ours.reseller, "Gemeinde Neu")
    let_in(other, world.fremd, Terms(role="viewer"), world.rita)
    later = NOW + HOUR
    moved = Node.objects.everything("a test").get(pk=school.pk)
    moved.parent, moved.customer = other, other
    moved.save(update_fields=["parent", "customer"])
    placements.follow([moved], later)

    now = {each.name for each in who_may(by(world.rita, later), moved, later)}
    then = {each.name for each in who_may(by(world.rita, later), moved, NOW)}
    assert now == {"Fremd", "Max", "Rita", "Sonja"}
    assert then == {"Karl", "Max", "Rita", "Sonja"}


def remote(who: Acting, node: Node, moment: datetime) -> set[str]:
    return {each.name for each in who_may(who, node, moment, USE_REMOTE_ACCESS)}


def test_what_was_archived_or_deleted_then_let_nobody_in_although_it_is_back(world: World) -> None:
    """Noted at the customer: it counts for the site below, as the tree stood."""
    ours = world.ours
    lifecycle.archive(by(world.rita, NOW + HOUR), ours.customer)
    lifecycle.reopen(by(world.rita, NOW + 2 * HOUR), ours.customer)
    lifecycle.delete(by(world.rita, NOW + 3 * HOUR), ours.customer, ours.customer.name)
    lifecycle.restore(by(world.rita, NOW + 4 * HOUR), ours.customer.key)
    rita = by(world.rita, NOW + 5 * HOUR)

    everybody = {"Karl", "Rita", "Sonja"}
    told = [remote(rita, ours.school, NOW + hours * HOUR) for hours in (0, 1, 2)]
    assert told == [everybody, set(), everybody]
    assert len(who_may(rita, ours.school, NOW + HOUR)) == 4  # they still saw it
    assert who_may(rita, ours.school, NOW + 3 * HOUR) == []
    assert who_may(rita, ours.school, NOW + 4 * HOUR) != []
    for hours, number in ((1, 1), (3, 0), (2, 1)):
        found = reach_of(rita, ours.reseller, world.karl, NOW + hours * HOUR)
        assert len(found) == number, hours


def test_second_factor_of_then_is_what_counted_then(world: World) -> None:
    school, karl = world.ours.school, world.karl

    def has_one(at: datetime, *, has: bool) -> None:
        if has:
            Authenticator.objects.create(user=karl, type=Authenticator.Type.TOTP, data={})
        else:
            Authenticator.objects.filter(user=karl).delete()
        second_factor_changed(by(karl, at))

    has_one(NOW, has=True)
    ceilings.set_ceiling(by(karl, NOW), school, CeilingTerms(two_factor=True))
    has_one(NOW + HOUR, has=False)
    has_one(NOW + 2 * HOUR, has=True)
    asking = by(karl, NOW + 3 * HOUR)

    told = [remote(asking, school, NOW + hours * HOUR) for hours in (0, 1, 2, 3)]
    assert told == [{"Karl"}, set(), {"Karl"}, {"Karl"}]


def test_operators_sessions_are_told_too(world: World) -> None:
    open_operator_session(program("test", NOW), world.nora, "Störung der Cloud")
    found = {each.name: each.reason for each in who_may(by(world.karl), world.ours.school, NOW)}
    assert found["Nora"] == "Störung der Cloud"


def test_whoever_has_no_account_any_more_is_told_of_the_past_alone(world: World) -> None:
    Person.objects.filter(pk=world.sonja.pk).update(is_active=False)
    school = world.ours.school

    assert "Sonja" not in {each.name for each in who_may(by(world.karl), school, NOW)}
    assert "Sonja" in {each.name for each in who_may(by(world.karl), school, NOW - HOUR)}


def test_nobody_is_told_who_does_not_administer_people(world: World) -> None:
    for someone in (world.sonja, world.max, world.nora, world.fremd, world.ernst):
        assert who_may(by(someone), world.ours.school, NOW) == []
        assert reach_of(by(someone), world.ours.school, world.sonja, NOW) == []
        assert accesses.known_person(by(someone), world.ours.school, world.sonja.key) is None


def test_what_a_person_can_reach_is_told_as_far_as_one_administers_people(world: World) -> None:
    let_in(world.theirs.depot, world.sonja, Terms(role="viewer"), world.nora)

    ours = reach_of(by(world.rita), world.ours.reseller, world.sonja, NOW)
    karl = reach_of(by(world.rita), world.ours.school, world.karl, NOW)

    assert [(each.level.name, each.is_inherited) for each in ours] == [("Schulhaus Muster", False)]
    assert [(each.level.name, each.is_inherited) for each in karl] == [("Gemeinde Muster", True)]
    assert reach_of(by(world.rita), world.ours.depot, world.sonja, NOW) == []
    assert reach_of(by(world.rita), world.ours.reseller, world.sonja, YESTERDAY - HOUR) == []


def test_sites_behind_an_access_are_counted(world: World) -> None:
    found = reach_of(by(world.rita), world.ours.reseller, world.rita, NOW)
    assert accesses.sites_reached(by(world.rita), found) == {world.ours.reseller.pk: 2}


def test_only_people_of_the_level_are_known_there(world: World) -> None:
    rita = by(world.rita)
    assert accesses.known_person(rita, world.ours.reseller, world.sonja.key) == world.sonja
    assert accesses.known_person(rita, world.ours.school, world.rita.key) == world.rita
    assert accesses.known_person(rita, world.ours.school, world.ernst.key) == world.ernst  # until an hour ago
    assert accesses.known_person(rita, world.ours.reseller, world.nora.key) is None
    assert accesses.known_person(rita, world.ours.depot, world.sonja.key) is None


def test_nobody_knows_what_will_be(world: World) -> None:
    asking = by(world.karl)
    assert accesses.moment_asked(asking, None) == NOW
    assert accesses.moment_asked(asking, NOW + timedelta(seconds=30)) == NOW  # a clock that is a little ahead
    with pytest.raises(Invalid):
        accesses.moment_asked(asking, NOW + HOUR)


def test_record_is_found_again_by_its_hash(world: World) -> None:
    karl, school = by(world.karl), world.ours.school
    record = records.record_of(karl, school, NOW, who_may(karl, school, NOW), right=LOOK)
    records.take(karl, school, record)

    event = Event.objects.filter(action=records.TAKEN).get()
    assert (event.after["hash"], event.after["number"]) == (record.hash, 4)
    for written in (record.hash, record.hash[:16], f" {record.hash[:16].upper()} "):
        found = records.taken(karl, school, written)
        assert found is not None
        assert (found.by, found.at, found.moment) == ("Karl", NOW, NOW)
    assert records.taken(karl, school, record.hash[:15]) is None
    assert records.taken(karl, school, "0" * 64) is None
    assert records.taken(karl, world.ours.customer, record.hash) is None
    assert records.taken(by(world.max), school, record.hash) is None


def test_record_with_one_thing_else_has_another_hash(world: World) -> None:
    karl, school = by(world.karl), world.ours.school
    found = who_may(karl, school, NOW)
    hashes = {
        records.record_of(karl, school, NOW, found).hash,
        records.record_of(karl, school, NOW - HOUR, found).hash,
        records.record_of(karl, school, NOW, found[1:]).hash,
        records.record_of(karl, school, NOW, found, right=PEOPLE).hash,
        records.record_of(by(world.rita), school, NOW, found).hash,
    }
    assert len(hashes) == 5
