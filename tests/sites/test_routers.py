"""A site's own router as its gateway: who may connect it, what the hub gets, and when it is outdated."""

from __future__ import annotations

import pytest

from furka.dispatch import hubs
from furka.dispatch.answer import plan_since
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.plan.entries import Door, Peer, Prefix
from furka.sites import routers
from furka.sites.keys import want_new_key
from furka.sites.models import ClaimCode, Gateway, Network
from furka.sites.operations import add_network, issue_claim_code, release_gateway
from furka.sites.queries import gateway_of, state_of
from furka.tree.models import Node
from furka.tree.operation import program
from furka.tree.operations import create_site
from furka.wire.hub import HubReport, PeerSeen
from tests.world import NOW, World, by, public_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(world: World) -> Node:
    """A new site of ours with a network, without a gateway."""
    site = create_site(by(world.rita), world.ours.customer, "Turnhalle")
    add_network(by(world.rita), site, "192.168.1.0/24")
    return site


def test_hub_gets_a_router_as_it_gets_a_gateway(world: World, site: Node) -> None:
    issue_claim_code(by(world.rita), site)
    key = public_key()

    row = routers.connect_router(by(world.rita), site, key, "linux")

    entries = plan_since(world.hub, 0, NOW).entries
    [peer] = [each for each in entries if isinstance(each, Peer) and each.public_key == key]
    [network] = Network.objects.everything("a test").filter(node=site)
    assert (peer.address, peer.prefixes) == (row.address, (network.virtual,))
    assert [each.network for each in entries if isinstance(each, Prefix) and each.site == site.pk] == [
        network.virtual
    ]
    assert [each for each in entries if isinstance(each, Door) and each.site == site.pk]
    assert not ClaimCode.objects.everything("a test").filter(node=site, used_at=None).exists()
    text = routers.configuration(row)
    assert (f"{network.virtual} : {network.real}" in text, world.hub.public_key in text) == (True, True)
    assert key not in text


def test_handshakes_at_the_hub_say_whether_it_is_online(world: World, site: Node) -> None:
    key = public_key()
    routers.connect_router(by(world.rita), site, key, "linux")
    seen = PeerSeen(public_key=key, online=True, at=NOW, handshake_at=NOW, endpoint="203.0.113.9:7")
    report = HubReport(applied_revision=1, peers=(seen,))
    hubs.take_report(program("hub", NOW), world.hub, report)

    assert state_of(gateway_of(by(world.rita), site), NOW).word == "online"


def test_networks_that_change_make_its_configuration_outdated(world: World, site: Node) -> None:
    row = routers.connect_router(by(world.rita), site, public_key(), "openwrt")
    assert not routers.is_outdated(row)

    add_network(by(world.rita), site, "192.168.2.0/24")

    assert routers.is_outdated(row)
    routers.note_configured(by(world.rita), site)
    row.refresh_from_db()
    assert not routers.is_outdated(row)
    box = gateway_of(by(world.rita), world.ours.school)
    assert box is not None
    assert not routers.is_outdated(box)


def test_it_is_released_like_any_gateway(world: World, site: Node) -> None:
    key = public_key()
    routers.connect_router(by(world.rita), site, key, "linux")
    release_gateway(by(world.rita), site)

    entries = plan_since(world.hub, 0, NOW).entries
    assert not [each for each in entries if isinstance(each, Peer) and each.public_key == key]
    with pytest.raises(NotThere) as refused:
        routers.router_of(site)
    assert refused.value.code == "no-router"
    routers.connect_router(by(world.rita), site, key, "linux")


def test_a_gateway_that_serves_is_replaced_only_when_that_is_said(world: World) -> None:
    school, rita = world.ours.school, by(world.rita)
    [before] = Gateway.objects.everything("a test").filter(node=school, released_at=None)
    with pytest.raises(Conflict) as refused:
        routers.connect_router(rita, school, public_key(), "linux")

    after = routers.connect_router(rita, school, public_key(), "linux", replacing=True)

    assert refused.value.code == "has-gateway"
    peers = {each.public_key for each in plan_since(world.hub, 0, NOW).entries if isinstance(each, Peer)}
    assert (before.public_key in peers, after.public_key in peers) == (False, True)


def test_what_is_no_router_is_refused(world: World, site: Node) -> None:
    rita = by(world.rita)
    [taken] = Gateway.objects.everything("a test").filter(node=world.ours.school, released_at=None)
    cases: list[tuple[type[Invalid | Conflict], str, str, str]] = [
        (Invalid, "key-wrong", "x", "linux"),
        (Invalid, "system-unknown", public_key(), "windows"),
        (Conflict, "gateway-serves-other", taken.public_key, "linux"),
        (Conflict, "key-taken", world.hub.public_key, "linux"),
    ]
    for kind, code, key, system in cases:
        with pytest.raises(kind) as refused:
            routers.connect_router(rita, site, key, system)
        assert refused.value.code == code
    assert gateway_of(rita, site) is None


def test_only_who_may_configure_the_site_connects_one(world: World) -> None:
    for someone, error in ((world.max, Refused), (world.nora, NotThere)):
        with pytest.raises(error):
            routers.connect_router(by(someone), world.ours.school, public_key(), "linux", replacing=True)


def test_its_key_is_not_renewed_from_afar(world: World, site: Node) -> None:
    routers.connect_router(by(world.rita), site, public_key(), "linux")
    with pytest.raises(Conflict) as refused:
        want_new_key(by(world.rita), site)
    assert refused.value.code == "own-router"
