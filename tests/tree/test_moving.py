"""Levels move within what one administers: at once, whole, and what was held above the old place ends that second."""

from __future__ import annotations

from datetime import timedelta

import pytest

from furka.access.rights import JOURNAL, LOOK
from furka.dispatch import answer
from furka.errors import Conflict, FurkaError, Invalid, NotThere
from furka.journal.chain import verify
from furka.journal.models import Chain, Event
from furka.plan.entries import Door
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.sites.models import ClaimCode
from furka.sites.operations import issue_claim_code
from furka.tree import operations, queries
from furka.tree.granting import Relation, Terms, invite
from furka.tree.history import events_of
from furka.tree.lifecycle import archive, delete
from furka.tree.models import Kind, Node
from furka.tree.moving import KEEP_ALL, Keep, effects, leave_reseller, move
from furka.tree.placements import placement_at
from tests.world import NOW, World, a_profile, by, let_in, person

DAY = timedelta(days=1)
LOOKED_AT = "a test looks at everything"
STAFF = Terms(role="owner", relation=Relation.STAFF, depth=None)


def row(node: Node) -> Node:
    return Node.objects.everything(LOOKED_AT).select_related("parent", "reseller", "customer").get(pk=node.pk)


def place(node: Node) -> tuple[int | None, int | None, int | None]:
    found = row(node)
    return found.parent_id, found.reseller_id, found.customer_id


@pytest.fixture
def other(world: World) -> Node:
    """Another customer of our reseller."""
    return operations.create_customer(by(world.rita), world.ours.reseller, "Gemeinde Neudorf")


def doors_of(world: World, site: Node) -> set[str]:
    plan = answer.plan_since(world.hub, 0, NOW).entries
    return {
        entry.profile
        for entry in plan
        if isinstance(entry, Door) and entry.site == site.pk and entry.open_at(NOW)
    }


def test_site_moves_to_another_customer_at_once(world: World, other: Node) -> None:
    ours = world.ours
    moved = move(by(world.rita), ours.school, other)

    assert place(moved) == (other.pk, ours.reseller.pk, other.pk)
    assert not by(world.karl).may(LOOK, row(ours.school).place)
    before = placement_at(ours.school.pk, NOW - DAY / 2)
    after = placement_at(ours.school.pk, NOW)
    assert before is not None
    assert after is not None
    assert (before.customer_id, after.customer_id) == (ours.customer.pk, other.pk)


def test_site_moves_to_the_reseller_itself_and_back(world: World) -> None:
    ours = world.ours
    move(by(world.rita), ours.school, ours.reseller)
    assert place(ours.school) == (ours.reseller.pk, ours.reseller.pk, None)
    move(by(world.rita, NOW + DAY), row(ours.school), ours.customer)
    assert place(ours.school) == (ours.customer.pk, ours.reseller.pk, ours.customer.pk)


def test_customer_takes_its_sites_along(world: World) -> None:
    ours, rita = world.ours, world.rita
    second = operations.open_level(by(rita), Kind.RESELLER, "Muster Nord AG")
    delete(by(rita), ours.school, "Schulhaus Muster")
    hall = operations.create_site(by(rita), ours.customer, "Halle")

    move(by(rita), ours.customer, second)

    assert place(ours.customer) == (second.pk, second.pk, None)
    for site in (hall, ours.school):  # also what lies in the bin
        assert place(site) == (ours.customer.pk, second.pk, ours.customer.pk)
    assert place(ours.depot) == (ours.reseller.pk, ours.reseller.pk, None)


def test_access_from_above_ends_that_second_for_packets_too(world: World, other: Node) -> None:
    karls = a_profile(world.karl)
    ritas = doors_of(world, world.ours.depot)
    assert karls.key in doors_of(world, world.ours.school)

    move(by(world.rita), world.ours.school, other, KEEP_ALL)

    assert karls.key not in doors_of(world, world.ours.school)
    assert ritas <= doors_of(world, world.ours.school)
    assert by(world.sonja).may(USE_REMOTE_ACCESS, row(world.ours.school).place)


def test_supporters_end_and_staff_stay_unless_said_otherwise(world: World, other: Node) -> None:
    ours = world.ours
    hauswart = person("Hauswart")
    let_in(ours.school, hauswart, Terms(role="viewer", relation=Relation.STAFF), world.rita)
    waiting = invite(by(world.rita), ours.school, world.fremd.email, Terms(role="viewer"))

    move(by(world.rita), ours.school, other)

    assert by(hauswart).may(LOOK, row(ours.school).place)
    assert not by(world.sonja).may(LOOK, row(ours.school).place)
    assert queries.invitation_secret(waiting.series) is None
    ended = Event.objects.filter(action="grant.revoked", node_id=ours.school.pk)
    assert {event.customer_id for event in ended} == {other.pk}

    move(by(world.rita, NOW + DAY), row(ours.school), ours.customer, Keep(staff=False, supporters=True))
    assert not by(hauswart, NOW + DAY).may(LOOK, row(ours.school).place)


def test_what_rests_on_access_above_the_old_place_ends_in_any_case(world: World, other: Node) -> None:
    ours = world.ours
    chief, helper = person("Chef"), person("Hilfe")
    terms = Terms(role="owner", relation=Relation.STAFF, valid_until=NOW + DAY, depth=1)
    let_in(ours.customer, chief, terms, world.rita)
    let_in(ours.school, helper, Terms(role="viewer", valid_until=NOW + DAY / 2), chief)

    move(by(world.rita), ours.school, other, KEEP_ALL)

    assert not by(helper).may(LOOK, row(ours.school).place)
    assert by(chief).may(LOOK, row(ours.customer).place)


