"""Doors as a hub's kernel looks them up: what has to be in its collections, and changes of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from furka.plan.entries import Door

#: Stands in a door for every address behind a site; no plant has it.
EVERY_HOST = IPv4Address(0)


class DoorKey(NamedTuple):
    """What the kernel looks up: one tunnel address, one site; perhaps one address there, perhaps one port."""

    address: IPv4Address
    site: int
    host: IPv4Address = EVERY_HOST
    protocol: str = ""  # "tcp" or "udp"; empty with port 0, for all of them
    port: int = 0

    @property
    def visit(self) -> DoorKey:
        """The tunnel address and the site alone, under which it is counted what passes."""
        return DoorKey(self.address, self.site)


def keys_of(door: Door) -> Iterator[DoorKey]:
    """What the kernel has to have for a door; no ranges, which would make every packet dearer."""
    hosts = (EVERY_HOST,) if door.hosts is None else door.hosts
    ports = (("", 0),) if door.ports is None else tuple((each.protocol, each.number) for each in door.ports)
    for host in hosts:
        for protocol, port in ports:
            yield DoorKey(door.address, door.site, host, protocol, port)


@dataclass(frozen=True, slots=True)
class FilterChange:
    """One change of the collections, all or nothing. Times are seconds from now; infinite means no end.

    `forget` says where the prefixes lead now: a map refuses to delete idempotently what it would have to guess. A
    prefix that leads elsewhere from now on is in both, `forget` and `learn`.
    """

    close: frozenset[DoorKey] = frozenset()
    forget: Mapping[IPv4Network, int] = field(default_factory=dict)
    learn: Mapping[IPv4Network, int] = field(default_factory=dict)
    open: Mapping[DoorKey, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.close or self.forget or self.learn or self.open)
