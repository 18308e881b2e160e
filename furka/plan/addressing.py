"""The address plan of an installation, as arithmetic: who gets which tunnel address and which virtual prefix.

The ranges follow RFC 6598 (100.64.0.0/10, shared address space) for the ends of tunnels and RFC 1918
(10.128.0.0/9) for the virtual prefixes under which the networks of plants are reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """The ranges of one installation; all of them disjoint."""

    hubs: IPv4Network = IPv4Network("100.64.0.0/16")
    gateways: IPv4Network = IPv4Network("100.65.0.0/16")
    pages: IPv4Network = IPv4Network("100.66.0.0/16")  # pages of devices that are open in browsers
    profiles: IPv4Network = IPv4Network("100.72.0.0/13")
    plants: IPv4Network = IPv4Network("10.128.0.0/9")

    def ranges(self) -> tuple[IPv4Network, ...]:
        """All ranges that the installation uses for itself."""
        return (*self.behind_hub(), self.pages)

    def behind_hub(self) -> tuple[IPv4Network, ...]:
        """What a hub sends into its tunnels; the addresses of pages are its own."""
        return (self.hubs, self.gateways, self.profiles, self.plants)

    def overlapping(self, network: IPv4Network) -> IPv4Network | None:
        """The own range that a plant's network would collide with, if any."""
        return next((own for own in self.ranges() if own.overlaps(network)), None)


PLAN = AddressPlan()

#: Where networks of plants lie (RFC 1918).
PRIVATE_RANGES = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))

#: So many virtual addresses at most go to one top-level node: whoever comes first shall not take them all.
SHARE_OF_PLANTS = PLAN.plants.num_addresses // 16

#: A plant's network may be this large at most; larger ones are split by whoever enters them.
LARGEST_PLANT_NETWORK = 16
SMALLEST_PLANT_NETWORK = 30


class NoAddressLeft(Exception):
    """The range is used up."""


def nth_address(within: IPv4Network, number: int) -> IPv4Address:
    """The address with that number (from 1); the network and broadcast addresses are never given out."""
    if not 1 <= number < within.num_addresses - 1:
        raise NoAddressLeft(f"{within} has no address number {number}")
    return within.network_address + number


def dial_address(pages: IPv4Network) -> IPv4Address:
    """From where a hub tries devices when it tests a connection: the last of these, which no page gets."""
    return pages[-2]


def aligned_after(end: int, prefix_length: int) -> int:
    """The first position at or after `end` (an integer address) where a network of that length may begin."""
    size: int = 1 << (32 - prefix_length)
    return -(-end // size) * size


def next_prefix(within: IPv4Network, prefix_length: int, highest_end: int | None) -> IPv4Network:
    """The next free prefix behind everything given out so far.

    `highest_end` is the first integer address behind the last one given out, None if nothing was.
    Raises NoAddressLeft at the end of the range; then `first_gap` may still find room.
    """
    start = aligned_after(highest_end or int(within.network_address), prefix_length)
    if start + (1 << (32 - prefix_length)) > int(within.broadcast_address) + 1:
        raise NoAddressLeft(f"{within} has no room for a /{prefix_length} at its end")
    return IPv4Network((start, prefix_length))


def first_gap(within: IPv4Network, prefix_length: int, taken: Iterable[IPv4Network]) -> IPv4Network:
    """The first free prefix between those that are taken; looks at all of them."""
    position = int(within.network_address)
    size = 1 << (32 - prefix_length)
    for network in sorted(taken):
        start = aligned_after(position, prefix_length)
        if start + size <= int(network.network_address):
            return IPv4Network((start, prefix_length))
        position = max(position, int(network.broadcast_address) + 1)
    return next_prefix(within, prefix_length, position)


def virtual_address(real: IPv4Address, network: IPv4Network, virtual: IPv4Network) -> IPv4Address:
    """Where a device is reached through the tunnel: the same offset in the virtual prefix (1:1, RFC 3022)."""
    return virtual.network_address + (int(real) - int(network.network_address))
