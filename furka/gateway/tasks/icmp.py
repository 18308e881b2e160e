"""Echo requests: ping, the way to a device, loss to the hub, and how large packets may be (RFC 792, 1191)."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from furka.clock import monotonic
from furka.gateway.tasks.bench import Bench, Failed, Found, finding
from furka.wire.probes import HubLine, PathSize, Ping, Traceroute

_ECHO_REPLY, _UNREACHABLE, _ECHO, _TIME_EXCEEDED = 0, 3, 8, 11
_FRAGMENTATION_NEEDED = 4
_HEADS = 28  # of IP and ICMP
_DONT_FRAGMENT, _PROBE = 10, 3  # IP_MTU_DISCOVER, IP_PMTUDISC_PROBE (linux/in.h)
_IP_MTU = 14

_PATIENCE = 1.0  # seconds for an answer
_PAUSE = 0.25  # between two questions; the hub answers five a second
_MOST_STEPS = 20
_SMALLEST, _LARGEST = 576, 1500


@dataclass(frozen=True, slots=True)
class Echo:
    """What came back: `kind` is `reply`, `exceeded`, `unreachable`, `too-large` or `silent`."""

    kind: str
    address: IPv4Address | None = None
    milliseconds: float = 0.0
    number: int = 0


class Asker:
    """A raw socket that asks and knows its own answers."""

    def __init__(self, source: IPv4Address | None = None, interface: str = "") -> None:
        try:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        except PermissionError:
            raise Failed("this takes root, or the capability CAP_NET_RAW") from None
        if interface:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        if source is not None:
            self._socket.bind((str(source), 0))
        self._mark = int.from_bytes(os.urandom(2), "big")
        self._number = 0

    def close(self) -> None:
        self._socket.close()

    def ask(self, target: IPv4Address, *, hops: int = 64, size: int = 64, whole: bool = False) -> Echo:
        """One question of that size, heads included; with `whole` it is not cut on its way."""
        self._number += 1
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
        if whole:
            self._socket.setsockopt(socket.IPPROTO_IP, _DONT_FRAGMENT, _PROBE)
        began = monotonic()
        try:
            self._socket.sendto(self._question(max(0, size - _HEADS)), (str(target), 0))
        except OSError as error:
            return Echo("too-large" if error.errno == errno.EMSGSIZE else "unreachable")
        while (left := began + _PATIENCE - monotonic()) > 0:
            if not select.select([self._socket], [], [], left)[0]:
                break
            packet, (sender, _) = self._socket.recvfrom(2048)
            if (found := self._read(packet, target, IPv4Address(sender))) is not None:
                milliseconds = 1000 * (monotonic() - began)
                return Echo(found.kind, found.address, milliseconds, found.number)
        return Echo("silent")

    def _question(self, length: int) -> bytes:
        body = bytes(index & 0xFF for index in range(length))
        head = struct.pack("!BBHHH", _ECHO, 0, 0, self._mark, self._number)
        return struct.pack("!BBHHH", _ECHO, 0, _checksum(head + body), self._mark, self._number) + body

    def _read(self, packet: bytes, target: IPv4Address, sender: IPv4Address) -> Echo | None:
        """What a packet says about the last question; None if it is none of ours."""
        icmp = packet[(packet[0] & 15) * 4 :]
        if len(icmp) < 8:
            return None
        mine = struct.pack("!HH", self._mark, self._number)
        if icmp[0] == _ECHO_REPLY:
            return Echo("reply", sender) if icmp[4:8] == mine and sender == target else None
        inner = icmp[8:]
        if icmp[0] not in (_TIME_EXCEEDED, _UNREACHABLE) or len(inner) < 28:
            return None
        asked = inner[(inner[0] & 15) * 4 :]
        if asked[:1] != bytes([_ECHO]) or asked[4:8] != mine:
            return None
        if icmp[0] == _TIME_EXCEEDED:
            return Echo("exceeded", sender)
        if icmp[1] == _FRAGMENTATION_NEEDED:
            return Echo("too-large", sender, number=int.from_bytes(icmp[6:8], "big"))
        return Echo("unreachable", sender)


@contextlib.contextmanager
def _asker(source: IPv4Address | None = None, interface: str = "") -> Iterator[Asker]:
    asker = Asker(source, interface)
    try:
        yield asker
    finally:
        asker.close()


def ping(probe: Ping, bench: Bench) -> Found:
    """Echo requests to a device, one after another."""
    lan = bench.lan_towards(probe.target)
    source = lan if probe.network is None else bench.lan_of(probe.network)
    # Bound to an interface only where the device lies behind it: from another network the question is routed.
    interface = source.interface if source.interface == lan.interface else ""
    yield from _pings(bench, probe.target, probe.count, source.address, interface)


def hub_line(_probe: HubLine, bench: Bench) -> Found:
    """Loss and round trip to the hub, in the tunnel."""
    yield from _pings(bench, bench.hub, 20)


def _pings(
    bench: Bench,
    target: IPv4Address,
    count: int,
    source: IPv4Address | None = None,
    interface: str = "",
) -> Found:
    times: list[float] = []
    sent = 0
    with _asker(source, interface) as asker:
        for number in range(1, count + 1):
            echo = asker.ask(target)
            sent += 1
            if echo.kind == "reply":
                times.append(echo.milliseconds)
                yield finding("reply", address=echo.address, number=number, milliseconds=echo.milliseconds)
            elif echo.kind == "silent":
                yield finding("silent", address=target, number=number)
            else:
                yield finding("unreachable", address=echo.address or target, number=number)
            if number < count and not bench.wait(_PAUSE):
                break
    yield finding("sent", number=sent)
    yield finding("lost", number=sent - len(times), text=f"{100 * (sent - len(times)) / sent:.0f}")
    if times:
        yield finding("fastest", milliseconds=min(times))
        yield finding("average", milliseconds=sum(times) / len(times))
        yield finding("slowest", milliseconds=max(times))


def traceroute(probe: Traceroute, bench: Bench) -> Found:
    """Each step on the way to a device."""
    lan = bench.lan_towards(probe.target)
    with _asker(lan.address) as asker:
        for step in range(1, _MOST_STEPS + 1):
            echo = asker.ask(probe.target, hops=step)
            if echo.kind == "silent":
                echo = asker.ask(probe.target, hops=step)
            match echo.kind:
                case "silent":
                    yield finding("hop-silent", number=step)
                case "unreachable":
                    yield finding("unreachable", address=echo.address or probe.target, number=step)
                    return
                case _:
                    yield finding("hop", address=echo.address, number=step, milliseconds=echo.milliseconds)
                    if echo.kind == "reply":
                        yield finding("arrived", address=probe.target, number=step)
                        return
            if not bench.wait(0.05):
                return
    yield finding("not-arrived", address=probe.target, number=_MOST_STEPS)


def path_size(_probe: PathSize, bench: Bench) -> Found:
    """How large packets are that pass to the hub in one piece: inside the tunnel, and on the line under it."""
    inside = bench.hub
    with _asker() as asker:
        largest = _interface_size(inside)
        if largest:
            yield finding("tunnel-size", number=largest)
        passed = None
        for found in _largest(asker, bench, inside, min(largest or _LARGEST, _LARGEST)):
            passed = found
            yield None
        yield finding("hub-silent") if passed is None else finding("tunnel-passes", number=passed)
    outside = _endpoint(bench)
    if outside is None:
        return
    with _asker() as asker:
        passed = None
        for found in _largest(asker, bench, outside, _LARGEST):
            passed = found
            yield None
        yield finding("line-silent") if passed is None else finding("line-passes", number=passed)


def _largest(asker: Asker, bench: Bench, target: IPv4Address, most: int) -> Iterator[int | None]:
    """By halves; what is known so far each time. Nothing is known if not even the smallest is answered."""
    if not _passes(asker, bench, target, _SMALLEST):
        yield None
        return
    low, high = _SMALLEST, most
    yield low
    if _passes(asker, bench, target, high):
        yield high
        return
    while high - low > 1 and not bench.is_over:
        middle = (low + high) // 2
        if _passes(asker, bench, target, middle):
            low = middle
        else:
            high = middle
        yield low


def _passes(asker: Asker, bench: Bench, target: IPv4Address, size: int) -> bool:
    for _ in range(2):
        echo = asker.ask(target, size=size, whole=True)
        bench.wait(_PAUSE)
        if echo.kind != "silent":
            return echo.kind == "reply"
    return False


def _interface_size(target: IPv4Address) -> int:
    """What the kernel holds for the largest packet there."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect((str(target), 9))
        return int(udp.getsockopt(socket.IPPROTO_IP, _IP_MTU))
    return 0


def _endpoint(bench: Bench) -> IPv4Address | None:
    """The hub's address on the line, as our own settings name it."""
    hub = bench.settings.hub
    host = hub.endpoint.rpartition(":")[0] if hub is not None else ""
    with contextlib.suppress(OSError, ValueError):
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
        return IPv4Address(found[0][4][0]) if found else None
    return None


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