def test_people_of_a_customer_stay_with_it(world: World) -> None:
    second = operations.open_level(by(world.rita), Kind.RESELLER, "Muster Nord AG")

    move(by(world.rita), world.ours.customer, second, Keep(staff=False, supporters=False))

    assert by(world.karl).may(LOOK, row(world.ours.customer).place)
    assert not by(world.sonja).may(LOOK, row(world.ours.school).place)


def test_old_owner_keeps_the_record_of_before_and_the_new_one_begins(world: World) -> None:
    """Karl's school goes to Nora, through somebody who administers both."""
    both = person("Beide")
    let_in(world.ours.reseller, both, STAFF, world.rita)
    let_in(world.theirs.reseller, both, STAFF, world.nora)
    operations.rename(by(world.rita), world.ours.school, "Altbau")

    move(by(both, NOW + DAY), row(world.ours.school), world.theirs.customer)

    operations.rename(by(world.nora, NOW + DAY), row(world.ours.school), "Neubau")
    of_nora = [event.action for event in events_of(by(world.nora, NOW + DAY), row(world.ours.school))]
    assert of_nora[:2] == ["node.renamed", "node.moved-here"] or "node.moved-here" in of_nora
    assert "node.moved-away" not in of_nora
    assert of_nora.count("node.renamed") == 1
    of_karl = [event.action for event in events_of(by(world.karl, NOW + DAY), world.ours.customer)]
    assert "node.moved-away" in of_karl
    assert "node.moved-here" not in of_karl
    assert of_karl.count("node.renamed") == 1
    assert [fault for chain in Chain.objects.all() for fault in verify(chain)] == []
    assert not by(world.karl, NOW + DAY).may(JOURNAL, row(world.ours.school).place)


def test_who_reads_the_journal_of_a_moved_site_alone_reads_it_from_the_move_on(
    world: World, other: Node
) -> None:
    move(by(world.rita), world.ours.school, other)
    reader = person("Leser")
    terms = Terms(rights=("journal",), relation=Relation.STAFF)
    let_in(row(world.ours.school), reader, terms, world.rita)

    actions = {event.action for event in events_of(by(reader), row(world.ours.school))}
    assert "node.moved-here" in actions
    assert "site.created" not in actions


def test_code_that_the_old_owner_knows_is_void(world: World, other: Node) -> None:
    empty = operations.create_site(by(world.rita), world.ours.customer, "Leer")
    issue_claim_code(by(world.rita), empty)
    move(by(world.rita), empty, other)
    assert not ClaimCode.objects.everything(LOOKED_AT).filter(node=empty).exists()


@pytest.mark.parametrize(
    ("what", "where", "code"),
    [
        ("customer", "customer", "onto-itself"),
        ("customer", "school", "into-own-subtree"),
        ("school", "depot", "wrong-target"),
        ("customer", "depot", "wrong-target"),
        ("reseller", "customer", "wrong-kind"),
        ("school", "customer", "already-there"),
    ],
)
def test_move_that_makes_no_sense_is_told(world: World, what: str, where: str, code: str) -> None:
    node, target = getattr(world.ours, what), getattr(world.ours, where)
    before = place(node)
    with pytest.raises(FurkaError) as refusal:
        move(by(world.rita), node, target)
    assert refusal.value.code == code
    assert place(node) == before


def test_move_needs_both_ends(world: World) -> None:
    ours, theirs = world.ours, world.theirs
    with pytest.raises(NotThere):
        move(by(world.rita), ours.school, theirs.customer)
    with pytest.raises(NotThere):
        move(by(world.nora), ours.school, theirs.customer)
    own = operations.open_level(by(world.karl), Kind.RESELLER, "Karl AG")
    with pytest.raises(Conflict) as refusal:  # he has the customer, not the reseller that has it
        move(by(world.karl), ours.customer, own)
    assert refusal.value.code == "offer-needed"


def test_owner_of_the_site_alone_can_not_take_it_away(world: World) -> None:
    theirs = person("Eigner")
    let_in(world.ours.school, theirs, STAFF, world.rita)
    mine = operations.open_level(by(theirs), Kind.CUSTOMER, "Mein Eigen")
    with pytest.raises(Conflict) as refusal:
        move(by(theirs), world.ours.school, mine)
    assert refusal.value.code == "offer-needed"


def test_nothing_moves_into_the_archive(world: World, other: Node) -> None:
    archive(by(world.rita), other)
    with pytest.raises(Conflict) as refusal:
        move(by(world.rita), world.ours.school, row(other))
    assert refusal.value.code == "archived"


def test_who_was_slower_is_told(world: World, other: Node) -> None:
    stale = row(world.ours.school)
    move(by(world.rita), world.ours.school, other)
    with pytest.raises(Conflict) as refusal:
        move(by(world.rita), stale, world.ours.reseller)
    assert refusal.value.code == "moved-meanwhile"


def test_what_a_move_changes_is_told_in_numbers(world: World, other: Node) -> None:
    told = effects(by(world.rita), world.ours.school, other)
    # Karl loses it; Rita has both; Sonja and Max were let in at the school.
    assert (told.lose, told.gain, told.staff, told.supporters, told.invitations) == (1, 0, 0, 2, 0)
    with pytest.raises(NotThere):
        effects(by(world.sonja), world.ours.school, None)
    assert effects(by(world.rita), world.ours.school, world.theirs.customer).gain == 0


def test_customer_of_a_reseller_can_not_simply_leave(world: World) -> None:
    with pytest.raises(Conflict) as refusal:
        leave_reseller(by(world.karl), world.ours.customer)
    assert refusal.value.code == "not-registered-itself"
    with pytest.raises(Invalid):
        leave_reseller(by(world.rita), world.ours.school)
