"""Services, support and settings of a level."""

from __future__ import annotations

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.sites.models import Gateway
from furka.tree.granting import Terms
from furka.tree.models import Node
from tests.portal.pages import page, url
from tests.world import World, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def test_service_is_shown_where_it_is_configured_and_elsewhere_it_says_where(
    world: World, client: Client
) -> None:
    at_site = page(client, world.rita, url(world.ours.school, "services/"))
    above = page(client, world.rita, url(world.ours.reseller, "services/"))

    assert [each.service.key for each in at_site.context["here"]] == ["connect"]
    assert [(each.service.key, each.where) for each in above.context["elsewhere"]] == [
        ("connect", "It is configured at each site.")
    ]


def test_support_names_the_nearest_owner_first_and_no_level_that_one_may_not_see(
    world: World, client: Client
) -> None:
    answer = page(client, world.sonja, url(world.ours.school, "support/"))

    assert [(owner.name, level, kind) for owner, level, kind in answer.context["owners"]] == [
        ("Karl", "", "Customer"),
        ("Rita", "", "Reseller"),
    ]


def test_settings_change_one_thing_at_a_time(world: World, client: Client) -> None:
    client.force_login(world.karl)
    address = url(world.ours.school, "settings/")

    for sent in (
        {"part": "name", "name": "Schule Muster"},
        {"part": "zone", "time_zone": "Europe/Lisbon"},
        {"part": "lease", "lease_minutes": "60"},
    ):
        assert client.post(address, sent).status_code == 302, sent

    node = Node.objects.everything("a test").get(pk=world.ours.school.pk)
    assert (node.name, node.time_zone, node.lease_minutes) == ("Schule Muster", "Europe/Lisbon", 60)
    client.post(address, {"part": "lease", "lease_minutes": "0"})
    assert Node.objects.everything("a test").get(pk=world.ours.school.pk).lease_minutes is None


def test_settings_show_and_take_only_what_one_may_change(world: World, client: Client) -> None:
    let_in(world.ours.school, world.fremd, Terms(role="technician"), world.karl)

    answer = page(client, world.fremd, url(world.ours.school, "settings/"))
    refused = client.post(url(world.ours.school, "settings/"), {"part": "name", "name": "Meins"})

    shown = [answer.context[name] is not None for name in ("name_form", "zone_form", "lease_form")]
    assert shown == [False, True, False]
    assert refused.status_code == 403
    assert Node.objects.everything("a test").get(pk=world.ours.school.pk).name == "Schulhaus Muster"


def test_gateway_is_released_only_when_the_name_was_typed(world: World, client: Client) -> None:
    client.force_login(world.karl)
    address = url(world.ours.school, "gateway/release/")

    client.post(address, {"confirm": "Schulhaus"})
    assert Gateway.objects.everything("a test").filter(node=world.ours.school, released_at=None).exists()
    client.post(address, {"confirm": "Schulhaus Muster"})

    assert not Gateway.objects.everything("a test").filter(node=world.ours.school, released_at=None).exists()
