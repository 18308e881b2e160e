"""Echo requests and their replies (ICMP over IPv4, RFC 792) as bytes: what a device at the end of a tunnel answers."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

_REQUEST, _REPLY, _ICMP = 8, 0, 1


@dataclass(frozen=True, slots=True)
class Echo:
    """One of them."""

    source: IPv4Address
    target: IPv4Address
    number: int
    is_reply: bool = False

    def packet(self) -> bytes:
        """As it goes over the line."""
        kind = _REPLY if self.is_reply else _REQUEST
        body = struct.pack("!BBHHH", kind, 0, 0, 0x4655, self.number) + bytes(16)
        body = body[:2] + _checksum(body) + body[4:]
        head = struct.pack(
            "!BBHHHBBH4s4s",
            0x45,
            0,
            20 + len(body),
            0,
            0,
            64,
            _ICMP,
            0,
            self.source.packed,
            self.target.packed,
        )
        return head[:10] + _checksum(head) + head[12:] + body

    @property
    def reply(self) -> Echo:
        """What is answered to it."""
        return Echo(self.target, self.source, self.number, True)


def echo_in(packet: bytes) -> Echo | None:
    """The echo that a packet is, if it is one of ours."""
    if len(packet) < 28 or packet[0] != 0x45 or packet[9] != _ICMP or packet[20] not in (_REQUEST, _REPLY):
        return None
    mark, number = struct.unpack("!HH", packet[24:28])
    if mark != 0x4655:
        return None
    return Echo(IPv4Address(packet[12:16]), IPv4Address(packet[16:20]), number, packet[20] == _REPLY)


def _checksum(data: bytes) -> bytes:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)
