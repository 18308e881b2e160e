"""Links between sites, from their world to entries, and the answer to "may this one reach that one?"; pure.

Both come from the same entries: what `may_reach` says is what a hub that has them lets through. An explicit deny wins
over every allow, whatever their order. What no rule names is open inside a bridge, and from the central site to the
devices that are mapped for it; it is closed between the sites of a routed link. Spokes of a central link reach neither
each other nor the centre.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Literal, assert_never

from furka.plan.addressing import virtual_address
from furka.plan.entries import Entry
from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule, Mapped
from furka.plan.world import NetworkPair

Protocol = Literal["tcp", "udp", "icmp"]


class Mode(StrEnum):
    """How the sites of a link are joined."""

    BRIDGED = "bridged"
    ROUTED = "routed"
    CENTRAL = "central"


@dataclass(frozen=True, slots=True)
class LinkedSite:
    """A site in a link, with the networks that take part; `gateway` is None while none can serve it."""

    member: str
    site_name: str
    site: int
    gateway: IPv4Address | None
    networks: tuple[NetworkPair, ...]
    segment: int
    vlan: int | None = None
    central: bool = False

    def seen_at(self, real: IPv4Address, mode: Mode) -> IPv4Address | None:
        """Under which address the others in the link see a device; None if it is in none of these networks."""
        pair = next((pair for pair in self.networks if real in pair.real), None)
        if pair is None or mode is Mode.BRIDGED:
            return real if pair is not None else None
        return virtual_address(real, pair.real, pair.virtual)


@dataclass(frozen=True, slots=True)
class RuleEnd:
    """Whom a rule is about: a site in the link, or with an address one of its devices (the real one).

    `nobody` is an end that is not there at the moment.
    """

    member: str
    device: IPv4Address | None = None
    nobody: bool = False


NOBODY = RuleEnd("", nobody=True)


@dataclass(frozen=True, slots=True)
class RuleWorld:
    """A rule. An end of None is everybody; without a protocol or ports it is about all of them."""

    name: str
    allow: bool
    source: RuleEnd | None
    destination: RuleEnd | None
    protocol: Protocol | None = None
    ports: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class MappedWorld:
    """A device (its real address) of a member, and under which address the central site reaches it."""

    member: str
    device: IPv4Address
    address: IPv4Address


@dataclass(frozen=True, slots=True)
class LinkWorld:
    """One link as it is now. Members may be in it without a gateway: then they are not joined yet."""

    name: str
    number: int
    mode: Mode
    members: tuple[LinkedSite, ...]
    rules: tuple[RuleWorld, ...] = ()  # in the order in which people see them
    paused: bool = False
    dhcp_filter: bool = True
    storm_per_second: int = 500
    most_macs: int = 256
    own_addresses: tuple[IPv4Address, ...] = ()
    range: IPv4Network | None = None
    mapped: tuple[MappedWorld, ...] = ()

    @property
    def joined(self) -> tuple[LinkedSite, ...]:
        """Those whose packets can pass."""
        return () if self.paused else tuple(each for each in self.members if _can_join(self, each))

    def member(self, key: str) -> LinkedSite | None:
        """The member of that key."""
        return next((each for each in self.members if each.member == key), None)


def _can_join(world: LinkWorld, member: LinkedSite) -> bool:
    if member.gateway is None or not member.networks:
        return False
    return not (member.central and collides(world.range, member.networks))


def collides(range_: IPv4Network | None, networks: Iterable[NetworkPair]) -> bool:
    """Whether the addresses under which a central site reaches devices are those of networks of its own."""
    return range_ is not None and any(range_.overlaps(pair.real) for pair in networks)


# --- Entries ---------------------------------------------------------------------------------------------------------


def compile_link(world: LinkWorld) -> tuple[Entry, ...]:
    """What the hub of these members has to have; nothing while the link is paused or nobody is joined."""
    joined = sorted(world.joined, key=lambda each: each.member)
    if not joined or (world.mode is Mode.CENTRAL and not any(each.central for each in joined)):
        return ()
    return (*_ends(world, joined), *_rules(world, joined))


def _ends(world: LinkWorld, joined: Sequence[LinkedSite]) -> tuple[Entry, ...]:
    match world.mode:
        case Mode.BRIDGED:
            return (_bridge(world), *(_leg(world, each) for each in joined))
        case Mode.ROUTED:
            return tuple(_junction(world, each) for each in joined)
        case Mode.CENTRAL:
            return (*(_junction(world, each) for each in joined), *_mapped(world, joined))
    assert_never(world.mode)


def _bridge(world: LinkWorld) -> Bridge:
    return Bridge(
        link=world.name,
        number=world.number,
        dhcp_filter=world.dhcp_filter,
        storm_per_second=world.storm_per_second,
        most_macs=world.most_macs,
        guarded=tuple(sorted(world.own_addresses)),
    )


def _leg(world: LinkWorld, member: LinkedSite) -> Leg:
    assert member.gateway is not None
    return Leg(
        link=world.name,
        number=world.number,
        member=member.member,
        site_name=member.site_name,
        site=member.site,
        gateway=member.gateway,
        segment=member.segment,
    )


def _junction(world: LinkWorld, member: LinkedSite) -> Junction:
    return Junction(
        link=world.name,
        number=world.number,
        member=member.member,
        site_name=member.site_name,
        site=member.site,
        prefixes=_prefixes(member),
        central=member.central if world.mode is Mode.CENTRAL else None,
    )


def _prefixes(member: LinkedSite) -> tuple[IPv4Network, ...]:
    return tuple(sorted(pair.virtual for pair in member.networks))


def _mapped(world: LinkWorld, joined: Iterable[LinkedSite]) -> list[Mapped]:
    spokes = {each.member: each for each in joined if not each.central}
    found = []
    for each in sorted(world.mapped, key=lambda mapped: mapped.address):
        spoke = spokes.get(each.member)
        device = spoke.seen_at(each.device, world.mode) if spoke is not None else None
        if device is not None and world.range is not None and each.address in world.range:
            found.append(Mapped(link=world.name, number=world.number, address=each.address, device=device))
    return found


def _rules(world: LinkWorld, joined: Sequence[LinkedSite]) -> list[LinkRule]:
    there = {each.member: each for each in joined}
    found = []
    for place, rule in enumerate(world.rules, start=1):
        ends = (_end(world, there, rule.source), _end(world, there, rule.destination))
        if None in ends:
            continue
        (sources, source_members), (destinations, destination_members) = ends  # type: ignore[misc]  # just looked
        found.append(
            LinkRule(
                link=world.name,
                number=world.number,
                place=place,
                name=rule.name,
                allow=rule.allow,
                sources=sources,
                destinations=destinations,
                source_members=source_members,
                destination_members=destination_members,
                protocol=rule.protocol,
                ports=rule.ports,
            )
        )
    return found


_End = tuple[tuple[IPv4Network, ...] | None, tuple[str, ...] | None]


def _end(world: LinkWorld, there: dict[str, LinkedSite], end: RuleEnd | None) -> _End | None:
    """Addresses and members of an end; None if nobody is meant at the moment."""
    if end is None:
        return None, None
    site = there.get(end.member)
    if site is None or end.nobody:
        return None
    if end.device is not None:
        address = site.seen_at(end.device, world.mode)
        return None if address is None else ((IPv4Network(address),), (site.member,))
    return None if world.mode is Mode.BRIDGED else _prefixes(site), (site.member,)


# --- May A reach B? --------------------------------------------------------------------------------------------------


class Because(StrEnum):
    """Why somebody may reach somebody in a link, or not."""

    RULE = "rule"  # a rule says so
    OPEN = "open"  # no rule is about it, and without one it is open
    NO_RULE = "no-rule"  # no rule is about it, and without one it is closed
    PAUSED = "paused"
    SAME_SITE = "same-site"  # that does not go through the link
    SOURCE_NOT_JOINED = "source-not-joined"
    DESTINATION_NOT_JOINED = "destination-not-joined"
    OUTSIDE = "outside"  # an address that is in none of the networks that take part
    FROM_SPOKE = "from-spoke"  # only the central site opens connections
    NOT_MAPPED = "not-mapped"  # the central site reaches mapped devices only
    WITHOUT_CENTRE = "without-centre"


@dataclass(frozen=True, slots=True)
class Spot:
    """A device by its real address at a site of a link; without an address any device there that no rule names."""

    member: str
    address: IPv4Address | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether one may open a connection to the other, and why; `rule` is the name of the rule that says so.

    `reached_at` is the address that the source has to use.
    """

    allowed: bool
    because: Because
    rule: str = ""
    reached_at: IPv4Address | None = None


