"""Links between sites: who joins, what the hub and the gateways are told of it, and what is refused."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from furka.catalogue.operations import configure
from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.links import addresses, mapping, operations, rules
from furka.links.models import LinkMember, LinkRule, MappedDevice, Mode
from furka.links.operations import LinkTerms
from furka.links.rules import RuleTerms
from furka.live.models import News
from furka.plan.link_entries import Bridge, Junction, Leg, Mapped
from furka.plan.link_entries import LinkRule as RuleEntry
from furka.plan.links import Because
from furka.services.sitelink import queries
from furka.services.sitelink.queries import End
from furka.sites import operations as sites
from furka.sites.equipment import NOTHING_KNOWN, change_device
from furka.sites.models import Gateway
from furka.sites.routers import connect_router
from furka.tree import ceilings
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Relation, Terms
from furka.tree.models import Node
from furka.tree.operations import create_site
from tests.links.stand import (
    a_link,
    a_plant,
    device_of,
    joined,
    network_of,
    plan_of_links,
    settings_of,
    sites_joined,
)
from tests.world import World, a_gateway, by, let_in, public_key


def test_routed_sites_have_junctions_and_their_gateways_know_each_other(world: World) -> None:
    ours = world.ours
    link = a_link(world)

    members = joined(world, link, ours.school, ours.depot)

    assert plan_of_links(world) == [
        Junction(
            link=link.key,
            number=link.number,
            member=member.key,
            site_name=site.key,
            site=site.pk,
            prefixes=(network_of(world, site).virtual,),
        )
        for site, member in sorted(
            zip((ours.school, ours.depot), members, strict=True), key=lambda e: e[1].key
        )
    ]
    there = network_of(world, ours.depot).virtual
    told = settings_of(ours.school)
    assert (told.link_peers, told.legs) == ((there,), ())
    assert told.link_callers == (there,)


def test_bridged_sites_have_legs_with_segments_of_their_own(world: World) -> None:
    ours = world.ours
    other = a_plant(world, "Bad", "192.168.1.20")
    link = a_link(world, Mode.BRIDGED)
    rita = by(world.rita)

    first = operations.add_member(rita, link, ours.depot, network_of(world, ours.depot), vlan=20)
    second = operations.add_member(rita, link, other, network_of(world, other))

    plan = plan_of_links(world)
    assert [each for each in plan if isinstance(each, Bridge)] == [Bridge(link=link.key, number=link.number)]
    legs = {each.site_name: each for each in plan if isinstance(each, Leg)}
    assert {legs[ours.depot.key].segment, legs[other.key].segment} == {first.segment, second.segment}
    assert first.segment != second.segment
    gateway = Gateway.objects.everything("a test").get(node=ours.depot)
    assert legs[ours.depot.key].gateway == gateway.address
    [leg] = settings_of(ours.depot).legs
    assert (leg.segment, leg.network, leg.vlan) == (first.segment, IPv4Network("192.168.1.0/24"), 20)


def test_same_device_address_at_two_sites_of_a_bridge_is_refused_before_saving(world: World) -> None:
    ours = world.ours
    link = a_link(world, Mode.BRIDGED)
    joined(world, link, ours.school)

    with pytest.raises(Invalid) as refused:
        joined(world, link, ours.depot)

    assert refused.value.code == "addresses-overlap"
    assert "192.168.1.10" in str(refused.value.message)
    assert sites_joined(world) == {ours.school.key}
    operations.change_link(by(world.rita), link, LinkTerms("Technik", own_addresses=["192.168.1.10"]))
    joined(world, link, ours.depot)
    assert sites_joined(world) == {ours.school.key, ours.depot.key}
    [bridge] = [each for each in plan_of_links(world) if isinstance(each, Bridge)]
    assert bridge.guarded == (IPv4Address("192.168.1.10"),)
    with pytest.raises(Invalid) as refused:
        operations.change_link(by(world.rita), link, LinkTerms("Technik"))
    assert refused.value.code == "addresses-overlap"


def test_other_subnet_does_not_fit_a_bridge(world: World) -> None:
    rita, ours = by(world.rita), world.ours
    other = create_site(rita, ours.reseller, "Bad")
    sites.add_network(rita, other, "192.168.2.0/24")
    link = a_link(world, Mode.BRIDGED)
    joined(world, link, ours.school)

    with pytest.raises(Invalid) as refused:
        joined(world, link, other)

    assert refused.value.code == "subnet-differs"


def test_central_link_proposes_a_range_and_maps_devices_by_themselves(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world, Mode.CENTRAL)
    joined(world, link, ours.depot, central=True)
    joined(world, link, ours.school)
    device = device_of(world, ours.school)

    mapped = mapping.map_device(rita, link, device)

    assert link.central_range == IPv4Network("10.64.0.0/24")
    assert mapped.reached_at == IPv4Address("10.64.0.1")
    [entry] = [each for each in plan_of_links(world) if isinstance(each, Mapped)]
    seen = network_of(world, ours.school).address_of(IPv4Address(device.address))
    assert (entry.address, entry.device) == (mapped.reached_at, seen)
    centre, spoke = settings_of(ours.depot), settings_of(ours.school)
    assert (centre.link_peers, spoke.link_peers) == ((link.central_range,), ())
    assert spoke.link_callers == (network_of(world, ours.depot).virtual,)
    assert centre.link_callers == ()


def test_renumbering_is_shown_first_and_then_done(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world, Mode.CENTRAL, range_="10.64.0.0/24")
    joined(world, link, ours.depot, central=True)
    joined(world, link, ours.school)
    mapped = mapping.map_device(rita, link, device_of(world, ours.school), "10.64.0.77")

    preview = [(each.before, each.after) for each in mapping.renumbering(rita, link, "10.64.0.0/25")]

    assert preview == [(IPv4Address("10.64.0.77"), IPv4Address("10.64.0.77"))]
    mapping.renumber(rita, link, "172.20.5.0/24")
    [entry] = [each for each in plan_of_links(world) if isinstance(each, Mapped)]
    assert entry.address == IPv4Address("172.20.5.77")
    assert MappedDevice.objects.everything("a test").get().key == mapped.key
    assert settings_of(ours.depot).link_peers == (IPv4Network("172.20.5.0/24"),)
    with pytest.raises(Invalid) as refused:
        mapping.renumbering(rita, link, "10.64.0.0/26")
    assert refused.value.code == "range-too-small"


@pytest.mark.parametrize(
    ("range_", "code"),
    [
        ("x", "range-wrong"),
        ("10.64.0.0/15", "range-wrong"),
        ("8.8.8.0/24", "range-not-private"),
        ("10.200.0.0/24", "range-taken"),
        ("192.168.0.0/16", "range-taken"),
    ],
)
def test_range_that_collides_is_refused(world: World, range_: str, code: str) -> None:
    link = a_link(world, Mode.CENTRAL)
    joined(world, link, world.ours.depot, central=True)

    with pytest.raises(Invalid) as refused:
        mapping.renumber(by(world.rita), link, range_)

    assert refused.value.code == code


def test_network_that_collides_with_the_range_later_stops_the_centre_and_nothing_else(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world, Mode.CENTRAL)
    joined(world, link, ours.depot, central=True)
    joined(world, link, ours.school)

    sites.add_network(rita, ours.depot, "10.64.0.0/25")

    assert plan_of_links(world) == []
    assert settings_of(ours.depot).link_peers == ()
    assert {each.word for each in queries.members_of(rita, link)} == {"collides", "unknown"}


def test_rules_decide_and_say_which_one_did(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world)
    joined(world, link, ours.school, ours.depot)
    device = device_of(world, ours.depot)

    def asked(port: int) -> queries.Verdict:
        return queries.may_reach(rita, link, End(ours.school), End(ours.depot, device), "tcp", port)

    assert (asked(502).allowed, asked(502).answer.because) == (False, Because.NO_RULE)
    allow = rules.add_rule(
        rita,
        link,
        RuleTerms(True, ours.school, None, None, device, "tcp", ((502, 502), (5000, 5010)), "Modbus"),
    )
    assert (asked(502).allowed, asked(503).allowed, asked(5005).allowed) == (True, False, True)
    verdict = asked(502)
    assert verdict.rule is not None
    assert verdict.rule.rule.pk == allow.pk
    assert verdict.answer.reached_at == network_of(world, ours.depot).address_of(IPv4Address(device.address))
    deny = rules.add_rule(rita, link, RuleTerms(False, ours.school))
    assert (asked(502).allowed, asked(502).answer.rule) == (False, deny.key)
    entries = [each for each in plan_of_links(world) if isinstance(each, RuleEntry)]
    assert {(each.name, each.allow, each.place) for each in entries} == {
        (allow.key, True, 1),
        (deny.key, False, 2),
    }
    rules.remove_rule(rita, link, deny)
    assert asked(502).allowed


def test_rules_can_be_set_together(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world)
    joined(world, link, ours.school, ours.depot)
    wanted = [RuleTerms(True, protocol="icmp"), RuleTerms(False, ours.depot)]

    rules.set_rules(rita, link, wanted)
    before = Event.objects.count()
    rules.set_rules(rita, link, wanted)

    assert Event.objects.count() == before
    assert [view.rule.allow for view in queries.rules_of(rita, link)] == [True, False]
    rules.set_rules(rita, link, [])
    assert not LinkRule.objects.everything("a test").exists()


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (RuleTerms(True, protocol="gre"), "protocol-unknown"),
        (RuleTerms(True, ports=((80, 80),)), "protocol-needed"),
        (RuleTerms(True, protocol="tcp", ports=((80, 79),)), "port-wrong"),
        (RuleTerms(True, protocol="tcp", ports=((0, 79),)), "port-wrong"),
        (RuleTerms(True, note="x" * 201), "too-long"),
    ],
)
def test_rule_that_makes_no_sense_is_refused(world: World, terms: RuleTerms, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.add_rule(by(world.rita), a_link(world), terms)

    assert refused.value.code == code


def test_rule_about_a_site_counts_while_it_is_in_the_link(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world)
    members = joined(world, link, ours.school, ours.depot)
    rules.add_rule(rita, link, RuleTerms(True, ours.school, None, ours.depot))

    operations.remove_member(rita, link, members[1])

    assert [view.counts for view in queries.rules_of(rita, link)] == [False]
    assert [type(each) for each in plan_of_links(world)] == [Junction]
    joined(world, link, ours.depot)
    assert [view.counts for view in queries.rules_of(rita, link)] == [True]
    with pytest.raises(Invalid) as refused:
        rules.add_rule(rita, link, RuleTerms(True, ours.school, None, ours.school))
    assert refused.value.code == "same-site"


def test_rule_about_a_device_follows_it(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world)
    joined(world, link, ours.school, ours.depot)
    device = device_of(world, ours.depot)
    rules.add_rule(rita, link, RuleTerms(True, ours.school, None, None, device))

    def destination() -> object:
        return [each.destinations for each in plan_of_links(world) if isinstance(each, RuleEntry)]

    virtual = network_of(world, ours.depot).virtual
    assert destination() == [(IPv4Network(virtual[10]),)]
    change_device(rita, device, "Heizung", "192.168.1.11", "controller", False, NOTHING_KNOWN)
    assert destination() == [(IPv4Network(virtual[11]),)]
    sites.remove_device(rita, device)
    assert destination() == []


def test_pause_takes_everything_out_and_resuming_brings_it_back(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world)
    joined(world, link, ours.school, ours.depot)
    before = plan_of_links(world)

    operations.pause_link(rita, link)

    assert plan_of_links(world) == []
    assert settings_of(ours.school).link_peers == ()
    operations.resume_link(rita, link)
    assert plan_of_links(world) == before


def test_links_of_a_level_sleep_while_the_service_is_switched_off_there(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world)
    joined(world, link, ours.school, ours.depot)

    configure(rita, ours.reseller, "sitelink", {"enabled": False})

    assert plan_of_links(world) == []
    assert settings_of(ours.school).link_peers == ()
    configure(rita, ours.reseller, "sitelink", {"enabled": True})
    assert sites_joined(world) == {ours.school.key, ours.depot.key}


def test_deleted_link_is_gone_everywhere(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world)
    joined(world, link, ours.school, ours.depot)
    last = News.objects.latest("id").pk

    operations.delete_link(rita, link)

    assert plan_of_links(world) == []
    assert not LinkMember.objects.everything("a test").exists()
    told = set(News.objects.filter(pk__gt=last).values_list("topic", flat=True))
    for site in (ours.school, ours.depot):
        assert Gateway.objects.everything("a test").get(node=site).topic in told


def test_changes_of_one_member_leave_what_is_said_of_the_others_alone(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    other = a_plant(world, "Bad")
    link = a_link(world)
    members = joined(world, link, ours.school, ours.depot, other)
    before = {each.key: each for each in plan_of_links(world)}

    operations.remove_member(rita, link, members[2])

    after = {each.key: each for each in plan_of_links(world)}
    assert {key: before[key] for key in after} == after
    assert settings_of(other).link_peers == ()


def test_two_links_have_nothing_in_common(world: World) -> None:
    ours = world.ours
    first, second = a_link(world), a_link(world, name="Zweite")
    joined(world, first, ours.school)
    joined(world, second, ours.depot)

    assert first.number != second.number
    assert settings_of(ours.school).link_peers == ()


def test_site_without_gateway_waits(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    site = create_site(rita, ours.reseller, "Neubau")
    sites.add_network(rita, site, "192.168.1.0/24")
    link = a_link(world)
    joined(world, link, ours.school, site)
    assert sites_joined(world) == {ours.school.key}
    assert [view.word for view in queries.members_of(rita, link)] == ["without-gateway", "unknown"]

    a_gateway(site, world.rita)

    assert sites_joined(world) == {ours.school.key, site.key}


def test_router_of_ones_own_can_not_take_part(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world)
    connect_router(rita, ours.depot, public_key(), "linux", replacing=True)

    with pytest.raises(Conflict) as refused:
        joined(world, link, ours.depot)

    assert refused.value.code == "own-router"


def test_gateway_that_becomes_a_router_is_out_until_it_is_a_box_again(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world)
    joined(world, link, ours.school, ours.depot)

    connect_router(rita, ours.depot, public_key(), "linux", replacing=True)

    assert sites_joined(world) == {ours.school.key}
    assert "own-router" in {view.word for view in queries.members_of(rita, link)}


# --- Who may ---------------------------------------------------------------------------------------------------------


def test_only_whoever_manages_links_there_may(world: World) -> None:
    ours = world.ours
    let_in(ours.reseller, world.fremd, Terms(role="technician", relation=Relation.STAFF), world.rita)

    with pytest.raises(Refused):
        operations.create_link(by(world.fremd), ours.reseller, Mode.ROUTED, LinkTerms("x"))
    with pytest.raises(NotThere):
        operations.create_link(by(world.nora), ours.reseller, Mode.ROUTED, LinkTerms("x"))
    with pytest.raises(NotThere):
        operations.create_link(by(world.karl), ours.reseller, Mode.ROUTED, LinkTerms("x"))


def test_customer_links_its_own_sites_and_no_others(world: World) -> None:
    ours, karl = world.ours, by(world.karl)
    link = operations.create_link(karl, ours.customer, Mode.ROUTED, LinkTerms("Gemeinde"))

    operations.add_member(karl, link, ours.school)

    with pytest.raises(NotThere):
        operations.add_member(karl, link, ours.depot)
    with pytest.raises(Invalid) as refused:  # who may manage links at both, and it is not below
        operations.add_member(by(world.rita), link, ours.depot)
    assert refused.value.code == "not-below"
    with pytest.raises(NotThere):
        operations.add_member(by(world.rita), link, world.theirs.school)


def test_owner_who_leaves_links_to_nobody_is_not_linked(world: World) -> None:
    ours, karl = world.ours, by(world.karl)
    ceilings.set_ceiling(karl, ours.school, CeilingTerms(rights=("look", "configure")))

    with pytest.raises(Refused) as refused:
        operations.add_member(by(world.rita), a_link(world), ours.school)

    assert refused.value.code == "ceiling"
    own = operations.create_link(by(world.karl), ours.customer, Mode.ROUTED, LinkTerms("Gemeinde"))
    operations.add_member(by(world.karl), own, ours.school)  # the owner's own link is not limited
    assert sites_joined(world) == {ours.school.key}


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (LinkTerms(""), "name-wrong"),
        (LinkTerms("x" * 61), "name-wrong"),
        (LinkTerms("x", "y" * 301), "too-long"),
        (LinkTerms("x", storm_per_second=5), "out-of-range"),
        (LinkTerms("x", most_macs=0), "out-of-range"),
        (LinkTerms("x", own_addresses=["x"]), "address-wrong"),
        (LinkTerms("Technik"), "name-taken"),
    ],
)
def test_terms_that_make_no_sense_are_refused(world: World, terms: LinkTerms, code: str) -> None:
    a_link(world)

    with pytest.raises(Invalid) as refused:
        operations.create_link(by(world.rita), world.ours.reseller, Mode.BRIDGED, terms)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("level", "mode", "range_", "code"),
    [
        ("school", "routed", "", "wrong-level"),
        ("reseller", "star", "", "mode-unknown"),
        ("reseller", "routed", "10.64.0.0/24", "range-needless"),
    ],
)
def test_link_that_can_not_be_is_refused(world: World, level: str, mode: str, range_: str, code: str) -> None:
    node: Node = getattr(world.ours, level)

    with pytest.raises(FurkaError) as refused:
        operations.create_link(by(world.rita), node, mode, LinkTerms("x"), range_)

    assert refused.value.code == code


def test_member_can_be_chosen_only_in_ways_that_fit_the_mode(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    routed, bridged, central = (
        a_link(world, mode, f"Netz {mode}") for mode in (Mode.ROUTED, Mode.BRIDGED, Mode.CENTRAL)
    )

    def code_of(*args: object, **options: object) -> str:
        with pytest.raises(FurkaError) as refused:
            operations.add_member(rita, *args, **options)  # type: ignore[arg-type]
        return refused.value.code

    assert code_of(bridged, ours.school) == "network-needed"
    assert code_of(bridged, ours.school, network_of(world, ours.depot)) == "not-there"
    assert code_of(bridged, ours.school, network_of(world, ours.school), vlan=4095) == "vlan-wrong"
    assert code_of(routed, ours.school, vlan=5) == "vlan-needless"
    assert code_of(routed, ours.school, central=True) == "central-needless"
    assert code_of(routed, ours.customer) == "not-a-site"
    joined(world, central, ours.depot, central=True)
    assert code_of(central, ours.depot) == "already-member"
    assert code_of(central, ours.school, central=True) == "has-centre"


def test_device_can_be_mapped_only_where_it_makes_sense(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world, Mode.CENTRAL)
    joined(world, link, ours.depot, central=True)

    def code_of(link_: object, device: object, address: str = "") -> str:
        with pytest.raises(FurkaError) as refused:
            mapping.map_device(rita, link_, device, address)  # type: ignore[arg-type]
        return refused.value.code

    here, there = device_of(world, ours.depot), device_of(world, ours.school)
    assert code_of(link, there) == "not-in-link"
    joined(world, link, ours.school)
    assert code_of(link, here) == "at-centre"
    assert code_of(link, there, "x") == "address-wrong"
    assert code_of(link, there, "10.64.1.5") == "address-outside"
    assert code_of(link, there, "10.64.0.0") == "address-outside"
    assert code_of(a_link(world, name="Andere"), there) == "not-central"
    mapping.map_device(rita, link, there)
    assert code_of(link, there) == "already-mapped"


def test_central_site_reaches_mapped_devices_and_nobody_else_reaches_anybody(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    bad = a_plant(world, "Bad")
    link = a_link(world, Mode.CENTRAL)
    joined(world, link, ours.depot, central=True)
    joined(world, link, ours.school, bad)
    device, other = device_of(world, ours.school), device_of(world, bad)

    def because(source: Node, destination: End) -> str:
        return queries.may_reach(rita, link, End(source), destination, "tcp", 502).answer.because

    assert because(ours.depot, End(ours.school, device)) == "not-mapped"
    mapping.map_device(rita, link, device)
    assert because(ours.depot, End(ours.school, device)) == "open"
    assert because(bad, End(ours.school, device)) == "from-spoke"
    assert because(ours.school, End(ours.depot, device_of(world, ours.depot))) == "from-spoke"
    assert because(ours.depot, End(bad, other)) == "not-mapped"
    rules.add_rule(
        rita, link, RuleTerms(False, ours.depot, None, ours.school, protocol="tcp", ports=((502, 502),))
    )
    assert because(ours.depot, End(ours.school, device)) == "rule"


def test_networks_of_a_level_are_listed_with_how_many_overlap(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    sites.add_network(rita, ours.depot, "10.64.0.0/25")

    found = addresses.register_of(rita, ours.reseller, addresses.subnets_of(rita, ours.reseller))

    assert [(each.network.subnet, each.overlapping) for each in found] == [
        ("10.64.0.0/25", 0),
        ("192.168.1.0/24", 1),
        ("192.168.1.0/24", 1),
    ]
    for text, number in (("10.64", 1), ("werkhof", 2), ("x", 0)):
        assert addresses.subnets_of(rita, ours.reseller, text).count() == number
    assert addresses.free_network(rita, ours.reseller) == IPv4Network("10.64.1.0/24")
    assert addresses.free_network(rita, ours.reseller, 26) == IPv4Network("10.64.0.128/26")
