"""The tree in the rail, and the siblings in the breadcrumb."""

from __future__ import annotations

import pytest
from django.test import Client

from furka.clock import FakeClock
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


def test_rail_is_open_down_to_the_page_and_shows_states(heard: World, client: Client) -> None:
    make_online(heard.ours.school)

    answer = page(client, heard.rita, url(heard.ours.school))

    [top] = answer.context["frame"].tree
    [customer, depot] = top.branches
    [school] = customer.branches
    assert [
        (each.name, each.is_open, each.is_here, each.state) for each in (top, customer, depot, school)
    ] == [
        ("Muster AG", True, False, ""),
        ("Gemeinde Muster", True, False, ""),
        ("Werkhof Muster", False, False, "bad"),
        ("Schulhaus Muster", False, True, "ok"),
    ]


def test_rail_of_a_supporter_begins_at_the_site(world: World, client: Client) -> None:
    answer = page(client, world.sonja, url(world.ours.school))

    assert [each.name for each in answer.context["frame"].tree] == ["Schulhaus Muster"]
    assert [crumb.name for crumb in answer.context["level"].crumbs] == ["Schulhaus Muster"]


def test_element_of_the_rail_opens_with_what_hangs_directly_below(world: World, client: Client) -> None:
    answer = page(client, world.rita, url(world.ours.customer, "branches/"))

    assert [branch.name for branch in answer.context["branches"]] == ["Schulhaus Muster"]


def test_siblings_are_those_of_the_same_kind_that_one_may_see(world: World, client: Client) -> None:
    operations.create_site(by(world.rita), world.ours.customer, "Turnhalle")

    answer = page(client, world.karl, url(world.ours.school, "siblings/"))
    alone = page(client, world.sonja, url(world.ours.school, "siblings/"))

    assert [name for _url, name, _here in answer.context["siblings"]] == ["Schulhaus Muster", "Turnhalle"]
    assert [name for _url, name, _here in alone.context["siblings"]] == ["Schulhaus Muster"]
