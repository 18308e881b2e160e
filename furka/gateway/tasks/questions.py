"""Who speaks which language in the plant's network: one question for each, never a write (mDNS, KNX, BACnet, Modbus).

Specs: RFC 6762 and 6763; KNX 03_08_02; ASHRAE 135 annex J; MODBUS Application Protocol V1.1b3, 6.21.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address

import dns.exception
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype

from furka.clock import monotonic
from furka.gateway.tasks.bench import Bench, Found, Lan, finding
from furka.gateway.tasks.doors import opened

_MDNS = ("224.0.0.251", 5353)
_SERVICES = "_services._dns-sd._udp.local."
_UNICAST_ANSWER = 0x8000
_MOST_TYPES, _MOST_SERVICES = 20, 60

_KNX = ("224.0.23.12", 3671)
_BACNET = 47808
_MODBUS = 502
_MODBUS_IDENTITY = bytes.fromhex("000100000005ff2b0e0100")

_WAIT = 2.0
_MOST_ANSWERS = 200


def mdns(lan: Lan, bench: Bench) -> Found:
    """Which services devices announce; they answer us alone."""
    seen: set[tuple[IPv4Address, str]] = set()
    with _socket(lan) as line:
        kinds: dict[str, None] = {}
        for _address, message in _mdns_answers(line, bench, [_SERVICES]):
            for name, target in _pointers(message):
                if name == _SERVICES and len(kinds) < _MOST_TYPES:
                    kinds[target] = None
            yield None
        for address, message in _mdns_answers(line, bench, list(kinds)) if kinds else ():
            for name, target in _pointers(message):
                if name in kinds and (address, target) not in seen and len(seen) < _MOST_SERVICES:
                    seen.add((address, target))
                    label = target.removesuffix("." + name).replace("\\032", " ")
                    yield finding("mdns", address=address, name=label, text=name.removesuffix(".local."))
            yield None


def _mdns_answers(
    line: socket.socket, bench: Bench, names: list[str]
) -> Iterator[tuple[IPv4Address, dns.message.Message]]:
    question = dns.message.Message(id=0)
    for name in names:
        found = question.find_rrset(
            question.question,
            dns.name.from_text(name),
            dns.rdataclass.RdataClass(dns.rdataclass.IN | _UNICAST_ANSWER),
            dns.rdatatype.PTR,
            create=True,
            force_unique=True,
        )
        assert found is not None
    line.sendto(question.to_wire(), _MDNS)
    for address, data in _answers(line, bench):
        with contextlib.suppress(dns.exception.DNSException, ValueError):
            yield address, dns.message.from_wire(data, ignore_trailing=True, continue_on_error=True)


def _pointers(message: dns.message.Message) -> Iterator[tuple[str, str]]:
    for entry in (*message.answer, *message.additional):
        if entry.rdtype == dns.rdatatype.PTR:
            for item in entry:
                yield entry.name.to_text().lower(), str(item.target)


def knx(lan: Lan, bench: Bench) -> Found:
    """KNXnet/IP servers: their name, their address on the bus, their serial number."""
    with _socket(lan) as line:
        port = line.getsockname()[1]
        line.sendto(bytes.fromhex("06100201000e0801") + lan.address.packed + struct.pack("!H", port), _KNX)
        for address, data in _answers(line, bench):
            if data[:4] == bytes.fromhex("06100202") and len(data) >= 68:
                place = int.from_bytes(data[18:20], "big")
                name = data[38:68].split(b"\0")[0].decode("latin-1")
                on_bus = f"{place >> 12}.{place >> 8 & 15}.{place & 255}"
                yield finding("knx", address=address, name=name, text=f"{on_bus}, {data[22:28].hex()}")
            yield None


def bacnet(lan: Lan, bench: Bench) -> Found:
    """BACnet/IP devices: their instance and their vendor's number."""
    with contextlib.ExitStack() as stack:
        try:
            line = stack.enter_context(_socket(lan, _BACNET))
        except OSError:
            yield finding("bacnet-port-taken")
            return
        line.sendto(bytes.fromhex("810b000c0120ffff00ff1008"), (str(lan.broadcast), _BACNET))
        for address, data in _answers(line, bench):
            at = data.find(b"\x10\x00\xc4")  # I-Am, then the object's identifier
            if data[:1] == b"\x81" and 0 < at <= len(data) - 7:
                number = int.from_bytes(data[at + 3 : at + 7], "big") & 0x3FFFFF
                yield finding("bacnet", address=address, number=number)
            yield None


def modbus(target: IPv4Address, bench: Bench) -> Found:
    """One connection to a device, one question: who are you? No other unit is asked; some controllers hang."""
    try:
        with opened(bench, target, _MODBUS, 1.5) as line:
            line.sendall(_MODBUS_IDENTITY)
            answer = line.recv(300)
    except OSError:
        return
    if answer[2:4] != b"\0\0" or len(answer) < 9:
        return
    names: list[str] = []
    if answer[7] == 0x2B:
        at = 14
        while at + 2 <= len(answer) and len(names) < 3:
            length = answer[at + 1]
            names.append(answer[at + 2 : at + 2 + length].decode("latin-1"))
            at += 2 + length
    yield finding("modbus", address=target, name=" ".join(names))


@contextlib.contextmanager
def _socket(lan: Lan, port: int = 0) -> Iterator[socket.socket]:
    """For questions to all in one network, from its interface and no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, lan.interface.encode())
        if port:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            line.bind(("", port))  # answers come to the broadcast address
        else:
            line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, lan.address.packed)
            line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
            line.bind((str(lan.address), 0))
        yield line


def _answers(line: socket.socket, bench: Bench) -> Iterator[tuple[IPv4Address, bytes]]:
    """What comes back within a moment, ourselves aside."""
    end, own = monotonic() + _WAIT, line.getsockname()[0]
    for _ in range(_MOST_ANSWERS):
        left = end - monotonic()
        if left <= 0 or bench.is_over or not select.select([line], [], [], left)[0]:
            return
        with contextlib.suppress(OSError):
            data, sender = line.recvfrom(2048)
            if sender[0] != own:
                yield IPv4Address(sender[0]), data
