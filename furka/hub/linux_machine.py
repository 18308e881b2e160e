"""The real machine of a hub: one WireGuard interface and one nftables table, over `furka.kernel`."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, summarize_address_range
from math import inf
from typing import Any

from furka.clock import monotonic
from furka.hub.linux_links import LinuxLinks
from furka.hub.machine import Ground, InForce, LinkUse, MachineError, Use
from furka.kernel import links
from furka.kernel.conntrack import ConntrackError, forget_connections
from furka.kernel.nft import Nft, NftError, NotFound
from furka.kernel.wireguard import BackEndChoice, PeerState, PeerWish, WireGuardError, WireGuardInterface
from furka.plan.doors import EVERY_HOST, DoorKey, FilterChange
from furka.plan.gathered import Links
from furka.plan.render import hub_nft, probe_nft, real_nft
from furka.plan.render.hub_nft import DOOR_SETS, FAMILY, TABLE, Layout
from furka.plan.render.real_nft import RealNetworks
from furka.relay.probe import MARK


class LinuxMachine:
    """One hub on one Linux machine, or in the network namespace in which it was made. For one thread."""

    def __init__(
        self,
        interface: str,
        private_key: str,
        listen_port: int,
        *,
        back_end: BackEndChoice = "auto",
        library: bool = True,
    ) -> None:
        self._wireguard = WireGuardInterface(interface)
        self._link = links.Link(interface)
        self._private_key = private_key
        self._listen_port = listen_port
        self._choice: BackEndChoice = back_end
        self._nft = Nft(library=library)
        self._links = LinuxLinks(self._nft)
        self._loaded: tuple[Layout, str | None] | None = None
        self._answer_port = -1  # not known before the first look
        self._questions: str | None = None  # what nftables makes of the table that hands them on
        self.back_end = ""

    def stand_up(self, ground: Ground | None) -> None:
        with _as_machine_error():
            self._close_if_bare()
            self.back_end = self._wireguard.ensure(self._choice)
            self._wireguard.configure(self._private_key, self._listen_port)
            links.switch_off_ipv6(self._link.name)
            links.stop_redirects(self._link.name)
            links.loosen_reverse_path(self._link.name)
            links.drop_unmarked(self._link.name)
            self._link.bring_up()
            if ground is not None:
                self._link.replace_addresses([IPv4Interface(ground.layout.address)])
                self._link.replace_routes(ground.routes, ground.layout.address)
                links.own_range(ground.layout.pages)
                links.forward_packets()
                self._hand_on_questions(ground.answer_port)

    def observe(self) -> InForce:
        with _as_machine_error():
            states = self._wireguard.peers()
            networks = {key: _networks_of(state) for key, state in states.items()}
            preshared = {key: state.preshared_key for key, state in states.items() if state.preshared_key}
            try:
                at = monotonic()
                doors = dict(
                    _door(name, element, at) for name in DOOR_SETS for element in self._elements(name)
                )
                prefixes = dict(_prefixes(self._nft.entries(FAMILY, TABLE, "site_of")))
                birth = next(iter(self._elements("birth")), 0)
            except NotFound:
                return InForce(peers=networks, preshared=preshared)
            stands = self._loaded is not None and self._loaded[1] == self._nft.skeleton(FAMILY, TABLE)
            return InForce(
                layout=self._loaded[0] if self._loaded and stands else None,
                birth=birth,
                prefixes=prefixes,
                doors=doors,
                peers=networks,
                preshared=preshared,
            )

    def load(
        self, layout: Layout, prefixes: Mapping[IPv4Network, int], doors: Mapping[DoorKey, float]
    ) -> int:
        with _as_machine_error():
            birth = self._birth()
            try:
                if not birth:
                    raise NotFound("there is no table that counts")
                self._nft.run(hub_nft.whole(layout, prefixes, doors))
            except NftError:
                birth = secrets.randbelow(2**31 - 1) + 1
                self._nft.run(hub_nft.anew(hub_nft.whole(layout, prefixes, doors, birth=birth)))
            self._loaded = layout, self._nft.skeleton(FAMILY, TABLE)
            return birth

    def change_filter(self, change: FilterChange) -> None:
        with _as_machine_error():
            self._nft.run(hub_nft.change(change))

    def look_up(self, doors: Iterable[DoorKey]) -> dict[DoorKey, float]:
        found: dict[DoorKey, float] = {}
        with _as_machine_error():
            for key in doors:
                name, element = hub_nft.element_of(key)
                left = self._nft.seconds_left(FAMILY, TABLE, name, element)
                if left is not None:
                    found[key] = left
        return found

    def change_peers(
        self,
        put: Mapping[str, frozenset[IPv4Network]],
        drop: Iterable[str],
        preshared: Mapping[str, str] | None = None,
    ) -> None:
        with _as_machine_error():
            secret = preshared or {}
            wishes = {
                key: PeerWish(tuple(sorted(networks)), preshared_key=secret.get(key, ""))
                for key, networks in put.items()
            }
            self._wireguard.change_peers(wishes, drop)

    def translate(self, networks: RealNetworks) -> None:
        with _as_machine_error():
            try:
                present = dict(_real(self._nft.entries(real_nft.FAMILY, real_nft.TABLE, real_nft.MAP)))
            except NotFound:
                present = {}
                if not networks:
                    return
            if present == networks:
                return
            self._nft.run(real_nft.render(self._link.name, networks) if networks else real_nft.remove())
            stale: dict[IPv4Address, list[IPv4Network]] = {}
            for (address, real), _ in present.items() ^ networks.items():
                stale.setdefault(address, []).append(real)
            for address, some in stale.items():
                forget_connections(address, some)

    def peer_states(self) -> dict[str, PeerState]:
        with _as_machine_error():
            return self._wireguard.peers()

    def uses(self) -> dict[DoorKey, Use]:
        with _as_machine_error():
            there, back = (dict(map(_use, self._elements(name))) for name in ("used", "answered"))
            return {key: _both(there.get(key), back.get(key)) for key in there.keys() | back.keys()}

    def listen(self, visits: Iterable[DoorKey]) -> None:
        with _as_machine_error():
            self._nft.run(hub_nft.listen(visits))

    def heard(self) -> set[DoorKey]:
        with _as_machine_error():
            return {_key("knocked", element["elem"]["val"]) for element in self._elements("knocked")}

    def forget_uses(self, doors: Iterable[DoorKey]) -> None:
        with _as_machine_error():
            self._nft.run(hub_nft.forget_used(doors))

    def link(self, layout: Layout, links: Links) -> None:
        with _as_machine_error():
            self._links.put(layout, links)

    def link_uses(self) -> dict[tuple[str, str], LinkUse]:
        with _as_machine_error():
            return self._links.uses()

    def _hand_on_questions(self, answer_port: int) -> None:
        """Whether UDP gets through is asked at WireGuard's port, and answered by the relay."""
        stands = self._nft.skeleton(probe_nft.FAMILY, probe_nft.TABLE)
        if (self._answer_port, self._questions) == (answer_port, stands):
            return
        wanted = probe_nft.render(self._link.name, self._listen_port, MARK, answer_port)
        self._nft.run(wanted if answer_port else probe_nft.remove())
        self._answer_port = answer_port
        self._questions = self._nft.skeleton(probe_nft.FAMILY, probe_nft.TABLE)

    def _close_if_bare(self) -> None:
        """A tunnel interface never stands without a filter, not even for the moment before the first plan."""
        if self._nft.skeleton(FAMILY, TABLE) is None:
            self._nft.run(hub_nft.closed(self._link.name))

    def _birth(self) -> int:
        try:
            return int(next(iter(self._elements("birth")), 0))
        except NotFound:
            return 0

    def _elements(self, name: str) -> list[Any]:
        return self._nft.elements(FAMILY, TABLE, name)


