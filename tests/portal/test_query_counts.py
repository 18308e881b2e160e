"""No page costs more queries because there is more to show."""

from __future__ import annotations

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.tree import operations
from furka.tree.granting import Terms, invite
from tests.portal.pages import count_queries, url
from tests.world import TONIGHT, World, by, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


#: What each page may cost: 1 for what the person holds, 1 for what owners leave, 1 for the level, 3 for the rail, the
#: rest for its content.
BUDGET = {
    "": 25,
    "sites/": 16,
    "customers/": 10,
    "events/": 8,
    "services/": 7,
    "support/": 7,
    "settings/": 9,
}


@pytest.mark.parametrize("rest", BUDGET)
def test_queries_of_a_page_do_not_grow_with_its_rows(world: World, client: Client, rest: str) -> None:
    few = count_queries(client, world.rita, url(world.ours.reseller, rest))
    for number in range(4):
        customer = operations.create_customer(by(world.rita), world.ours.reseller, f"Kunde {number}")
        site = operations.create_site(by(world.rita), customer, f"Anlage {number}")
        operations.create_site(by(world.rita), world.ours.reseller, f"Eigene {number}")
        let_in(site, world.fremd, Terms(role="supporter", valid_until=TONIGHT), world.rita)
        invite(by(world.rita), site, f"neu{number}@example.org", Terms(role="supporter"))

    many = count_queries(client, world.rita, url(world.ours.reseller, rest))

    assert (few, many) == (BUDGET[rest], BUDGET[rest])


def test_queries_of_the_search_do_not_grow_with_what_is_found(world: World, client: Client) -> None:
    few = count_queries(client, world.rita, "/search/?q=Schulhaus")
    for number in range(5):
        operations.create_site(by(world.rita), world.ours.customer, f"Schulhaus {number}")

    assert count_queries(client, world.rita, "/search/?q=Schulhaus") == few


def test_queries_of_home_do_not_grow_with_the_entrances(world: World, client: Client) -> None:
    for site in (world.theirs.depot, world.theirs.school):
        let_in(site, world.sonja, Terms(role="supporter"), world.nora)
    few = count_queries(client, world.sonja, "/")
    for number in range(3):
        site = operations.create_site(by(world.rita), world.ours.reseller, f"Eigene {number}")
        let_in(site, world.sonja, Terms(role="supporter"), world.rita)

    assert count_queries(client, world.sonja, "/") == few
