"""Links between sites as units of the plan (`link/7`), and what gateways are told of links."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network

from django.db.models import Q

from furka.catalogue.models import ServiceChoice
from furka.links import worlds
from furka.links.models import Link, LinkMember
from furka.links.rights import SERVICE
from furka.links.worlds import WorldOnHubs
from furka.plan.entries import Entry
from furka.plan.links import LinkedSite, LinkWorld, Mode, compile_link
from furka.sites.models import Gateway
from furka.tree.models import Node
from furka.tunnel.addresses import hub_address
from furka.wire.gateway import LegToJoin

_REASON = "the plan is compiled for everybody"


@dataclass(frozen=True, slots=True, order=True)
class LinkUnit:
    """A link between sites."""

    link_id: int

    def __str__(self) -> str:
        return f"link/{self.link_id}"


def links_below(node_id: int) -> set[LinkUnit]:
    """The links in which a site at or below a level is, and those of the level itself."""
    below = Q(node_id=node_id) | Q(node__reseller_id=node_id) | Q(node__customer_id=node_id)
    members = LinkMember.objects.everything(_REASON).filter(below | Q(link__node_id=node_id))
    return set(map(LinkUnit, members.values_list("link_id", flat=True)))


def all_links() -> set[LinkUnit]:
    """Every link there is."""
    return set(map(LinkUnit, Link.objects.everything(_REASON).values_list("pk", flat=True)))


def worlds_of(link_ids: Collection[int], at: datetime) -> dict[int, WorldOnHubs]:
    """The links as they are now; those of levels at which the service is switched off sleep."""
    if not link_ids:
        return {}
    off = ServiceChoice.objects.everything(_REASON).filter(service=SERVICE, settings__enabled=False)
    levels = Link.objects.everything(_REASON).filter(pk__in=link_ids).values("node_id")
    asleep = set(off.filter(node__in=levels).values_list("node_id", flat=True))
    return worlds.worlds_of(link_ids, at, asleep)


def compile_links(
    units: Collection[LinkUnit], at: datetime
) -> list[tuple[LinkUnit, tuple[tuple[int, Entry], ...]]]:
    """The entries of links, for each hub that has members of them."""
    there = worlds_of([unit.link_id for unit in units], at)
    found = []
    for unit in sorted(units):
        entries: list[tuple[int, Entry]] = []
        world = there.get(unit.link_id)
        for hub_id in sorted(set(world.hubs.values())) if world is not None else ():
            assert world is not None
            entries += [(hub_id, entry) for entry in compile_link(world.on(hub_id))]
        found.append((unit, tuple(entries)))
    return found


def sites_in(units: Iterable[LinkUnit]) -> set[int]:
    """The sites whose gateways are told of these links."""
    ids = [unit.link_id for unit in units]
    if not ids:
        return set()
    rows = LinkMember.objects.everything(_REASON).filter(link__in=ids)
    return set(rows.values_list("node_id", flat=True))


@dataclass(frozen=True, slots=True)
class TaskInLinks:
    """What a gateway has to do for the links that its site is in.

    `peers` are where devices of the site may open connections to, `callers` from where some may come.
    """

    legs: tuple[LegToJoin, ...] = ()
    peers: tuple[IPv4Network, ...] = ()
    callers: tuple[IPv4Network, ...] = ()


def task_of(gateway: Gateway, site: Node, at: datetime) -> TaskInLinks:
    """The task of a gateway; one query where the site is in no link."""
    ids = set(LinkMember.objects.everything(_REASON).filter(node=site).values_list("link_id", flat=True))
    if not ids:
        return TaskInLinks()
    legs: list[LegToJoin] = []
    peers: set[IPv4Network] = set()
    callers: set[IPv4Network] = set()
    for _id, found in sorted(worlds_of(ids, at).items()):
        world = found.on(gateway.hub_id)
        joined = {each.site: each for each in world.joined}
        own = joined.pop(site.pk, None)
        if own is None:
            continue
        match world.mode:
            case Mode.BRIDGED:
                legs.append(_leg(gateway, world, own))
            case Mode.ROUTED:
                others = {pair.virtual for each in joined.values() for pair in each.networks}
                peers |= others
                callers |= others
            case Mode.CENTRAL if own.central:
                peers |= {world.range} if world.range is not None else set()
            case Mode.CENTRAL:
                centre = next((each for each in joined.values() if each.central), None)
                callers |= {pair.virtual for pair in centre.networks} if centre is not None else set()
    return TaskInLinks(tuple(legs), tuple(sorted(peers)), tuple(sorted(callers)))


def _leg(gateway: Gateway, world: LinkWorld, own: LinkedSite) -> LegToJoin:
    return LegToJoin(
        segment=own.segment,
        hub=hub_address(gateway.hub.number),
        network=own.networks[0].real,
        vlan=own.vlan,
        name=world.name,
    )