@contextmanager
def _as_machine_error() -> Iterator[None]:
    try:
        yield
    except (NftError, WireGuardError, links.LinkError, ConntrackError, OSError) as error:
        raise MachineError(str(error)) from error


def _networks_of(state: PeerState) -> frozenset[IPv4Network]:
    return frozenset(network for network in state.allowed_ips if isinstance(network, IPv4Network))


def _key(name: str, concatenated: Any) -> DoorKey:
    address, site, *rest = concatenated["concat"]
    host = IPv4Address(rest.pop(0)) if name in ("door_hosts", "door_host_ports") else EVERY_HOST
    protocol, port = (str(rest[0]), int(rest[1])) if rest else ("", 0)
    return DoorKey(IPv4Address(address), int(site), host, protocol, port)


def _door(name: str, element: Any, at: float) -> tuple[DoorKey, float]:
    """A door and the latest moment of its end; nftables tells the rest in whole seconds, rounded down."""
    if "elem" in element:
        timed = element["elem"]
        return _key(name, timed["val"]), at + timed["expires"] + 1 if "expires" in timed else inf
    return _key(name, element), inf


def _use(element: Any) -> tuple[DoorKey, Use]:
    counted = element["elem"]
    return _key("used", counted["val"]), Use(counted["counter"]["packets"], counted["counter"]["bytes"])


def _both(there: Use | None, back: Use | None) -> Use:
    there, back = there or Use(0, 0), back or Use(0, 0)
    return Use(there.packets + back.packets, there.bytes + back.bytes, back.bytes)


def _prefixes(entries: Iterable[Any]) -> Iterator[tuple[IPv4Network, int]]:
    for where, site in entries:
        match where:
            case {"prefix": {"addr": address, "len": length}}:
                yield IPv4Network((address, length)), int(site)
            case {"range": [first, last]}:
                for network in summarize_address_range(IPv4Address(first), IPv4Address(last)):
                    yield network, int(site)
            case _:
                yield IPv4Network(where), int(site)


def _real(entries: Iterable[Any]) -> Iterator[tuple[tuple[IPv4Address, IPv4Network], IPv4Network]]:
    for where, virtual in entries:
        address, network = where["concat"]
        yield (IPv4Address(address), _network(network)), _network(virtual)


def _network(told: Any) -> IPv4Network:
    if isinstance(told, str):
        return IPv4Network(told)
    return IPv4Network((told["prefix"]["addr"], told["prefix"]["len"]))
