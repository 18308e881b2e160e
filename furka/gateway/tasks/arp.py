"""Frames of the plant's network: who has an address, who is there, who speaks (RFC 826, RFC 5227)."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from furka.clock import monotonic
from furka.gateway.tasks.bench import Bench, Failed, Found, Lan, finding, kernel, mac_text
from furka.wire.probes import SMALLEST_PREFIX, AddressProbe, MacsSeen

_ARP, _IP, _ALL, _TAGGED = 0x0806, 0x0800, 0x0003, 0x8100
_BROADCAST = b"\xff" * 6
_REQUEST = 1
_OUTGOING = 4  # linux/if_packet.h

#: Questions in a second: field controllers are easily overwhelmed.
RATE = 50
_PROBES, _PROBE_PAUSE = 3, 1.0  # RFC 5227, 1.1
_LISTEN = 12.0
_MOST_SEEN = 500


@dataclass(frozen=True, slots=True)
class Heard:
    """Who spoke: a hardware address, and the address that it says it has."""

    mac: bytes
    address: IPv4Address | None
    vlan: int | None = None


class Frames:
    """A packet socket on one interface."""

    def __init__(self, lan: Lan, protocol: int = _ARP) -> None:
        self._lan = lan
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
        except PermissionError:
            raise Failed("this takes root, or the capability CAP_NET_RAW") from None
        self._socket.bind((lan.interface, protocol))
        self._socket.setblocking(False)

    def close(self) -> None:
        self._socket.close()

    def ask(self, target: IPv4Address, source: IPv4Address | None = None) -> None:
        """Who has this address? Without a source nobody notes us down (a probe)."""
        mine = source.packed if source is not None else bytes(4)
        head = _BROADCAST + self._lan.mac + struct.pack("!HHHBBH", _ARP, 1, _IP, 6, 4, _REQUEST)
        with contextlib.suppress(OSError):
            self._socket.send(head + self._lan.mac + mine + bytes(6) + target.packed)

    def heard(self, seconds: float) -> Iterator[Heard]:
        """Who speaks meanwhile; ourselves aside."""
        end = monotonic() + seconds
        while True:
            left = end - monotonic()
            if not select.select([self._socket], [], [], max(0.0, left))[0]:
                return
            frame, where = self._socket.recvfrom(256)
            if where[2] != _OUTGOING and (said := _read(frame)) is not None and said.mac != self._lan.mac:
                yield said
            if left <= 0:
                return


def _read(frame: bytes) -> Heard | None:
    if len(frame) < 14:
        return None
    mac, protocol, body, vlan = frame[6:12], int.from_bytes(frame[12:14], "big"), frame[14:], None
    if protocol == _TAGGED and len(body) >= 4:
        vlan, protocol, body = (
            int.from_bytes(body[:2], "big") & 0xFFF,
            int.from_bytes(body[2:4], "big"),
            body[4:],
        )
    if mac[0] & 1:
        return None
    if protocol == _ARP and len(body) >= 28 and body[:6] == struct.pack("!HHBB", 1, _IP, 6, 4):
        address = IPv4Address(body[14:18])
        return Heard(body[8:14], address if int(address) else None, vlan)
    if protocol == _IP and len(body) >= 20:
        return Heard(mac, IPv4Address(body[12:16]), vlan)
    return Heard(mac, None, vlan)


@contextlib.contextmanager
def frames(lan: Lan, protocol: int = _ARP) -> Iterator[Frames]:
    """For the time of a block."""
    if len(lan.mac) != 6:
        raise Failed(f"{lan.interface} is no Ethernet")
    found = Frames(lan, protocol)
    try:
        yield found
    finally:
        found.close()


def duplicate(probe: AddressProbe, bench: Bench) -> Found:
    """Ask three times who has an address; whoever claims it counts."""
    lan = bench.lan_towards(probe.target)
    owners: set[bytes] = set()
    if probe.target == lan.address:
        yield finding("own-address", address=probe.target, mac=mac_text(lan.mac))
        owners.add(lan.mac)
    with frames(lan) as line:
        for _ in range(_PROBES):
            line.ask(probe.target)
            end = monotonic() + _PROBE_PAUSE
            while (left := end - monotonic()) > 0 and not bench.is_over:
                for each in line.heard(min(left, 0.2)):
                    if each.address == probe.target and each.mac not in owners:
                        owners.add(each.mac)
                        yield finding("owner", address=probe.target, mac=mac_text(each.mac))
                yield None
            if bench.is_over:
                return
    word = "free" if not owners else "once" if len(owners) == 1 else "twice"
    yield finding(f"address-{word}", address=probe.target, number=len(owners))


def sweep(lan: Lan, network: IPv4Network, bench: Bench) -> Iterator[Heard | None]:
    """Everybody in a network who answers, and those who speak meanwhile; each address is asked twice at most."""
    if network.prefixlen < SMALLEST_PREFIX:
        raise Failed(f"{network} is too large to be asked address by address")
    seen: set[tuple[bytes, IPv4Address | None]] = set()
    answered: set[IPv4Address] = set()
    with frames(lan) as line:
        for _ in range(2):
            for target in network.hosts():
                if target == lan.address or target in answered:
                    continue
                line.ask(target, lan.address)
                for each in line.heard(1 / RATE):
                    if each.address is not None and (each.mac, each.address) not in seen:
                        seen.add((each.mac, each.address))
                        answered.add(each.address)
                        yield each
                if bench.is_over:
                    return
                yield None
            for each in line.heard(1.0):
                if each.address is not None and (each.mac, each.address) not in seen:
                    seen.add((each.mac, each.address))
                    answered.add(each.address)
                    yield each


def macs_seen(probe: MacsSeen, bench: Bench) -> Found:
    """Whom the kernel knows there, and who speaks within some seconds."""
    lan = bench.lan_of(probe.network)
    seen: dict[bytes, IPv4Address | None] = {}
    for mac, known_as in _neighbours(lan.interface):
        if mac not in seen:
            seen[mac] = known_as
            yield finding("known", mac=mac_text(mac), address=known_as)
    with frames(lan, _ALL) as line:
        end = min(bench.until, monotonic() + _LISTEN)
        while monotonic() < end and not bench.is_over and len(seen) < _MOST_SEEN:
            for each in line.heard(0.3):
                # What is passed on for others carries the address of somebody behind: only our own network counts.
                address = each.address if each.address is not None and each.address in lan.own else None
                if each.mac not in seen or (seen[each.mac] is None and address is not None):
                    seen[each.mac] = address
                    vlan = {"number": each.vlan} if each.vlan is not None else {}
                    yield finding("speaks", mac=mac_text(each.mac), address=address, **vlan)
                if len(seen) >= _MOST_SEEN or monotonic() >= end:
                    break
            yield None
    yield finding("macs", number=len(seen))


def _neighbours(interface: str) -> Iterator[tuple[bytes, IPv4Address]]:
    """The kernel's own table of who was met there."""
    with kernel() as routes:
        found = routes.link_lookup(ifname=interface)
        rows = routes.get_neighbours(family=socket.AF_INET, ifindex=found[0]) if found else ()
        for row in rows:
            mac, address = row.get_attr("NDA_LLADDR"), row.get_attr("NDA_DST")
            if mac and address and mac != "00:00:00:00:00:00":
                yield bytes.fromhex(mac.replace(":", "")), IPv4Address(address)
