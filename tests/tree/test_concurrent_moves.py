"""Several people change the tree at the same time: nothing is half done, and whoever was slower is told."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from furka.errors import FurkaError
from furka.people.models import Person
from furka.tree import operations
from furka.tree.granting import Relation, Terms
from furka.tree.lifecycle import archive, delete
from furka.tree.models import Kind, Node
from furka.tree.moving import move
from furka.tree.offering import Address, accept, offer, withdraw
from furka.tree.placements import placements_of
from tests.together import together
from tests.world import NOW, a_hub, by, let_in, person

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5
LOOKED_AT = "a test looks at everything"
STAFF = Terms(role="owner", relation=Relation.STAFF, depth=None)


@pytest.fixture
def people() -> tuple[Person, Person]:
    """Two administrators of the same reseller."""
    a_hub()
    return person("Rita"), person("Rolf")


@pytest.fixture
def reseller(people: tuple[Person, Person]) -> Node:
    rita, rolf = people
    level = operations.open_level(by(rita), Kind.RESELLER, "Muster AG")
    let_in(level, rolf, STAFF, rita)
    return level


def row(node: Node) -> Node:
    return Node.objects.everything(LOOKED_AT).select_related("parent").get(pk=node.pk)


def codes(results: list[object]) -> list[str]:
    """What was refused, by code; "" for what was done. Raises anything that is no refusal."""
    found = []
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, FurkaError):
            raise result
        found.append(result.code if isinstance(result, FurkaError) else "")
    return sorted(found)


def stands_right() -> None:
    """Every node's ancestors fit its parent, and its place of now is noted."""
    for node in Node.objects.everything(LOOKED_AT).exclude(kind=Kind.OPERATOR).select_related("parent"):
        assert node.parent is not None
        assert (node.reseller_id, node.customer_id) == (
            node.parent.place.reseller_id,
            node.parent.place.customer_id if node.is_site else None,
        )
        last = placements_of(node.pk)[-1]
        assert (last.parent_id, last.reseller_id, last.ended_at) == (node.parent_id, node.reseller_id, None)


def test_two_administrators_move_the_same_site(people: tuple[Person, Person], reseller: Node) -> None:
    rita, rolf = people
    for number in range(ROUNDS):
        at = NOW + timedelta(minutes=number)
        site = operations.create_site(by(rita, at), reseller, f"Standort {number}")
        one, other = (operations.create_customer(by(rita, at), reseller, f"Kunde {number}{x}") for x in "ab")
        site = row(site)
        later = at + timedelta(seconds=1)

        results = together(
            [partial(move, by(rita, later), site, one), partial(move, by(rolf, later), site, other)]
        )

        assert codes(results) == ["", "moved-meanwhile"]
        assert row(site).parent in (one, other)
        assert len(placements_of(site.pk)) == 2
    stands_right()


def test_site_is_created_at_a_customer_that_moves_away(people: tuple[Person, Person], reseller: Node) -> None:
    rita, rolf = people
    second = operations.open_level(by(rita), Kind.RESELLER, "Muster Nord AG")
    let_in(second, rolf, STAFF, rita)
    for number in range(ROUNDS):
        customer = row(operations.create_customer(by(rita), reseller, f"Kunde {number}"))
        later = NOW + timedelta(minutes=number + 1)

        results = together(
            [
                partial(move, by(rita, later), customer, second),
                partial(operations.create_site, by(rolf, later), customer, "Neu"),
                partial(operations.create_site, by(rita, later), customer, "Noch eine"),
            ]
        )

        assert codes(results) == ["", "", ""]
        sites = Node.objects.everything(LOOKED_AT).filter(parent=customer)
        assert {site.reseller_id for site in sites} == {second.pk}
    stands_right()


def test_nothing_is_built_on_what_somebody_deletes_meanwhile(
    people: tuple[Person, Person], reseller: Node
) -> None:
    rita, rolf = people
    for number in range(ROUNDS):
        customer = operations.create_customer(by(rita), reseller, f"Kunde {number}")

        results = together(
            [
                partial(delete, by(rita), customer, customer.name),
                partial(operations.create_site, by(rolf), customer, "Neu"),
            ]
        )

        assert codes(results) in (["", ""], ["", "not-there"])
        for site in Node.objects.everything(LOOKED_AT).filter(parent=customer):
            assert site.deleted_at == NOW
    stands_right()


def test_site_moves_into_a_customer_that_somebody_archives(
    people: tuple[Person, Person], reseller: Node
) -> None:
    rita, rolf = people
    for number in range(ROUNDS):
        customer = operations.create_customer(by(rita), reseller, f"Kunde {number}")
        site = row(operations.create_site(by(rita), reseller, f"Standort {number}"))

        results = together([partial(archive, by(rita), customer), partial(move, by(rolf), site, customer)])

        assert codes(results) in (["", ""], ["", "archived"])
        if row(site).parent == customer:
            assert row(site).archived_at == row(customer).archived_at
    stands_right()


def test_offer_is_accepted_and_withdrawn_at_once(people: tuple[Person, Person], reseller: Node) -> None:
    rita, _rolf = people
    nora = person("Nora")
    theirs = operations.open_level(by(nora), Kind.RESELLER, "Nachbar AG")
    for number in range(ROUNDS):
        site = operations.create_site(by(rita), reseller, f"Standort {number}")
        made = offer(by(rita), site, Address(theirs.key))

        results = together([partial(accept, by(nora), made.key), partial(withdraw, by(rita), made.key)])

        assert codes(results)[0] == ""
        assert codes(results)[1] in ("offer-answered", "not-there")
        accepted = not isinstance(results[0], FurkaError)
        assert row(site).parent == (theirs if accepted else reseller)
    stands_right()
