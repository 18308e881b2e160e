"""Laws of links between sites: what is compiled is what the rules say, and nobody is in a link who must not be."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from hypothesis import given, settings
from hypothesis import strategies as st

from furka.errors import FurkaError
from furka.links import operations
from furka.links.models import Link, LinkMember
from furka.links.models import Mode as RowMode
from furka.plan.link_entries import Junction, Leg, LinkRule, Mapped
from furka.plan.links import (
    LinkedSite,
    LinkWorld,
    MappedWorld,
    Mode,
    RuleEnd,
    RuleWorld,
    Spot,
    compile_link,
    may_reach,
)
from furka.plan.world import NetworkPair
from furka.tree import ceilings, lifecycle, moving
from furka.tree.ceilings import CeilingTerms
from furka.tree.models import Node
from tests.kept import built_once
from tests.links.stand import sites_joined
from tests.undoing import undone
from tests.world import World, a_world, by

# --- Who reaches whom ------------------------------------------------------------------------------------------------

REAL = (IPv4Network("192.168.1.0/29"), IPv4Network("192.168.2.0/29"))
NAMES = ("a", "b", "c")
HOSTS = tuple(map(IPv4Address, ("192.168.1.1", "192.168.1.2", "192.168.2.1", "192.168.2.2", "10.1.1.1")))


@st.composite
def members(draw: st.DrawFn) -> tuple[LinkedSite, ...]:
    centre = draw(st.sampled_from((*NAMES, "")))
    found = []
    for number, name in enumerate(NAMES):
        networks = tuple(
            NetworkPair(real, IPv4Network(f"10.128.{number}.{8 * place}/29"))
            for place, real in enumerate(REAL)
            if draw(st.booleans())
        )
        gateway = IPv4Address(f"100.65.0.{number + 1}") if draw(st.integers(0, 4)) else None
        found.append(LinkedSite(name, name, number + 1, gateway, networks, number + 1, None, name == centre))
    return tuple(found)


ends = st.none() | st.builds(
    RuleEnd, st.sampled_from((*NAMES, "gone")), st.none() | st.sampled_from(HOSTS), st.just(False)
)
rules = st.builds(
    RuleWorld,
    st.just(""),
    st.booleans(),
    ends,
    ends,
    st.sampled_from((None, "tcp", "udp", "icmp")),
    st.just(()),
).flatmap(
    lambda rule: st.sampled_from(((), ((80, 90),), ((1, 79), (502, 502)))).map(
        lambda ports: replace(rule, ports=ports if rule.protocol in ("tcp", "udp") else ())
    )
)
mapped = st.builds(
    MappedWorld, st.sampled_from(NAMES), st.sampled_from(HOSTS), st.just(IPv4Address("10.64.0.0"))
)


@st.composite
def worlds(draw: st.DrawFn) -> LinkWorld:
    mode = draw(st.sampled_from(Mode))
    listed = draw(st.lists(rules, max_size=5))
    unique = {(each.member, each.device): each for each in draw(st.lists(mapped, max_size=4))}
    return LinkWorld(
        name="link",
        number=1,
        mode=mode,
        members=draw(members()),
        rules=tuple(replace(each, name=f"r{place}") for place, each in enumerate(listed)),
        paused=not draw(st.integers(0, 9)),
        range=IPv4Network("10.64.0.0/24") if mode is Mode.CENTRAL else None,
        mapped=tuple(
            replace(each, address=IPv4Address(f"10.64.0.{place + 1}"))
            for place, each in enumerate(unique.values())
        ),
    )


def slowly(world: LinkWorld, source: Spot, destination: Spot, protocol: str, port: int | None) -> bool:
    """The same from the rules as people read them, without addresses of the tunnel."""
    by_name = {each.member: each for each in world.members}
    if world.paused or source.member == destination.member:
        return False
    for spot in (source, destination):
        site = by_name[spot.member]
        inside = spot.address is None or any(spot.address in pair.real for pair in site.networks)
        if site.gateway is None or not site.networks or not inside:
            return False
    if world.mode is Mode.CENTRAL:
        wanted = (destination.member, destination.address)
        open_to = {(each.member, each.device) for each in world.mapped if not by_name[each.member].central}
        if not by_name[source.member].central or wanted not in open_to:
            return False

    def meant(end: RuleEnd | None, spot: Spot) -> bool:
        return end is None or (end.member == spot.member and end.device in (None, spot.address))

    about = [
        rule.allow
        for rule in world.rules
        if meant(rule.source, source)
        and meant(rule.destination, destination)
        and rule.protocol in (None, protocol)
        and (not rule.ports or (port is not None and any(a <= port <= b for a, b in rule.ports)))
    ]
    return all(about) if about else world.mode is not Mode.ROUTED


spots = st.builds(Spot, st.sampled_from(NAMES), st.none() | st.sampled_from(HOSTS))
asked = st.sampled_from((("tcp", 80), ("tcp", 502), ("udp", 85), ("icmp", None), ("tcp", 1000)))


@given(worlds(), spots, spots, asked)
def test_law_answer_is_what_the_rules_say(
    world: LinkWorld, source: Spot, destination: Spot, asking: tuple[str, int | None]
) -> None:
    protocol, port = asking
    answer = may_reach(world, source, destination, protocol, port)  # type: ignore[arg-type]  # one of these

    assert answer.allowed == slowly(world, source, destination, protocol, port), answer
    if answer.rule:
        assert next(rule for rule in world.rules if rule.name == answer.rule).allow == answer.allowed


@given(worlds())
def test_law_entries_say_nothing_of_whoever_is_not_joined(world: LinkWorld) -> None:
    joined = {each.member: each for each in world.joined}
    virtual = {pair.virtual for each in joined.values() for pair in each.networks}

    for entry in compile_link(world):
        match entry:
            case Leg():
                assert joined[entry.member].gateway == entry.gateway
            case Junction():
                assert set(entry.prefixes) == {pair.virtual for pair in joined[entry.member].networks}
            case LinkRule():
                assert {*(entry.source_members or ()), *(entry.destination_members or ())} <= joined.keys()
                if world.mode is not Mode.BRIDGED:
                    named = (*(entry.sources or ()), *(entry.destinations or ()))
                    assert all(any(each.subnet_of(one) for one in virtual) for each in named)
            case Mapped():
                assert any(entry.device in one for one in virtual)
                assert world.range is not None
                assert entry.address in world.range


@given(worlds(), st.sampled_from(NAMES))
def test_law_without_one_member_nothing_changes_for_the_others(world: LinkWorld, gone: str) -> None:
    fewer = replace(world, members=tuple(each for each in world.members if each.member != gone))
    centre = any(each.central for each in fewer.joined)
    if world.mode is Mode.CENTRAL and not centre:
        assert compile_link(fewer) == ()
        return
    before = {entry.key: entry for entry in compile_link(world)}

    assert {entry.key: entry for entry in compile_link(fewer)}.items() <= before.items()


# --- Who is in -------------------------------------------------------------------------------------------------------

STEPS = ("join", "ceiling", "lift", "move down", "move up", "archive", "reopen", "delete", "restore")


def step(world: World, word: str, site: Node) -> None:
    """One thing that somebody does; what is not possible at that moment is not done."""
    rita, ours = by(world.rita), world.ours
    fresh = Node.objects.everything("a test").select_related("parent", "reseller", "customer").get(pk=site.pk)
    try:
        match word:
            case "join":
                for link in Link.objects.everything("a test").select_related("node"):
                    operations.add_member(rita, link, fresh)
            case "ceiling":
                ceilings.set_ceiling(by(world.karl), fresh, CeilingTerms(rights=("look",)))
            case "lift":
                ceilings.lift_ceiling(by(world.karl), fresh)
            case "move down":
                moving.move(rita, fresh, ours.customer)
            case "move up":
                moving.move(rita, fresh, ours.reseller)
            case "archive":
                lifecycle.archive(rita, fresh)
            case "reopen":
                lifecycle.reopen(rita, fresh)
            case "delete":
                lifecycle.delete(rita, fresh, fresh.name)
            case "restore":
                lifecycle.restore(rita, fresh.key)
    except FurkaError:
        return


@settings(max_examples=8)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.booleans()), min_size=3, max_size=10))
def test_law_whoever_can_not_be_in_a_link_is_in_none(database: None, steps: list[tuple[str, bool]]) -> None:
    with undone():
        world = built_once(a_world)
        rita, ours = by(world.rita), world.ours
        for level in (ours.reseller, ours.customer):
            operations.create_link(rita, level, RowMode.ROUTED, operations.LinkTerms("Netz"))
        step(world, "join", ours.school)
        step(world, "join", ours.depot)
        for word, at_school in steps:
            step(world, word, ours.school if at_school else ours.depot)

            rows = LinkMember.objects.everything("a test").select_related("link__node", "node")
            for row in rows:
                site, level = row.node, row.link.node
                assert level.pk in (site.reseller_id, site.customer_id)
                assert site.deleted_at is None
                assert site.archived_at is None
                lying = ceilings.Ceiling.objects.everything("a test").filter(node=site, ended_at=None)
                of_the_level_itself = level.pk == (site.customer_id or site.reseller_id)
                assert of_the_level_itself or not lying.exists()
            assert sites_joined(world) == {row.node.key for row in rows}
