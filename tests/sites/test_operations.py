"""Networks, devices and gateways of sites: what is refused, with which word, and what follows from what is not."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address

import pytest

from furka.access.rights import LOOK
from furka.dispatch import answer
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.sites import operations, queries
from furka.sites.models import ClaimCode, Gateway, Network
from furka.sites.operations import CODE_LASTS, add_device, add_network, claim_gateway, issue_claim_code
from furka.tree.models import Node
from furka.tree.operation import program
from furka.tree.operations import create_site, rename
from furka.tunnel.models import Hub
from tests.world import NOW, World, a_gateway, by, public_key

AT = program("gateway", NOW)
LATER = program("gateway", NOW + CODE_LASTS)


@pytest.fixture
def site(world: World) -> Node:
    """A new site of ours, without anything."""
    return create_site(by(world.rita), world.ours.customer, "Turnhalle")


@pytest.mark.parametrize(
    ("subnet", "code"),
    [
        ("", "subnet-wrong"),
        ("192.168.1", "subnet-wrong"),
        ("192.168.1.0/33", "subnet-wrong"),
        ("192.168.1.1/24", "subnet-wrong"),
        ("fd00::/64", "subnet-wrong"),
        ("10.0.0.0/8", "subnet-size"),
        ("172.16.0.0/12", "subnet-size"),
        ("192.168.1.0/31", "subnet-size"),
        ("192.168.1.1", "subnet-size"),
        ("8.8.8.0/24", "subnet-not-private"),
        ("172.32.0.0/16", "subnet-not-private"),
        ("127.0.0.0/16", "subnet-not-private"),
        ("169.254.0.0/16", "subnet-not-private"),
        ("224.0.0.0/24", "subnet-not-private"),
        ("0.0.0.0/16", "subnet-not-private"),
        ("198.18.0.0/16", "subnet-not-private"),
        ("192.0.2.0/24", "subnet-not-private"),
        ("240.0.0.0/16", "subnet-not-private"),
        ("100.64.0.0/24", "subnet-not-private"),
        ("100.72.4.0/24", "subnet-not-private"),
        ("10.128.0.0/16", "subnet-overlaps-hub"),
        ("10.255.255.0/24", "subnet-overlaps-hub"),
    ],
)
def test_network_that_can_not_be_reached_is_refused_with_its_reason(
    world: World, site: Node, subnet: str, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        add_network(by(world.rita), site, subnet)

    assert (refusal.value.code, list(refusal.value.fields)) == (code, ["subnet"])
    assert queries.networks_of(by(world.rita), site) == []


@pytest.mark.parametrize(
    "subnet", ["10.0.0.0/16", "10.127.0.0/16", "172.31.255.0/24", "192.168.1.4/30", " 192.168.0.0/16 "]
)
def test_private_network_gets_a_virtual_prefix_of_the_same_size(
    world: World, site: Node, subnet: str
) -> None:
    network = add_network(by(world.rita), site, subnet, "Haustechnik")

    assert str(network.real) == subnet.strip()
    assert network.virtual.prefixlen == network.real.prefixlen
    assert network.address_of(network.real.network_address + 1) == network.virtual.network_address + 1


@pytest.mark.parametrize("subnet", ["192.168.1.0/24", "192.168.1.128/25", "192.168.0.0/16"])
def test_networks_of_one_site_do_not_overlap_those_of_two_may(world: World, site: Node, subnet: str) -> None:
    add_network(by(world.rita), site, "192.168.1.0/24")

    with pytest.raises(Invalid) as refusal:
        add_network(by(world.rita), site, subnet)

    assert refusal.value.code == "subnet-overlaps-site"
    taken = Network.objects.everything("a test counts").filter(subnet="192.168.1.0/24")
    assert taken.count() == 5
    assert len({network.virtual for network in taken}) == 5


@pytest.mark.parametrize(
    ("name", "address", "kind", "code"),
    [
        ("", "192.168.1.20", "other", "name-wrong"),
        ("\0\u200b", "192.168.1.20", "other", "name-wrong"),
        ("x" * 81, "192.168.1.20", "other", "name-wrong"),
        ("Zähler", "192.168.1.20", "toaster", "kind-unknown"),
        ("Zähler", "192.168.1", "meter", "address-wrong"),
        ("Zähler", "::1", "meter", "address-wrong"),
        ("Zähler", "192.168.2.20", "meter", "address-outside"),
        ("Zähler", "10.128.0.20", "meter", "address-outside"),
        ("Zähler", "192.168.1.10", "meter", "address-taken"),
    ],
)
def test_device_that_can_not_be_is_refused_with_its_reason(
    world: World, name: str, address: str, kind: str, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        add_device(by(world.rita), world.ours.school, name, address, kind)

    assert refusal.value.code == code


def test_device_is_shown_where_it_is_reached(world: World) -> None:
    [network] = queries.networks_of(by(world.sonja), world.ours.school)
    [view] = queries.devices_of(by(world.sonja), world.ours.school)
    assert view.reached_at == network.virtual.network_address + 10

    operations.remove_network(by(world.rita), network)

    assert [each.reached_at for each in queries.devices_of(by(world.sonja), world.ours.school)] == [None]
    operations.remove_device(by(world.rita), view.device)
    assert queries.devices_of(by(world.sonja), world.ours.school) == []
    assert queries.devices_of(by(world.nora), world.ours.school) == []


def test_networks_and_gateways_exist_at_sites_only(world: World) -> None:
    for node in (world.ours.reseller, world.ours.customer):
        for change in (
            lambda at: add_network(by(world.rita), at, "192.168.1.0/24"),
            lambda at: add_device(by(world.rita), at, "x", "192.168.1.1"),
            lambda at: issue_claim_code(by(world.rita), at),
        ):
            with pytest.raises(Invalid) as refusal:
                change(node)
            assert refusal.value.code == "not-a-site"


def test_who_may_not_configure_changes_nothing(world: World) -> None:
    school = world.ours.school
    [network] = queries.networks_of(by(world.rita), school)
    [view] = queries.devices_of(by(world.rita), school)
    before = Event.objects.count()
    for someone, refusal in (
        (world.sonja, Refused),
        (world.max, Refused),
        (world.nora, NotThere),
        (world.fremd, NotThere),
    ):
        acts = by(someone)
        for change in (
            lambda: add_network(acts, school, "192.168.9.0/24"),  # noqa: B023
            lambda: operations.remove_network(acts, network),  # noqa: B023
            lambda: add_device(acts, school, "x", "192.168.1.77"),  # noqa: B023
            lambda: operations.remove_device(acts, view.device),  # noqa: B023
            lambda: issue_claim_code(acts, school),  # noqa: B023
            lambda: operations.release_gateway(acts, school),  # noqa: B023
        ):
            with pytest.raises(refusal):
                change()
    assert Event.objects.count() == before


def test_claim_code_is_shown_to_who_may_configure_and_while_it_works(world: World, site: Node) -> None:
    code = issue_claim_code(by(world.rita), site)

    shown = queries.claim_code_of(by(world.karl), site)
    assert shown == (code, NOW + CODE_LASTS)
    assert queries.claim_code_of(by(world.sonja), site) is None
    assert queries.claim_code_of(by(world.rita, NOW + CODE_LASTS), site) is None
    newer = issue_claim_code(by(world.rita), site)
    assert queries.claim_code_of(by(world.rita), site) == (newer, NOW + CODE_LASTS)
    with pytest.raises(Invalid):
        claim_gateway(AT, code, public_key(), "g", "1")


def test_code_is_read_as_people_type_it(world: World, site: Node) -> None:
    code = issue_claim_code(by(world.rita), site)
    typed = f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} "

    assert claim_gateway(AT, typed, public_key(), "g", "1").gateway.node == site


@pytest.mark.parametrize("lasts", [timedelta(seconds=59), timedelta(days=30, seconds=1), timedelta(days=-1)])
def test_code_lasts_a_minute_to_a_month(world: World, site: Node, lasts: timedelta) -> None:
    with pytest.raises(Invalid) as refusal:
        issue_claim_code(by(world.rita), site, lasts)

    assert refusal.value.code == "code-lasts-wrong"


def test_code_works_for_one_gateway_which_may_say_it_again(world: World, site: Node) -> None:
    code, key = issue_claim_code(by(world.rita), site), public_key()
    first = claim_gateway(AT, code, key, "box", "1")
    again = claim_gateway(AT, code, key, "box", "1")

    assert again.gateway == first.gateway
    assert queries.gateway_of_token(again.token) == first.gateway
    assert queries.gateway_of_token(first.token) is None
    for acts, other, code_of_refusal in ((AT, public_key(), "code-used"), (LATER, key, "code-expired")):
        with pytest.raises(Conflict) as refusal:
            claim_gateway(acts, code, other, "box", "1")
        assert refusal.value.code == code_of_refusal


def test_gateway_serves_one_site_and_a_site_has_one_gateway(world: World, site: Node) -> None:
    other = create_site(by(world.rita), world.ours.customer, "Kindergarten")
    code, key = issue_claim_code(by(world.rita), site), public_key()
    claim_gateway(AT, code, key, "box", "1")

    with pytest.raises(Conflict) as refusal:
        claim_gateway(AT, issue_claim_code(by(world.rita), other), key, "box", "1")
    assert refusal.value.code == "gateway-serves-other"
    with pytest.raises(Conflict) as refusal:
        issue_claim_code(by(world.rita), site)
    assert refusal.value.code == "has-gateway"


def test_expired_or_unknown_code_opens_nothing(world: World, site: Node) -> None:
    code = issue_claim_code(by(world.rita), site)

    with pytest.raises(Conflict) as expired:
        claim_gateway(LATER, code, public_key(), "g", "1")
    with pytest.raises(Invalid) as unknown:
        claim_gateway(AT, "ABCD-EFGH-JKMN", public_key(), "g", "1")
    assert (expired.value.code, unknown.value.code) == ("code-expired", "code-unknown")
    assert queries.gateway_of(by(world.rita), site) is None


def test_gateway_can_not_be_claimed_before_a_hub_is_ready(world: World, site: Node) -> None:
    Hub.objects.update(endpoint="")

    with pytest.raises(Conflict) as refusal:
        claim_gateway(AT, issue_claim_code(by(world.rita), site), public_key(), "g", "1")

    assert refusal.value.code == "no-hub"


def test_key_of_another_end_is_not_taken(world: World, site: Node) -> None:
    """A hub knows its peers by their keys: two ends with one key would take each other's packets."""
    profile = world.sonja.profiles.get()
    code = issue_claim_code(by(world.rita), site)
    for key in (profile.public_key, world.hub.public_key):
        with pytest.raises(Conflict) as refusal:
            claim_gateway(AT, code, key, "g", "1")
        assert refusal.value.code == "key-taken"
    assert claim_gateway(AT, code, public_key(), "g", "1").gateway.node == site