def may_reach(
    world: LinkWorld, source: Spot, destination: Spot, protocol: Protocol, port: int | None = None
) -> Answer:
    """Whether a device may open a connection to another one on a port (None for icmp)."""
    if source.member == destination.member:
        return Answer(False, Because.SAME_SITE)
    if world.paused:
        return Answer(False, Because.PAUSED)
    entries = compile_link(world)
    joined = {each.member for each in entries if isinstance(each, Leg | Junction)}
    if not joined and world.joined:
        return Answer(False, Because.WITHOUT_CENTRE)
    ends = []
    for spot, otherwise in (
        (source, Because.SOURCE_NOT_JOINED),
        (destination, Because.DESTINATION_NOT_JOINED),
    ):
        site = world.member(spot.member)
        if site is None or spot.member not in joined:
            return Answer(False, otherwise)
        address = None if spot.address is None else site.seen_at(spot.address, world.mode)
        if address is None and spot.address is not None:
            return Answer(False, Because.OUTSIDE)
        ends.append(_Packet(spot.member, address))
    return _decide(entries, world.mode, ends[0], ends[1], protocol, port)


@dataclass(frozen=True, slots=True)
class _Packet:
    """One end of a packet as the hub sees it."""

    member: str
    address: IPv4Address | None


def _decide(
    entries: Sequence[Entry],
    mode: Mode,
    source: _Packet,
    destination: _Packet,
    protocol: Protocol,
    port: int | None,
) -> Answer:
    reached_at = destination.address
    if mode is Mode.CENTRAL:
        centre = next(each for each in entries if isinstance(each, Junction) and each.central)
        if source.member != centre.member:
            return Answer(False, Because.FROM_SPOKE)
        mapped = [each for each in entries if isinstance(each, Mapped) and each.device == destination.address]
        if not mapped:
            return Answer(False, Because.NOT_MAPPED)
        reached_at = mapped[0].address
    about = [
        each
        for each in entries
        if isinstance(each, LinkRule) and _is_about(each, source, destination, protocol, port)
    ]
    denying = next((each for each in about if not each.allow), None)
    if denying is not None:
        return Answer(False, Because.RULE, denying.name, reached_at)
    if about:
        return Answer(True, Because.RULE, about[0].name, reached_at)
    if mode is Mode.ROUTED:
        return Answer(False, Because.NO_RULE, "", reached_at)
    return Answer(True, Because.OPEN, "", reached_at)


def _is_about(
    rule: LinkRule, source: _Packet, destination: _Packet, protocol: Protocol, port: int | None
) -> bool:
    if rule.protocol is not None and rule.protocol != protocol:
        return False
    if rule.ports and (port is None or not any(first <= port <= last for first, last in rule.ports)):
        return False
    return _is_end(rule.sources, rule.source_members, source) and _is_end(
        rule.destinations, rule.destination_members, destination
    )


def _is_end(
    addresses: tuple[IPv4Network, ...] | None, members: tuple[str, ...] | None, packet: _Packet
) -> bool:
    if members is not None and packet.member not in members:
        return False
    if addresses is None:
        return True
    if packet.address is None:
        # Any device that no rule names: only rules about whole networks are about it.
        return all(each.prefixlen < 32 for each in addresses)
    return any(packet.address in each for each in addresses)
