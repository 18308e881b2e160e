"""What may stand in the plan of this hub at all: nothing outside its own ranges, whatever the portal says."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network

from furka.plan.entries import Door, Entry, Knock, Names, Page, Peer, Prefix, RealNetwork, TunnelEnd
from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule, Mapped
from furka.plan.render.hub_nft import Layout


def is_proper(entry: Entry, layout: Layout) -> bool:
    """Whether an entry may count."""
    match entry:
        case Peer():
            range_ = layout.gateways if entry.end is TunnelEnd.GATEWAY else layout.profiles
            return (
                entry.address in range_
                and all(prefix.subnet_of(layout.plants) for prefix in entry.prefixes)
                and (entry.end is TunnelEnd.GATEWAY or not entry.prefixes)
            )
        case Prefix():
            return entry.network.subnet_of(layout.plants)
        case Door():
            is_own = entry.address in layout.profiles or is_of_page(entry, layout)
            return is_own and all(host in layout.plants for host in entry.hosts or ())
        case Knock():
            return entry.address in layout.profiles
        case Page():
            return entry.address in layout.pages and entry.device in layout.plants
        case RealNetwork():
            return entry.address in layout.profiles and entry.virtual.subnet_of(layout.plants)
        case Names():
            return all(host.address in layout.plants for host in entry.hosts)
        case Leg():
            return entry.gateway in layout.gateways
        case Junction():
            return all(prefix.subnet_of(layout.plants) for prefix in entry.prefixes)
        case Mapped():
            taken = any(entry.address in own for own in own_ranges(layout))
            return entry.device in layout.plants and entry.address.is_private and not taken
        case Bridge() | LinkRule():
            return True


def is_of_page(door: Door, layout: Layout) -> bool:
    """Whether it is a page's, and nobody's own tunnel address."""
    return door.address in layout.pages


def own_ranges(layout: Layout) -> tuple[IPv4Network, ...]:
    """What is never a network of a plant."""
    own = (layout.gateways, layout.profiles, layout.plants, layout.pages)
    return (*own, IPv4Network(layout.address))


def widest(prefixes: Iterable[Prefix]) -> dict[IPv4Network, int]:
    """Of prefixes that lie across each other only the widest counts: the kernel's map would refuse both."""
    found: dict[IPv4Network, int] = {}
    end = -1
    for entry in sorted(prefixes, key=lambda one: (int(one.network.network_address), one.network.prefixlen)):
        if int(entry.network.network_address) > end:
            found[entry.network] = entry.site
            end = int(entry.network.broadcast_address)
    return found
