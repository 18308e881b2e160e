"""Gives out numbers, addresses and prefixes of the address plan, each once."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from furka.plan.addressing import PLAN, aligned_after, next_prefix, nth_address
from furka.tunnel.models import Counter


def draw(name: str) -> int:
    """The next number of a range, from 1. Must be in a transaction: the range is locked until its end."""
    counter = _locked(name)
    counter.last += 1
    counter.save(update_fields=["last"])
    return counter.last


def draw_prefix(prefix_length: int) -> IPv4Network:
    """The next free virtual prefix of that length. Raises furka.plan.addressing.NoAddressLeft at the end."""
    counter = _locked("plants")
    prefix = next_prefix(PLAN.plants, prefix_length, counter.last or None)
    counter.last = aligned_after(int(prefix.broadcast_address) + 1, prefix_length)
    counter.save(update_fields=["last"])
    return prefix


def hub_address(number: int) -> IPv4Address:
    """The address of a hub inside the tunnel."""
    return nth_address(PLAN.hubs, number)


def gateway_address(number: int) -> IPv4Address:
    """The address of a gateway inside the tunnel."""
    return nth_address(PLAN.gateways, number)


def profile_address(number: int) -> IPv4Address:
    """The address of a profile inside the tunnel."""
    return nth_address(PLAN.profiles, number)


def page_address(number: int) -> IPv4Address:
    """The address from which a device is asked for a page that is open in a browser."""
    return nth_address(PLAN.pages, number)


def page_number(drawn: int) -> int:
    """Of the numbers that are drawn, one that has an address: they are few and begin anew after the last. The last
    address of the range is the hub's, for tests."""
    return (drawn - 1) % (PLAN.pages.num_addresses - 3) + 1


def _locked(name: str) -> Counter:
    Counter.objects.get_or_create(name=name)
    return Counter.objects.select_for_update().get(name=name)