def test_what_a_gateway_says_of_itself_is_cut_to_what_can_be_kept(world: World, site: Node) -> None:
    code = issue_claim_code(by(world.rita), site)
    gateway = claim_gateway(AT, code, public_key(), "b\0ox\u202e" + "x" * 200, "1\n" + "9" * 100).gateway

    gateway.refresh_from_db()
    assert gateway.hostname == "box" + "x" * 97
    assert gateway.version == "1 " + "9" * 38


def test_released_gateway_is_told_and_may_be_claimed_again(world: World) -> None:
    school = world.ours.school
    gateway = queries.gateway_of(by(world.rita), school)
    assert gateway is not None
    operations.release_gateway(by(world.rita), school)
    operations.release_gateway(by(world.rita), school)

    told = answer.gateway_settings(gateway, NOW)
    assert (told.released, told.hub, told.networks) == (True, None, ())
    assert queries.state_of(queries.gateway_of(by(world.rita), school), NOW).word == "without-gateway"
    assert not ClaimCode.objects.everything("a test counts").filter(gateway=gateway).exists()
    code = issue_claim_code(by(world.rita), school)
    assert claim_gateway(AT, code, gateway.public_key, "g", "1").gateway.number > gateway.number
    assert Gateway.objects.everything("a test counts").filter(node=school).count() == 2


