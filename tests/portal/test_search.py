"""One search over what a person may see."""

from __future__ import annotations

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.people.models import Person
from furka.tree import operations
from furka.tree.models import Node
from tests.portal.pages import page, text_of, url
from tests.world import World, by

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def test_search_finds_what_one_may_see_and_nothing_else(world: World, client: Client) -> None:
    def found(someone: Person, text: str) -> list[str]:
        return [each.name for each in page(client, someone, f"/search/?q={text}").context["found"]]

    assert found(world.rita, "schulhaus") == ["Schulhaus Muster"]
    assert found(world.rita, "192.168.1.10") == ["Heizung", "Heizung"]
    assert found(world.sonja, "192.168.1.10") == ["Heizung"]
    assert found(world.rita, "gateway") == ["gateway", "gateway"]
    assert found(world.karl, "sonja") == ["Sonja"]
    assert found(world.sonja, "karl") == []
    assert found(world.fremd, "schulhaus") == []


def test_search_answers_the_palette_with_options_and_stops_at_twenty(world: World, client: Client) -> None:
    for number in range(25):
        operations.create_site(by(world.rita), world.ours.reseller, f"Viele {number:02}")

    answer = page(client, world.rita, "/search/?q=viele", HTTP_HX_REQUEST="true")

    assert (len(answer.context["found"]), answer.context["more"]) == (20, True)
    assert text_of(answer).count('role="option"') == 20
    assert "There is more" in text_of(answer)
    assert "<html" not in text_of(answer)


def test_search_offers_what_can_be_done_where_one_is(world: World, client: Client) -> None:
    def offered(someone: Person, node: Node, text: str = "") -> list[str]:
        address = f"/search/?here={node.key}&q={text}"
        return [each.text for each in page(client, someone, address).context["actions"]]

    assert offered(world.rita, world.ours.customer, "new") == ["New site"]
    assert offered(world.rita, world.ours.reseller, "invite") == ["Invite a supporter"]
    assert "New network" in offered(world.karl, world.ours.school)
    assert offered(world.sonja, world.ours.school)[0] == "Overview"
    assert offered(world.nora, world.ours.school) == []


def test_every_page_can_open_the_palette(world: World, client: Client) -> None:
    answer = text_of(page(client, world.rita, url(world.ours.school)))

    assert f'href="/search/?here={world.ours.school.key}"' in answer
    assert '<dialog class="palette"' in answer
