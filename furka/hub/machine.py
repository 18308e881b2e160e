"""What a hub can do to the machine it runs on: a small interface, so that the rest needs no kernel to be tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Protocol

from furka.kernel.wireguard import PeerState
from furka.plan.doors import DoorKey, FilterChange
from furka.plan.gathered import Links
from furka.plan.render.hub_nft import Layout
from furka.plan.render.real_nft import RealNetworks


class MachineError(Exception):
    """The machine did not do what it was told; what is in force now has to be looked at again."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What has to stand before any plan: the layout of the filter, and what is sent into the tunnels."""

    layout: Layout
    routes: tuple[IPv4Network, ...]
    answer_port: int = 0  # where the relay answers whether UDP gets through; 0: there is no relay


@dataclass(frozen=True, slots=True)
class Use:
    """What has passed a door, both ways together, since the machine began to count; `answered` came from the site."""

    packets: int
    bytes: int
    answered: int = 0


@dataclass(frozen=True, slots=True)
class LinkUse:
    """What a member of a link has moved since the machine began to count: into the link, out of it, and in vain."""

    sent_bytes: int = 0
    sent_packets: int = 0
    got_bytes: int = 0
    got_packets: int = 0
    refused_packets: int = 0
    macs: int = 0  # devices seen lately behind a leg of a bridge


@dataclass(slots=True)
class InForce:
    """What a machine has in force."""

    layout: Layout | None = None  # of the rules; None if they are not exactly those that we write
    birth: int = 0  # changes when the counters of use began anew; 0 if there is no table
    prefixes: dict[IPv4Network, int] = field(default_factory=dict)
    doors: dict[DoorKey, float] = field(default_factory=dict)  # monotonic moment of their end, at the latest
    peers: dict[str, frozenset[IPv4Network]] = field(default_factory=dict)
    preshared: dict[str, str] = field(default_factory=dict, repr=False)  # of peers that have to know a secret


class Machine(Protocol):
    """A machine with one tunnel interface and one packet filter. Every call may be repeated.

    All raise MachineError. A change of the filter is all or nothing; one of peers is not.
    """

    @property
    def back_end(self) -> str:
        """What carries the tunnel interface."""
        ...

    def stand_up(self, ground: Ground | None) -> None:
        """Have the tunnel interface, with key and port; with ground also its address and routes, and switched on.

        Before an interface is switched on there is a filter: a closed one, if there was none.
        """
        ...

    def observe(self) -> InForce:
        """Look at what is in force."""
        ...

    def load(
        self, layout: Layout, prefixes: Mapping[IPv4Network, int], doors: Mapping[DoorKey, float]
    ) -> int:
        """Have exactly this filter, rules and all; returns its birth. Doors by the seconds they have left."""
        ...

    def change_filter(self, change: FilterChange) -> None:
        """Change prefixes and doors under rules that stand."""
        ...

    def look_up(self, doors: Iterable[DoorKey]) -> dict[DoorKey, float]:
        """Those of these doors that are open in the kernel, each with the seconds that it has left."""
        ...

    def change_peers(
        self,
        put: Mapping[str, frozenset[IPv4Network]],
        drop: Iterable[str],
        preshared: Mapping[str, str] | None = None,
    ) -> None:
        """Drop peers, then create or change others; a network moves to whoever is given it last.

        `preshared` are the secrets of those that are put; whoever has none there has to know none.
        """
        ...

    def translate(self, networks: RealNetworks) -> None:
        """Have exactly these real networks lead to virtual ones; connections under what has changed begin anew."""
        ...

    def peer_states(self) -> dict[str, PeerState]:
        """What is known about the peers now."""
        ...

    def uses(self) -> dict[DoorKey, Use]:
        """What has passed the doors that were used; an error if the filter is gone."""
        ...

    def listen(self, visits: Iterable[DoorKey]) -> None:
        """Notice packets of tunnel addresses to sites exactly there, though they are dropped."""
        ...

    def heard(self) -> set[DoorKey]:
        """Where such packets came in the last seconds."""
        ...

    def forget_uses(self, doors: Iterable[DoorKey]) -> None:
        """Stop counting for doors that are closed."""
        ...

    def link(self, layout: Layout, links: Links) -> None:
        """Have exactly these links between sites; what runs and stays allowed is not disturbed."""
        ...

    def link_uses(self) -> dict[tuple[str, str], LinkUse]:
        """What has passed by each link and member."""
        ...
