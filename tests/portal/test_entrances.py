"""Where one begins, and who finds what is not theirs."""

from __future__ import annotations

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.tree.granting import Terms
from tests.portal.pages import page, url
from tests.world import TONIGHT, World, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def test_home_goes_straight_on_if_there_is_one_place_only(world: World, client: Client) -> None:
    answer = page(client, world.sonja, "/")

    assert (answer.status_code, answer.headers["Location"]) == (302, url(world.ours.school))


def test_home_of_somebody_who_was_let_in_nowhere_is_the_welcome(world: World, client: Client) -> None:
    assert page(client, world.fremd, "/").headers["Location"] == "/welcome/"


def test_home_lists_every_entrance_with_the_end_of_the_access(world: World, client: Client) -> None:
    let_in(world.theirs.depot, world.sonja, Terms(role="supporter"), world.nora)

    answer = page(client, world.sonja, "/")

    shown = {each.node.name: each.until for each in answer.context["entrances"]}
    assert shown == {"Schulhaus Muster": TONIGHT, "Werkhof Nachbar": None}
