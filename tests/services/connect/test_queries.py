"""What a person reaches now, and what later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from furka.access.windows import WeeklyWindow
from furka.catalogue.operations import configure
from furka.services.connect import operations, queries
from furka.sites.operations import add_device, release_gateway
from furka.tree.granting import Terms
from furka.tree.operations import create_site
from tests.world import NOW, TONIGHT, YESTERDAY, World, a_gateway, by, let_in, person

pytestmark = pytest.mark.django_db


def names(world: World, text: str = "") -> list[str]:
    return [found.site.name for found in queries.reachable_by(by(world.rita), text)]


def test_site_is_reached_from_the_acceptance_to_the_end(world: World) -> None:
    [found] = queries.reachable_by(by(world.sonja))

    assert (found.site, found.since, found.until) == (world.ours.school, YESTERDAY, TONIGHT)
    assert queries.reachable_by(by(world.sonja, TONIGHT)) == []


def test_two_accesses_that_follow_each_other_are_one_time(world: World) -> None:
    later = Terms(role="supporter", valid_from=TONIGHT, valid_until=TONIGHT + timedelta(hours=2))
    let_in(world.ours.school, world.sonja, later, world.rita)

    [found] = queries.reachable_by(by(world.sonja))

    assert (found.since, found.until) == (YESTERDAY, TONIGHT + timedelta(hours=2))


def test_devices_come_with_their_address_in_the_tunnel_and_their_page(world: World) -> None:
    add_device(by(world.rita), world.ours.school, "Zähler", "192.168.1.11", "meter", web=False)
    [found] = queries.reachable_by(by(world.sonja))
    [network] = found.networks
    first = network.virtual.network_address

    shown = [(each.device.name, each.address, each.link) for each in found.devices]

    assert shown == [("Heizung", first + 10, f"http://{first + 10}/"), ("Zähler", first + 11, "")]


def test_only_what_can_be_entered_is_reached(world: World) -> None:
    assert names(world) == ["Schulhaus Muster", "Werkhof Muster"]
    configure(by(world.rita), world.ours.school, "connect", {"enabled": False})
    assert names(world) == ["Werkhof Muster"]
    configure(by(world.rita), world.ours.school, "connect", {"enabled": True})
    release_gateway(by(world.rita), world.ours.depot)
    assert names(world) == ["Schulhaus Muster"]
    assert queries.reachable_by(by(world.max)) == []  # may only look
    assert queries.reachable_by(by(world.fremd)) == []


def test_sites_that_can_not_be_entered_take_no_place_from_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_SITES", 1)
    create_site(by(world.rita), world.ours.customer, "Aula ohne Gateway")
    configure(by(world.rita), world.ours.school, "connect", {"enabled": False})
    assert names(world) == ["Werkhof Muster"]


def test_sites_are_found_by_their_name_and_their_customers(world: World) -> None:
    assert names(world, "werk") == ["Werkhof Muster"]
    assert names(world, "gemeinde") == ["Schulhaus Muster"]
    assert names(world, "nachbar") == []


def test_reachable_costs_the_same_with_one_and_with_three(world: World) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as made:
            queries.reachable_by(by(world.rita))
        return len(made)

    with_two = cost()
    for number in range(2):
        site = create_site(by(world.rita), world.ours.customer, f"Neu {number}")
        a_gateway(site, world.rita)
    assert len(queries.reachable_by(by(world.rita))) == 4
    assert cost() == with_two


def test_access_that_begins_later_is_told_with_its_next_time(world: World) -> None:
    helper = person("Helper")
    begins, ends = NOW + timedelta(days=1), NOW + timedelta(days=2)
    let_in(
        world.ours.school, helper, Terms(role="supporter", valid_from=begins, valid_until=ends), world.rita
    )

    [later] = queries.later_access(by(helper))

    assert (later.grant.node, later.begins_at, later.until) == (world.ours.school, begins, ends)
    assert queries.later_access(by(helper, begins)) == []


def test_access_outside_of_its_hours_is_told_with_the_next_ones(world: World) -> None:
    helper = person("Helper")
    wednesday = WeeklyWindow.from_json({"weekdays": [2], "begins": "07:00", "ends": "08:00"})
    let_in(world.ours.school, helper, Terms(role="supporter", windows=(wednesday,)), world.rita)

    [later] = queries.later_access(by(helper))

    assert later.begins_at == NOW + timedelta(hours=17)  # 07:00 in Zurich
    assert queries.reachable_by(by(helper)) == []


def test_what_one_may_only_look_at_is_not_told_as_later_access(world: World) -> None:
    helper = person("Helper")
    later = Terms(role="viewer", valid_from=NOW + timedelta(days=1))
    let_in(world.ours.school, helper, later, world.rita)
    assert queries.later_access(by(helper)) == []


def test_revoked_profiles_are_not_listed(world: World) -> None:
    [profile] = queries.profiles_of(by(world.sonja))
    operations.revoke_profile(by(world.sonja), profile.key)
    assert queries.profiles_of(by(world.sonja)) == []
