"""From rows to the worlds of links that `furka.plan.links` looks at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv4Address
from typing import get_args

from furka.links.membership import lapsed
from furka.links.models import Link, LinkMember, MappedDevice
from furka.links.models import LinkRule as RuleRow
from furka.plan.links import NOBODY, LinkedSite, LinkWorld, MappedWorld, Mode, Protocol, RuleEnd, RuleWorld
from furka.plan.world import NetworkPair
from furka.sites.models import Device, Gateway, Network
from furka.tree.models import Node

_REASON = "the plan is compiled for everybody"


@dataclass(frozen=True, slots=True)
class WorldOnHubs:
    """A link, and on which hub each of its members is (by the member's key; those without a gateway are on none)."""

    world: LinkWorld
    hubs: dict[str, int]

    def on(self, hub_id: int) -> LinkWorld:
        """The link with those members that are on one hub: there is no way from one hub to another."""
        members = tuple(each for each in self.world.members if self.hubs.get(each.member) == hub_id)
        return replace(self.world, members=members)


def worlds_of(
    link_ids: Collection[int], at: datetime, asleep: Collection[int] = ()
) -> dict[int, WorldOnHubs]:
    """The links with these numbers that are there; some queries, however many they are.

    `asleep` are the numbers of levels at which the service is switched off.
    """
    links = Link.objects.everything(_REASON).filter(pk__in=link_ids)
    rows = {link.pk: link for link in links.select_related("node")}
    members = _members_of(rows.values(), at)
    sites = {member.node_id for those in members.values() for member in those}
    gateways = _gateways(sites)
    networks: dict[int, list[Network]] = defaultdict(list)
    for network in Network.objects.everything(_REASON).filter(node__in=sites) if sites else ():
        networks[network.node_id].append(network)
    rules: dict[int, list[RuleRow]] = defaultdict(list)
    for rule in RuleRow.objects.everything(_REASON).filter(link__in=rows).order_by("place"):
        rules[rule.link_id].append(rule)
    named = {
        key
        for those in rules.values()
        for rule in those
        for key in (rule.source_device, rule.destination_device)
        if key
    }
    devices = {
        device.key: device
        for device in Device.objects.everything(_REASON).filter(key__in=named if named else ())
    }
    mapped: dict[int, list[MappedDevice]] = defaultdict(list)
    for row in MappedDevice.objects.everything(_REASON).filter(link__in=rows).select_related("device"):
        mapped[row.link_id].append(row)
    found = {}
    for id_, link in rows.items():
        member_of = {member.node_id: member for member in members[id_]}
        world = LinkWorld(
            name=link.key,
            number=link.number,
            mode=Mode(link.mode),
            members=tuple(
                _linked(each, gateways.get(each.node_id), networks[each.node_id]) for each in members[id_]
            ),
            rules=tuple(_rule(each, member_of, devices) for each in rules[id_]),
            paused=link.paused_at is not None or link.node_id in asleep or _sleeps(link.node),
            dhcp_filter=link.dhcp_filter,
            storm_per_second=link.storm_per_second,
            most_macs=link.most_macs,
            own_addresses=tuple(map(IPv4Address, link.own_addresses)),
            range=link.central_range,
            mapped=tuple(
                MappedWorld(member_of[each.node_id].key, IPv4Address(each.device.address), each.reached_at)
                for each in mapped[id_]
                if each.node_id in member_of
            ),
        )
        hubs = {
            member.key: gateways[member.node_id].hub_id
            for member in members[id_]
            if member.node_id in gateways
        }
        found[id_] = WorldOnHubs(world, hubs)
    return found


def _sleeps(level: Node) -> bool:
    return level.archived_at is not None or level.deleted_at is not None


def _members_of(links: Iterable[Link], at: datetime) -> dict[int, list[LinkMember]]:
    """Those who can be in them. Whoever can not leaves in the transaction that makes it so, and counts for nothing."""
    rows = LinkMember.objects.everything(_REASON).filter(link__in=[link.pk for link in links])
    rows = rows.select_related("link__node", "node", "network").order_by("pk")
    all_ = list(rows)
    gone = {member.pk for member, _why in lapsed(all_, at)}
    found: dict[int, list[LinkMember]] = defaultdict(list)
    for row in all_:
        if row.pk not in gone and row.node.deleted_at is None and row.node.archived_at is None:
            found[row.link_id].append(row)
    return found


def _gateways(site_ids: Collection[int]) -> dict[int, Gateway]:
    """The gateways with our program that serve sites; a router of somebody's own can be in no link."""
    rows = Gateway.objects.everything(_REASON).filter(node__in=site_ids, released_at=None, system="")
    return {row.node_id: row for row in rows} if site_ids else {}


def _linked(member: LinkMember, gateway: Gateway | None, networks: Iterable[Network]) -> LinkedSite:
    part = networks if member.whole else [each for each in networks if each.pk == member.network_id]
    return LinkedSite(
        member=member.key,
        site_name=member.node.key,
        site=member.node_id,
        gateway=gateway.address if gateway is not None else None,
        networks=tuple(sorted((NetworkPair(each.real, each.virtual) for each in part), key=_by_virtual)),
        segment=member.segment,
        vlan=member.vlan,
        central=member.central,
    )


def _by_virtual(pair: NetworkPair) -> int:
    return int(pair.virtual.network_address)


def _rule(rule: RuleRow, member_of: dict[int, LinkMember], devices: dict[str, Device]) -> RuleWorld:
    protocol: Protocol | None = next((each for each in get_args(Protocol) if each == rule.protocol), None)
    return RuleWorld(
        name=rule.key,
        allow=rule.allow,
        source=_end(rule.source_site_id, rule.source_device, member_of, devices),
        destination=_end(rule.destination_site_id, rule.destination_device, member_of, devices),
        protocol=protocol,
        ports=tuple((first, last) for first, last in rule.ports),
    )


def _end(
    site_id: int | None, device: str, member_of: dict[int, LinkMember], devices: dict[str, Device]
) -> RuleEnd | None:
    if site_id is None:
        return None
    member = member_of.get(site_id)
    if member is None:
        return NOBODY
    if not device:
        return RuleEnd(member.key)
    found = devices.get(device)
    if found is None or found.node_id != site_id:
        return NOBODY
    return RuleEnd(member.key, IPv4Address(found.address))