def test_new_gateway_changes_no_address_of_the_site(world: World) -> None:
    [before] = queries.networks_of(by(world.rita), world.ours.school)
    operations.release_gateway(by(world.rita), world.ours.school)
    a_gateway(world.ours.school, world.rita, NOW)

    assert [network.virtual for network in queries.networks_of(by(world.rita), world.ours.school)] == [
        before.virtual
    ]


def test_settings_of_a_gateway_follow_its_site(world: World) -> None:
    school = world.ours.school
    gateway = queries.gateway_of(by(world.rita), school)
    assert gateway is not None
    before = answer.gateway_settings(gateway, NOW)
    assert answer.gateway_settings(gateway, NOW + timedelta(days=1)).etag == before.etag
    assert before.hub is not None
    assert (before.address, before.hub.public_key) == (gateway.address, world.hub.public_key)

    network = add_network(by(world.rita), school, "192.168.7.0/24")
    rename(by(world.rita), school, "Schulhaus  Neu\u202e")

    after = answer.gateway_settings(gateway, NOW)
    assert after.etag != before.etag
    assert after.site == "Schulhaus Neu"
    assert {each.virtual for each in after.networks} == {network.virtual, before.networks[0].virtual}
    assert all(isinstance(each.virtual.network_address, IPv4Address) for each in after.networks)


def test_site_of_a_silent_hub_is_unknown(world: World) -> None:
    site = world.ours.school
    [state] = queries.states_of(by(world.rita), [site]).values()
    assert state.word == "unknown"
    Hub.objects.update(seen_at=NOW)
    [state] = queries.states_of(by(world.rita), [site]).values()
    assert state.word == "offline"
    assert queries.states_of(by(world.nora), [site])[site.pk].word == "without-gateway"
    assert not by(world.nora).may(LOOK, site.place)
