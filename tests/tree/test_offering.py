"""Levels move between two owners: one side offers or asks, the other answers; customers join resellers and leave."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage

from furka.access.rights import LOOK, STRUCTURE
from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.people.models import Person
from furka.tree import offering, operations, queries
from furka.tree.granting import Relation, Terms, revoke
from furka.tree.lifecycle import delete
from furka.tree.models import Kind, Node
from furka.tree.moving import Keep, leave_reseller, move
from furka.tree.offering import LASTS, Address, accept, ask, decline, offer, withdraw
from furka.tree.offers import givable, offer_of_key, offers_around, offers_for, receivers
from furka.tree.placements import placements_of
from tests.world import NOW, YESTERDAY, World, by, let_in, person

DAY = timedelta(days=1)
LOOKED_AT = "a test looks at everything"
STAFF = Terms(role="owner", relation=Relation.STAFF, depth=None)


def row(node: Node) -> Node:
    return Node.objects.everything(LOOKED_AT).select_related("parent", "reseller", "customer").get(pk=node.pk)


@pytest.fixture
def solo(world: World) -> Person:
    return person("Solo")


@pytest.fixture
def alone(solo: Person) -> Node:
    """A customer that registered itself."""
    return operations.open_level(by(solo, YESTERDAY), Kind.CUSTOMER, "Allein")


def test_offered_site_moves_when_the_other_side_accepts(world: World, mailoutbox: list[EmailMessage]) -> None:
    ours, theirs = world.ours, world.theirs
    made = offer(by(world.rita), ours.school, Address(theirs.customer.key, "Wie besprochen"))

    assert row(ours.school).parent_id == ours.customer.pk
    [mine] = offers_around(by(world.rita), ours.reseller, 9)
    assert (mine.mine, mine.to_answer, mine.node, mine.target, mine.to) == (
        True,
        False,
        ours.school,
        None,
        theirs.customer.key,
    )
    [told] = offers_around(by(world.nora), theirs.reseller, 9)
    assert (told.mine, told.to_answer, told.node, told.target, told.message) == (
        False,
        True,
        ours.school,
        theirs.customer,
        "Wie besprochen",
    )

    moved = accept(by(world.nora, NOW + DAY), made.key)

    assert (moved.parent_id, moved.reseller_id) == (theirs.customer.pk, theirs.reseller.pk)
    assert not by(world.rita, NOW + DAY).may(LOOK, row(ours.school).place)
    assert by(world.nora, NOW + DAY).may(STRUCTURE, row(ours.school).place)
    assert offers_around(by(world.nora, NOW + DAY), theirs.reseller, 9) == []
    assert {to for mail in mailoutbox for to in mail.to} == {
        "rita@example.org",
        "karl@example.org",
        "nora@example.org",
    }
    with pytest.raises(Conflict) as refusal:
        accept(by(world.nora, NOW + DAY), made.key)
    assert refusal.value.code == "offer-answered"


def test_offer_by_mail_is_for_that_address_alone_who_chooses_the_level(
    world: World, mailoutbox: list[EmailMessage]
) -> None:
    made = offer(by(world.rita), world.ours.school, Address(" Nora@Example.org "))
    assert mailoutbox[-1].to == ["nora@example.org"]
    assert f"/moves/{made.key}/" in mailoutbox[-1].body
    assert [view.key for view in offers_for(by(world.nora))] == [made.key]
    assert offers_for(by(world.fremd)) == []
    assert offer_of_key(by(world.fremd), made.key) is None
    with pytest.raises(NotThere):
        accept(by(world.fremd), made.key, world.theirs.customer)
    with pytest.raises(Invalid) as wrong:
        accept(by(world.nora), made.key)
    assert wrong.value.code == "level-missing"
    with pytest.raises(NotThere):  # a level that is not hers
        accept(by(world.nora), made.key, world.ours.reseller)

    moved = accept(by(world.nora), made.key, world.theirs.reseller)
    assert moved.parent_id == world.theirs.reseller.pk


@pytest.mark.parametrize("by_mail", [False, True])
def test_customer_that_registered_itself_joins_because_it_offers(
    world: World, solo: Person, alone: Node, by_mail: bool
) -> None:
    helper = person("Hilfe")
    let_in(alone, helper, Terms(role="supporter"), solo)
    made = offer(by(solo), alone, Address("rita@example.org" if by_mail else world.ours.reseller.key))

    moved = accept(by(world.rita), made.key, world.ours.reseller if by_mail else None, Keep(False, False))

    assert (moved.parent, moved.reseller) == (world.ours.reseller, world.ours.reseller)
    assert by(world.rita).may(STRUCTURE, moved.place)
    assert by(solo).may(STRUCTURE, moved.place)
    assert by(helper).may(LOOK, moved.place)  # whom it lets in is its own affair


@pytest.mark.parametrize("by_mail", [False, True])
def test_customer_that_registered_itself_joins_because_it_is_asked(
    world: World, solo: Person, alone: Node, by_mail: bool
) -> None:
    made = ask(by(world.rita), world.ours.reseller, Address(solo.email if by_mail else alone.key))
    waiting = offers_for(by(solo)) if by_mail else offers_around(by(solo), alone, 9)
    assert [(view.key, view.to_answer, view.target) for view in waiting] == [
        (made.key, True, world.ours.reseller)
    ]
    [mine] = offers_around(by(world.rita), world.ours.reseller, 9)
    assert mine.node is None  # its name is not told before it agrees
    assert alone in givable(by(solo), world.ours.reseller, 9)

    moved = accept(by(solo), made.key, alone if by_mail else None)

    assert moved.reseller == world.ours.reseller
    assert by(world.rita).may(STRUCTURE, moved.place)


def test_customer_leaves_again_and_the_reseller_has_no_access_any_more(
    world: World, solo: Person, alone: Node, mailoutbox: list[EmailMessage]
) -> None:
    accept(by(world.rita), offer(by(solo), alone, Address(world.ours.reseller.key)).key)
    rest = person("Aushilfe")
    let_in(world.ours.reseller, rest, Terms(role="owner", valid_until=NOW + 9 * DAY, depth=1), world.rita)
    let_in(row(alone), world.fremd, Terms(role="viewer", valid_until=NOW + 5 * DAY), rest)
    mailoutbox.clear()

    left = leave_reseller(by(solo, NOW + DAY), row(alone))

    assert (left.parent, left.reseller_id) == (queries.operator(), None)
    for someone in (world.rita, rest, world.fremd):
        assert not by(someone, NOW + DAY).may(LOOK, left.place)
    assert by(solo, NOW + DAY).may(STRUCTURE, left.place)
    assert {to for mail in mailoutbox for to in mail.to} == {"solo@example.org", "rita@example.org"}
    assert [place.reseller_id for place in placements_of(alone.pk)][-1] is None


def test_reseller_may_end_it_too_but_not_hand_the_customer_on(
    world: World, solo: Person, alone: Node
) -> None:
    accept(by(world.rita), offer(by(solo), alone, Address(world.ours.reseller.key)).key)
    second = operations.open_level(by(world.rita), Kind.RESELLER, "Muster Nord AG")
    for hand_on in (
        lambda: move(by(world.rita), row(alone), second),
        lambda: offer(by(world.rita), row(alone), Address(world.theirs.reseller.key)),
    ):
        with pytest.raises(Conflict) as refusal:
            hand_on()
        assert refusal.value.code == "customer-decides"

    assert leave_reseller(by(world.rita), row(alone)).reseller_id is None


def test_declined_and_withdrawn_offers_change_nothing(world: World) -> None:
    ours, theirs = world.ours, world.theirs
    first = offer(by(world.rita), ours.school, Address(theirs.customer.key))
    with pytest.raises(NotThere):
        decline(by(world.karl), first.key)
    decline(by(world.nora), first.key)
    second = offer(by(world.rita), ours.school, Address(theirs.customer.key))
    with pytest.raises(NotThere):
        withdraw(by(world.nora), second.key)
    withdraw(by(world.rita), second.key)

    for made in (first, second):
        with pytest.raises(Conflict):
            accept(by(world.nora), made.key)
    assert row(ours.school).parent_id == ours.customer.pk
    actions = Event.objects.filter(action__startswith="move.").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["move.offered", "move.declined", "move.offered", "move.withdrawn"]


def test_offer_ends_with_its_time_and_with_the_right_of_whoever_made_it(world: World) -> None:
    made = offer(by(world.rita), world.ours.school, Address(world.theirs.customer.key))
    with pytest.raises(Conflict) as refusal:
        accept(by(world.nora, NOW + LASTS), made.key)
    assert refusal.value.code == "offer-expired"
    view = offer_of_key(by(world.nora, NOW + LASTS), made.key)
    assert view is not None
    assert view.state == "expired"

    second = person("Zweite")
    key = let_in(world.ours.reseller, second, STAFF, world.rita)
    by_second = offer(by(second), world.ours.depot, Address(world.theirs.customer.key))
    grant = queries.grant_of_key(by(world.rita), world.ours.reseller, key)
    assert grant is not None
    revoke(by(world.rita), grant)
    with pytest.raises(Conflict) as refusal:
        accept(by(world.nora), by_second.key)
    assert refusal.value.code == "offer-void"


def test_offer_of_what_has_moved_meanwhile_is_withdrawn(world: World) -> None:
    made = offer(by(world.rita), world.ours.school, Address(world.theirs.customer.key))
    move(by(world.rita), world.ours.school, world.ours.reseller)
    with pytest.raises(Conflict):
        accept(by(world.nora), made.key)


def test_offer_of_a_deleted_level_is_not_there(world: World) -> None:
    made = offer(by(world.rita), world.ours.school, Address(world.theirs.customer.key))
    delete(by(world.rita), world.ours.school, "Schulhaus Muster")
    assert offers_around(by(world.nora), world.theirs.reseller, 9) == []
    with pytest.raises(NotThere):
        accept(by(world.nora), made.key)


@pytest.mark.parametrize(
    ("what", "to", "code"),
    [
        ("school", "", "address-missing"),
        ("school", "kein@", "email-wrong"),
        ("school", "0123456789ab", "key-unknown"),
        ("school", "depot", "wrong-target"),
        ("school", "customer", "already-there"),
        ("school", "school", "onto-itself"),
        ("reseller", "depot", "wrong-kind"),
    ],
)
def test_offer_that_makes_no_sense_is_told(world: World, what: str, to: str, code: str) -> None:
    address = getattr(world.ours, to).key if hasattr(world.ours, to) else to
    with pytest.raises(FurkaError) as refusal:
        offer(by(world.rita), getattr(world.ours, what), Address(address))
    assert refusal.value.code == code


def test_key_may_come_as_the_address_of_a_page(world: World) -> None:
    url = f"https://furka.example.org/levels/{world.theirs.customer.key}/settings/"
    assert offer(by(world.rita), world.ours.school, Address(url)).target == world.theirs.customer


def test_the_same_is_not_offered_twice(world: World) -> None:
    offer(by(world.rita), world.ours.school, Address("nora@example.org"))
    with pytest.raises(Conflict) as refusal:
        offer(by(world.rita), world.ours.school, Address("nora@example.org"))
    assert refusal.value.code == "already-offered"


def test_nobody_writes_to_everybody_with_offers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offering, "MOST_A_DAY", 2)
    for number in range(2):
        offer(by(world.rita), world.ours.school, Address(f"somebody{number}@example.org"))
    with pytest.raises(Conflict) as refusal:
        offer(by(world.rita), world.ours.depot, Address("another@example.org"))
    assert refusal.value.code == "too-many-offers"
    offer(by(world.rita, NOW + DAY), world.ours.depot, Address("another@example.org"))


def test_only_whoever_has_a_level_offers_it_or_asks_for_it(world: World) -> None:
    owner = person("Eigner")
    let_in(world.ours.school, owner, STAFF, world.rita)
    with pytest.raises(Conflict) as refusal:
        offer(by(owner), world.ours.school, Address("nora@example.org"))
    assert refusal.value.code == "offer-needed"
    with pytest.raises(Refused):
        offer(by(world.sonja), world.ours.school, Address("nora@example.org"))
    with pytest.raises(NotThere):
        offer(by(world.nora), world.ours.school, Address("nora@example.org"))
    with pytest.raises(Conflict) as taken:  # it has a reseller
        ask(by(world.nora), world.theirs.reseller, Address(world.ours.customer.key))
    assert taken.value.code == "has-reseller"


def test_asked_for_site_is_given_by_whoever_has_it(world: World) -> None:
    made = ask(by(world.nora), world.theirs.customer, Address(world.ours.school.key), Keep(supporters=True))
    with pytest.raises(NotThere):
        accept(by(world.nora), made.key)
    with pytest.raises(NotThere):
        accept(by(world.sonja), made.key)

    moved = accept(by(world.karl), made.key)  # the customer has it

    assert moved.customer == world.theirs.customer
    assert by(world.sonja).may(LOOK, moved.place)  # the receiving side wanted the supporters kept


def test_levels_are_offered_for_choice(world: World) -> None:
    assert receivers(by(world.nora), Kind.SITE, 9) == [world.theirs.customer, world.theirs.reseller]
    assert receivers(by(world.nora), Kind.CUSTOMER, 9) == [world.theirs.reseller]
    assert receivers(by(world.sonja), Kind.SITE, 9) == []
