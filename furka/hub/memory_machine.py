"""A complete machine in memory, with time limits that run by the clock: what tests and laws use for a kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network
from math import inf
from typing import NamedTuple

from furka.clock import monotonic
from furka.hub.machine import Ground, InForce, LinkUse, MachineError, Use
from furka.kernel.wireguard import PeerState
from furka.plan.doors import EVERY_HOST, DoorKey, FilterChange
from furka.plan.gathered import Links
from furka.plan.render.hub_nft import KNOCK_KEPT, Layout
from furka.plan.render.real_nft import RealNetworks


class OpenPath(NamedTuple):
    """A way that is open: who (public key), to which prefix, behind whom, by which door."""

    who: str
    network: IPv4Network
    behind: str
    door: DoorKey


class MemoryMachine:
    """Behaves like a hub's kernel as far as a hub can tell.

    `steps` counts every single change. `fail_at` is the number of the step that fails; `fail_late` says that this
    step takes effect all the same. `watch` is called after every step.
    """

    back_end = "memory"

    def __init__(self) -> None:
        self.ground: Ground | None = None
        self.up = False
        self.table = False
        self.in_force = InForce()
        self.used: dict[DoorKey, Use] = {}
        self.listens: frozenset[DoorKey] = frozenset()
        self.knocked: dict[DoorKey, float] = {}
        self.states: dict[str, PeerState] = {}
        self.real: dict[tuple[IPv4Address, IPv4Network], IPv4Network] = {}
        self.links = Links()
        self.moved: dict[tuple[str, str], LinkUse] = {}
        self.steps = 0
        self.fail_at: int | None = None
        self.fail_late = False
        self.watch: Callable[[], None] | None = None
        self._births = 0

    # -- what a hub does ----------------------------------------------------------------------------------------

    def stand_up(self, ground: Ground | None) -> None:
        if not self.table:
            self._step(self._make_table)
        if not self.up or (ground is not None and ground != self.ground):
            self._step(lambda: self._switch_on(ground))

    def observe(self) -> InForce:
        self._expire()
        now = self.in_force
        peers, preshared = dict(now.peers), dict(now.preshared)
        return InForce(now.layout, now.birth, dict(now.prefixes), dict(now.doors), peers, preshared)

    def load(
        self, layout: Layout, prefixes: Mapping[IPv4Network, int], doors: Mapping[DoorKey, float]
    ) -> int:
        def all_at_once() -> None:
            if not self.table:
                self._make_table()
            _refuse_overlaps(prefixes)
            self.in_force.layout = layout
            self.in_force.prefixes = dict(prefixes)
            self.in_force.doors = _ends(doors)

        self._step(all_at_once)
        return self.in_force.birth

    def change_filter(self, change: FilterChange) -> None:
        def all_at_once() -> None:
            if self.in_force.layout is None:
                raise MachineError("there is no table")
            prefixes = dict(self.in_force.prefixes)
            for network, site in change.forget.items():
                if prefixes.pop(network, site) != site:
                    raise MachineError(f"{network} leads elsewhere")
            for network, site in change.learn.items():
                if prefixes.setdefault(network, site) != site:
                    raise MachineError(f"{network} leads elsewhere")
            _refuse_overlaps(prefixes)
            kept = {key: end for key, end in self.in_force.doors.items() if key not in change.close}
            self.in_force.prefixes = prefixes
            self.in_force.doors = {**kept, **_ends(change.open)}

        self._step(all_at_once)

    def look_up(self, doors: Iterable[DoorKey]) -> dict[DoorKey, float]:
        self._expire()
        at = monotonic()
        return {key: self.in_force.doors[key] - at for key in doors if key in self.in_force.doors}

    def change_peers(
        self,
        put: Mapping[str, frozenset[IPv4Network]],
        drop: Iterable[str],
        preshared: Mapping[str, str] | None = None,
    ) -> None:
        for key in drop:
            self._step(lambda key=key: self._drop_peer(key))  # type: ignore[misc]
        for key, networks in put.items():
            secret = (preshared or {}).get(key, "")
            self._step(lambda key=key, some=networks, secret=secret: self._put_peer(key, some, secret))  # type: ignore[misc]

    def translate(self, networks: RealNetworks) -> None:
        self.real = dict(networks)

    def peer_states(self) -> dict[str, PeerState]:
        return {key: self.states.get(key, PeerState()) for key in self.in_force.peers}

    def uses(self) -> dict[DoorKey, Use]:
        if not self.table:
            raise MachineError("there is no table")
        return dict(self.used)

    def listen(self, visits: Iterable[DoorKey]) -> None:
        if not self.table:
            raise MachineError("there is no table")
        self.listens = frozenset(visits)

    def heard(self) -> set[DoorKey]:
        at = monotonic()
        return {key for key, heard_at in self.knocked.items() if at - heard_at < KNOCK_KEPT}

    def forget_uses(self, doors: Iterable[DoorKey]) -> None:
        for key in doors:
            self.used.pop(key, None)

    def link(self, layout: Layout, links: Links) -> None:
        if not self.table:
            raise MachineError("there is no table")
        if links != self.links:
            self._step(lambda: setattr(self, "links", links))

    def link_uses(self) -> dict[tuple[str, str], LinkUse]:
        return dict(self.moved)

    # -- what happens to it -------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Lose everything, as a machine does that is switched off and on."""
        self.up = self.table = False
        self.ground = None
        self.in_force = InForce()
        self.used = {}
        self.listens, self.knocked = frozenset(), {}
        self.links, self.moved = Links(), {}
        self.states = {}

    def open_paths(self) -> set[OpenPath]:
        """Every way that is open."""
        self._expire()
        now = self.in_force
        if now.layout is None:
            return set()
        return {
            OpenPath(who, network, behind, door)
            for who, own in now.peers.items()
            for door in now.doors
            if IPv4Network(door.address) in own
            for network, site in now.prefixes.items()
            if site == door.site and (door.host == EVERY_HOST or door.host in network)
            for behind, theirs in now.peers.items()
            if any(network.overlaps(one) for one in theirs)
        }

    def send(
        self,
        source: IPv4Address,
        destination: IPv4Address,
        size: int = 100,
        packets: int = 1,
        port: tuple[str, int] = ("tcp", 80),
    ) -> bool:
        """Packets of `size` bytes in all come out of the tunnel; returns whether they pass."""
        self._expire()
        now = self.in_force
        if now.layout is None or (source not in now.layout.profiles and source not in now.layout.pages):
            return False
        for network, site in now.prefixes.items():
            key = DoorKey(source, site)
            ways = {
                DoorKey(source, site, host, *to)
                for host in (EVERY_HOST, destination)
                for to in (("", 0), port)
            }
            if destination in network and not ways.isdisjoint(now.doors):
                before = self.used.get(key, Use(0, 0))
                self.used[key] = Use(before.packets + packets, before.bytes + size, before.answered)
                return True
            if destination in network and key in self.listens:
                self.knocked[key] = monotonic()
        return False

    # -- inside -------------------------------------------------------------------------------------------------

    def _step(self, action: Callable[[], None]) -> None:
        self._expire()
        self.steps += 1
        fails = self.steps == self.fail_at
        if not fails or self.fail_late:
            action()
        if self.watch is not None:
            self.watch()
        if fails:
            raise MachineError(f"step {self.steps} fails on purpose")

    def _make_table(self) -> None:
        self._births += 1
        self.table = True
        self.used = {}
        self.listens, self.knocked = frozenset(), {}
        before = self.in_force
        self.in_force = InForce(birth=self._births, peers=before.peers, preshared=before.preshared)

    def _switch_on(self, ground: Ground | None) -> None:
        self.up = True
        self.ground = ground or self.ground

    def _drop_peer(self, key: str) -> None:
        self.in_force.peers.pop(key, None)
        self.in_force.preshared.pop(key, None)

    def _put_peer(self, key: str, networks: frozenset[IPv4Network], secret: str) -> None:
        self.in_force.preshared.pop(key, None)
        if secret:
            self.in_force.preshared[key] = secret
        peers = {other: theirs - networks for other, theirs in self.in_force.peers.items()}
        self.in_force.peers = {**peers, key: networks}

    def _expire(self) -> None:
        at = monotonic()
        self.in_force.doors = {key: end for key, end in self.in_force.doors.items() if end > at}


def _ends(doors: Mapping[DoorKey, float]) -> dict[DoorKey, float]:
    at = monotonic()
    return {key: at + seconds if seconds < inf else inf for key, seconds in doors.items()}


def _refuse_overlaps(prefixes: Iterable[IPv4Network]) -> None:
    end = -1
    for network in sorted(prefixes):
        if int(network.network_address) <= end:
            raise MachineError(f"{network} lies across another prefix")
        end = int(network.broadcast_address)
