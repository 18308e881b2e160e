"""One plant under its real addresses, for one device of a person: it follows the access and opens nothing itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from furka.access.rights import LOOK
from furka.activeplants.queries import plants_at_hand
from furka.dispatch import answer
from furka.errors import Conflict, NotThere
from furka.journal.models import Event
from furka.plan.entries import Door, RealNetwork
from furka.services.connect.operations import choose_plant, configuration, create_profile, revoke_profile
from furka.sites.models import Network
from furka.sites.operations import add_network
from furka.tree import granting
from furka.tree.granting import Terms
from furka.tree.models import Node
from furka.tree.queries import grant_of_key, grants_on
from furka.tunnel.models import Profile
from tests.world import NOW, World, by, let_in, public_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def laptop(world: World) -> Profile:
    """Sonja's, for real addresses."""
    return create_profile(by(world.sonja), "Werkzeug", public_key(), real=True).profile


def real(world: World, profile: Profile) -> list[tuple[str, str, str]]:
    """What the hub is told: site, real network, virtual prefix."""
    entries = answer.plan_since(world.hub, 0, NOW).entries
    return [
        (each.site_name, str(each.network), str(each.virtual))
        for each in entries
        if isinstance(each, RealNetwork) and each.profile == profile.key
    ]


def virtual(world: World, site: Node) -> str:
    rows = Network.objects.visible_to(by(world.rita), LOOK)
    return rows.get(node=site, subnet="192.168.1.0/24").virtual_subnet


def test_chosen_plant_is_reached_under_its_own_networks(world: World, laptop: Profile) -> None:
    school, depot = world.ours.school, world.ours.depot
    let_in(depot, world.sonja, Terms(role="supporter"), world.rita)

    choose_plant(by(world.sonja), laptop.key, school)
    assert real(world, laptop) == [(school.key, "192.168.1.0/24", virtual(world, school))]
    choose_plant(by(world.sonja), laptop.key, depot)
    assert real(world, laptop) == [(depot.key, "192.168.1.0/24", virtual(world, depot))]
    add_network(by(world.rita), depot, "172.16.0.0/24")
    assert sorted(net for _, net, _ in real(world, laptop)) == ["172.16.0.0/24", "192.168.1.0/24"]
    choose_plant(by(world.sonja), laptop.key, None)
    assert real(world, laptop) == []
    assert list(
        Event.objects.filter(action__startswith="plant.").order_by("id").values_list("action", "node_key")
    ) == [
        ("plant.at-hand", school.key),
        ("plant.put-away", school.key),
        ("plant.at-hand", depot.key),
        ("plant.put-away", depot.key),
    ]


def test_it_ends_with_the_access(world: World, laptop: Profile) -> None:
    school = world.ours.school
    choose_plant(by(world.sonja), laptop.key, school)
    [key] = [each.key for each in grants_on(by(world.rita), school) if each.email == world.sonja.email]
    row = grant_of_key(by(world.rita), school, key)
    assert row is not None

    granting.revoke(by(world.rita), row)

    assert real(world, laptop) == []
    with pytest.raises(Conflict) as refused:
        choose_plant(by(world.sonja, NOW + timedelta(seconds=1)), laptop.key, school)
    assert refused.value.code in ("not-reached", "not-for-real-addresses")


def test_only_what_one_may_enter_and_only_with_ones_own_device(world: World, laptop: Profile) -> None:
    for who, site, kind in (
        (world.sonja, world.ours.depot, Conflict),
        (world.sonja, world.theirs.school, Conflict),
        (world.max, world.ours.school, NotThere),
        (world.rita, world.ours.school, NotThere),
    ):
        with pytest.raises(kind):
            choose_plant(by(who), laptop.key, site)
    ordinary = Profile.objects.get(person=world.sonja, name="Laptop")
    with pytest.raises(Conflict) as refused:
        choose_plant(by(world.sonja), ordinary.key, world.ours.school)
    assert refused.value.code == "not-for-real-addresses"
    assert plants_at_hand(by(world.sonja)) == {}


def test_doors_are_the_same_with_and_without(world: World, laptop: Profile) -> None:
    def doors() -> set[str]:
        return {each.key for each in answer.plan_since(world.hub, 0, NOW).entries if isinstance(each, Door)}

    before = doors()
    choose_plant(by(world.sonja), laptop.key, world.ours.school)
    assert doors() == before


def test_blocked_device_has_nothing_at_hand(world: World, laptop: Profile) -> None:
    choose_plant(by(world.sonja), laptop.key, world.ours.school)
    revoke_profile(by(world.sonja), laptop.key)
    assert (real(world, laptop), plants_at_hand(by(world.sonja))) == ([], {})


def test_private_ranges_go_into_the_tunnel_only_if_one_wants_it(world: World, laptop: Profile) -> None:
    assert "192.168.0.0/16" in configuration(laptop)
    assert "192.168.0.0/16" not in configuration(Profile.objects.get(person=world.sonja, name="Laptop"))
