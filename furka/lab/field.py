"""Field devices that speak to many at once: a KNXnet/IP router with one lamp behind it, and a BACnet/IP controller.

    python -m furka.lab.field knx | bacnet

on a host of the lab. Each says in a line what it hears, and answers. Specs: ISO 22510 (KNXnet/IP routing: multicast
224.0.23.12, port 3671), ANSI/ASHRAE 135 annex J (BACnet/IP: broadcasts, port 47808).
"""

from __future__ import annotations

import socket
import struct
import sys

KNX_GROUP, KNX_PORT = "224.0.23.12", 3671
BACNET_PORT = 47808

_INTERFACE = b"eth0\0"

#: "What is the state of the lamp 1/0/1?" from the device 1.1.17: routing indication, cEMI, group value read.
KNX_QUESTION = bytes.fromhex("061005300011 2900bce0 1111 0801 01 0000".replace(" ", ""))
_KNX_ANSWER = bytes.fromhex("061005300011 2900bce0 1122 0801 01 0041".replace(" ", ""))

#: "Who is there?" to all: BVLC original broadcast, NPDU to everybody, unconfirmed Who-Is.
BACNET_QUESTION = bytes.fromhex("810b000c 0120ffff00ff 1008".replace(" ", ""))


def bacnet_answer(number: int) -> bytes:
    """ "I am device NUMBER": to all."""
    said = bytes.fromhex("0120ffff00ff 1000 c4".replace(" ", "")) + struct.pack(">I", 8 << 22 | number)
    said += bytes.fromhex("2205c4 9103 2200".replace(" ", ""))
    return struct.pack(">BBH", 0x81, 0x0B, 4 + len(said)) + said


def line_to_all(port: int, group: str = "") -> socket.socket:
    """A line that hears what is sent to all, or to a group, and can send there."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, _INTERFACE)
    line.bind(("", port))
    if group:
        index = socket.if_nametoindex(_INTERFACE.rstrip(b"\0").decode())
        here = struct.pack("=4s4si", socket.inet_aton(group), bytes(4), index)
        line.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, here)
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 16)
    return line


def knx() -> None:
    """A lamp that is on."""
    line = line_to_all(KNX_PORT, KNX_GROUP)
    print("knx ready", flush=True)  # noqa: T201  # it is a program
    while True:
        said, who = line.recvfrom(2048)
        print(f"knx {said.hex()} from {who[0]}", flush=True)  # noqa: T201
        if said == KNX_QUESTION:
            line.sendto(_KNX_ANSWER, (KNX_GROUP, KNX_PORT))


def bacnet() -> None:
    """A controller that says who it is."""
    line = line_to_all(BACNET_PORT)
    print("bacnet ready", flush=True)  # noqa: T201
    while True:
        said, who = line.recvfrom(2048)
        print(f"bacnet {said.hex()} from {who[0]}", flush=True)  # noqa: T201
        if said == BACNET_QUESTION:
            line.sendto(bacnet_answer(17), ("255.255.255.255", BACNET_PORT))


if __name__ == "__main__":
    {"knx": knx, "bacnet": bacnet}[sys.argv[1]]()
