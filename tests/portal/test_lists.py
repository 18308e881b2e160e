"""Lists of sites and customers: searched, sorted, page by page."""

from __future__ import annotations

import pytest
from django.db.models import F
from django.test import Client

from furka.clock import FakeClock
from furka.inventory.filters import SITE_ORDERS
from furka.portal import paging
from furka.sites import lists
from furka.tree import operations
from furka.tunnel.models import Hub
from tests.portal.pages import make_online, page, url
from tests.world import NOW, World, by

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


@pytest.fixture
def heard(world: World) -> World:
    """The hub was heard of a moment ago."""
    Hub.objects.update(seen_at=NOW)
    return world


def test_numbers_and_list_and_single_states_agree(heard: World, client: Client) -> None:
    make_online(heard.ours.depot)
    operations.create_site(by(heard.rita), heard.ours.customer, "Turnhalle")

    for state, count in (("online", 1), ("offline", 1), ("without-gateway", 1), ("unknown", 0)):
        answer = page(client, heard.rita, url(heard.ours.reseller, f"sites/?state={state}"))
        assert [look.state.word for _site, _url, look in answer.context["rows"]] == [state] * count
        assert answer.context["pages"].text == f"{count} in all"


def test_list_of_sites_is_searched_by_name_and_by_customer(world: World, client: Client) -> None:
    def found(text: str) -> list[str]:
        answer = page(client, world.rita, url(world.ours.reseller, f"sites/?q={text}"))
        return [site.name for site, _url, _look in answer.context["rows"]]

    assert found("werk") == ["Werkhof Muster"]
    assert found("gemeinde") == ["Schulhaus Muster"]
    assert found("nachbar") == []


def test_list_of_sites_shows_the_worst_first_if_asked(heard: World, client: Client) -> None:
    make_online(heard.ours.depot)
    make_online(heard.ours.school, is_online=False)

    answer = page(client, heard.rita, url(heard.ours.reseller, "sites/?sort=state"))

    assert [site.name for site, _url, _look in answer.context["rows"]] == [
        "Schulhaus Muster",
        "Werkhof Muster",
    ]


@pytest.mark.parametrize("sort", ["name", "state", "new", "customer", "name&q=bad", "customer&q=bad"])
def test_pages_of_a_list_show_every_row_once_forth_and_back(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    for function in (paging.page_of, paging.page_in_parts, paging.first_page_and_count):
        monkeypatch.setattr(function, "__defaults__", (2,))
    make_online(world.ours.depot)
    for name in ("Alp", "Bad", "Bad", "Chor", "Dorf"):
        operations.create_site(by(world.rita), world.ours.reseller, name)
    for name in ("Zoo", "Gemeinde Muster", "Ohne", "Amt"):  # one is called like the customer that is there
        customer = operations.create_customer(by(world.rita), world.ours.reseller, name)
        for site in ("Bad", "Aal", "Bad") if name != "Ohne" else ():
            operations.create_site(by(world.rita), customer, site)
    address = url(world.ours.reseller, f"sites/?sort={sort}")
    sites = lists.sites_of(by(world.rita), world.ours.reseller).annotate(owner_key=F("parent__sort_key"))
    sort, _and, searched = sort.partition("&")
    if searched:
        sites = sites.filter(name="Bad")
    parts = lists.by_state(by(world.rita), sites) if sort == "state" else [sites]
    whole = [site.pk for part in parts for site in part.order_by(*SITE_ORDERS[sort])]

    forth, back = [], []
    at = last = address
    while at:
        answer = page(client, world.rita, at)
        forth.append([site.pk for site, _url, _look in answer.context["rows"]])
        last, at = at, answer.context["pages"].after
    at = last
    while at:
        answer = page(client, world.rita, at)
        back.append([site.pk for site, _url, _look in answer.context["rows"]])
        at = answer.context["pages"].before

    assert [key for rows in forth for key in rows] == whole
    assert [key for rows in reversed(back) for key in rows] == whole


def test_cursor_that_means_nothing_is_the_first_page(world: World, client: Client) -> None:
    for cursor in ("x", "WzAsMSwyLDNd", "WzAsImEiLCJiIl0", "ÄÖ", "W251bGxd"):
        answer = page(client, world.rita, url(world.ours.reseller, f"sites/?cursor={cursor}"))
        assert len(answer.context["rows"]) == 2, cursor


def test_list_of_customers_counts_their_sites(world: World, client: Client) -> None:
    operations.create_site(by(world.rita), world.ours.customer, "Turnhalle")
    operations.create_customer(by(world.rita), world.ours.reseller, "Ohne Anlage")

    answer = page(client, world.rita, url(world.ours.reseller, "customers/"))

    assert [(row.name, row.site_count) for row, *_rest in answer.context["rows"]] == [
        ("Gemeinde Muster", 2),
        ("Ohne Anlage", 0),
    ]
