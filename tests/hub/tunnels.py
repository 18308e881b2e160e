"""Two far ends of tunnels, a technician's laptop and a plant, in networks of their own, with a device that echoes."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from furka.clock import monotonic
from furka.kernel.links import Link
from furka.kernel.wireguard import WireGuardInterface, generate_private_key, public_key_of
from furka.plan.entries import Peer, Prefix, TunnelEnd
from tests.kernel.namespace import add_network, inside
from tests.laws.hub_worlds import LAYOUT

LAPTOP = IPv4Address("100.72.0.1")
GATEWAY = IPv4Address("100.65.0.1")
PLANT = IPv4Network("10.128.1.0/24")
DEVICE = IPv4Address("10.128.1.5")
SITE = 1
PORT = 7777


@dataclass(frozen=True, slots=True)
class FarEnd:
    """One end of a tunnel."""

    network: str
    interface: WireGuardInterface
    public_key: str

    def connect(self, hub_key: str, hub: str) -> None:
        """Make the tunnel to the hub."""
        with inside(self.network):
            ranges = (LAYOUT.gateways, LAYOUT.profiles, LAYOUT.plants, IPv4Network(LAYOUT.address))
            self.interface.put_peer(hub_key, ranges, hub, 1)


class Tunnels:
    """The laptop may talk to the device behind the gateway, if the hub lets it."""

    def __init__(self) -> None:
        self.laptop = _far_end("laptop", 1, "lap0", [LAPTOP])
        self.gateway = _far_end("plant", 2, "gw0", [GATEWAY, DEVICE])
        with inside("plant"):
            self.device = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.device.bind((str(DEVICE), PORT))
            self.device.setblocking(False)
        with inside("laptop"):
            self.phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.phone.bind((str(LAPTOP), PORT))
            self.phone.setblocking(False)

    def close(self) -> None:
        self.device.close()
        self.phone.close()

    def entries(self) -> tuple[Peer, Peer, Prefix]:
        """What the plan says about them, doors aside."""
        return (
            Peer(name="lap", end=TunnelEnd.PROFILE, public_key=self.laptop.public_key, address=LAPTOP),
            Peer(
                name="gw",
                end=TunnelEnd.GATEWAY,
                public_key=self.gateway.public_key,
                address=GATEWAY,
                prefixes=(PLANT,),
            ),
            Prefix(network=PLANT, site=SITE),
        )

    def connect(self, hub_key: str, port: int = 51820) -> None:
        self.laptop.connect(hub_key, f"198.18.1.1:{port}")
        self.gateway.connect(hub_key, f"198.18.2.1:{port}")

    def ask(self, limit: float = 0.3, size: int = 72) -> bool:
        """Whether a question of the laptop reaches the device and its answer comes back."""
        _empty(self.device)
        _empty(self.phone)
        word = f"{monotonic():.6f}".encode().ljust(size, b".")
        self.phone.sendto(word, (str(DEVICE), PORT))
        if _wait_for(self.device, word, limit) is None:
            return False
        self.device.sendto(word, (str(LAPTOP), PORT))
        return _wait_for(self.phone, word, limit) is not None

    def ask_back(self, limit: float = 0.3) -> bool:
        """Whether the device can begin to talk to the laptop, from another port."""
        with inside("plant"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.bind((str(DEVICE), 0))
            _empty(self.phone)
            line.sendto(b"hello", (str(LAPTOP), PORT))
            return _wait_for(self.phone, b"hello", limit) is not None

    def answer_only(self, limit: float = 0.3) -> bool:
        """Whether an answer of the device comes back that nobody asks for any more."""
        _empty(self.phone)
        self.device.sendto(b"late", (str(LAPTOP), PORT))
        return _wait_for(self.phone, b"late", limit) is not None


def _far_end(network: str, number: int, interface: str, addresses: list[IPv4Address]) -> FarEnd:
    add_network(network, number)
    private = generate_private_key()
    with inside(network):
        tunnel = WireGuardInterface(interface)
        tunnel.ensure()
        tunnel.configure(private)
        link = Link(interface)
        link.bring_up()
        link.replace_addresses(map(IPv4Interface, addresses))
        link.replace_routes(
            [LAYOUT.gateways, LAYOUT.profiles, LAYOUT.plants, IPv4Network(LAYOUT.address)], addresses[-1]
        )
    return FarEnd(network, tunnel, public_key_of(private))


@contextlib.contextmanager
def tunnels() -> Iterator[Tunnels]:
    """Both ends, for a while."""
    ends = Tunnels()
    try:
        yield ends
    finally:
        ends.close()


def _empty(line: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            line.recv(4096)


def _wait_for(line: socket.socket, word: bytes, limit: float) -> bytes | None:
    until = monotonic() + limit
    while monotonic() < until:
        with contextlib.suppress(BlockingIOError):
            if line.recv(4096) == word:
                return word
        time.sleep(0.0005)
    return None
