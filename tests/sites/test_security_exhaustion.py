"""Nobody can use up what all installations share: addresses, numbers of ends, levels."""

from __future__ import annotations

from datetime import timedelta

import pytest

from furka.errors import Conflict
from furka.plan.addressing import PLAN, SHARE_OF_PLANTS
from furka.services.connect import operations as connect
from furka.services.connect.operations import MOST_PROFILES_A_DAY
from furka.sites import operations as sites
from furka.sites import serving
from furka.sites.models import Network
from furka.tree import operations
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.operations import MOST_OWN_LEVELS
from furka.tunnel.models import Counter
from tests.world import NOW, World, a_gateway, by, public_key

pytestmark = pytest.mark.django_db


def use_up(reseller: Node, owner: Acting) -> int:
    """Add the largest networks there are until no more is given; returns how many addresses that took."""
    taken = 0
    for number in range(200):
        site = operations.create_site(owner, reseller, f"Werk {number}")
        try:
            taken += sites.add_network(owner, site, "10.0.0.0/16").virtual.num_addresses
        except Conflict:
            break
    return taken


def test_one_stranger_can_not_take_the_addresses_of_all(world: World) -> None:
    level = operations.open_level(by(world.fremd), Kind.RESELLER, "Fremd AG")

    taken = use_up(level, by(world.fremd))

    assert taken == SHARE_OF_PLANTS
    assert sites.add_network(by(world.rita), world.ours.school, "192.168.2.0/24").virtual.prefixlen == 24


def test_a_network_that_was_removed_leaves_room_for_others(world: World) -> None:
    Counter.objects.filter(name="plants").update(last=int(PLAN.plants.broadcast_address) + 1)
    gone = Network.objects.everything("a test").filter(node=world.theirs.depot).get()
    sites.remove_network(by(world.nora), gone)

    fresh = sites.add_network(by(world.rita), world.ours.school, "192.168.2.0/24")

    others = Network.objects.everything("a test").exclude(pk=fresh.pk)
    assert fresh.virtual.subnet_of(PLAN.plants)
    assert [other for other in others if other.virtual.overlaps(fresh.virtual)] == []


def test_one_person_opens_some_levels_only(world: World) -> None:
    someone = by(world.fremd)
    for number in range(MOST_OWN_LEVELS):
        operations.open_level(someone, Kind.CUSTOMER, f"Level {number}")

    with pytest.raises(Conflict) as refused:
        operations.open_level(someone, Kind.CUSTOMER, "One more")

    assert refused.value.code == "too-many-levels"


def test_making_and_revoking_devices_again_and_again_takes_no_number_of_others(world: World) -> None:
    someone = world.fremd
    for _ in range(MOST_PROFILES_A_DAY):
        profile = connect.create_profile(by(someone), "Laptop", public_key()).profile
        connect.revoke_profile(by(someone), profile.key)

    with pytest.raises(Conflict) as refused:
        connect.create_profile(by(someone), "Laptop", public_key())
    tomorrow = connect.create_profile(by(someone, NOW + timedelta(days=1)), "Laptop", public_key())

    assert (refused.value.code, tomorrow.profile.revoked_at) == ("too-many-profiles", None)


def test_claiming_and_releasing_again_and_again_takes_no_number_of_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "MOST_GATEWAYS_A_DAY", 3)
    level = operations.open_level(by(world.fremd), Kind.RESELLER, "Fremd AG")
    site = operations.create_site(by(world.fremd), level, "Werk")
    for _ in range(3):
        a_gateway(site, world.fremd, NOW)
        sites.release_gateway(by(world.fremd), site)

    with pytest.raises(Conflict) as refused:
        sites.issue_claim_code(by(world.fremd), site)

    assert refused.value.code == "too-many-gateways"


def test_shares_are_of_the_plan() -> None:
    assert PLAN.plants.num_addresses // SHARE_OF_PLANTS == 16
