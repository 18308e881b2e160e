"""A site's own router as its gateway: what is written into it, whatever system it runs, as plain values.

A generated text never holds a private key, but the word PRIVATE_KEY once, where whoever made the key puts it in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from furka.plan.world import NetworkPair

PRIVATE_KEY_PLACE = "PRIVATE_KEY"

#: The name of the tunnel in the router, and of everything that belongs to it.
TUNNEL = "furka"

MTU = 1420
KEEPALIVE_SECONDS = 25

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,253}[A-Za-z0-9])?")
_KEY = re.compile(r"[A-Za-z0-9+/]{43}=")


@dataclass(frozen=True, slots=True)
class RouterWorld:
    """A router's end of the tunnel: its address there, the hub, who may come out of it, and the networks behind it.

    What is in here stands in texts that are run on routers: nothing but addresses, a key, and a name of a host.
    """

    address: IPv4Address
    hub_key: str
    hub_endpoint: str  # host:port
    sources: tuple[IPv4Network, ...]
    networks: tuple[NetworkPair, ...]

    def __post_init__(self) -> None:
        if not (_HOST.fullmatch(self.host) and self.port.isdecimal() and _KEY.fullmatch(self.hub_key)):
            raise ValueError("this is no hub that a router can be sent to")

    @property
    def host(self) -> str:
        """Where the hub is."""
        return self.hub_endpoint.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> str:
        """The hub's UDP port."""
        return self.hub_endpoint.rpartition(":")[2]

    @property
    def pairs(self) -> tuple[NetworkPair, ...]:
        """The networks, always in the same order."""
        return tuple(sorted(self.networks, key=lambda pair: pair.virtual))

    @property
    def allowed(self) -> str:
        """Who may come out of the tunnel, as WireGuard lists it."""
        return ", ".join(map(str, self.sources))


def wireguard(world: RouterWorld, *more: str) -> str:
    """The tunnel in the format of wg-quick, with further lines of its own end."""
    return "\n".join(
        (
            "[Interface]",
            f"PrivateKey = {PRIVATE_KEY_PLACE}",
            f"Address = {world.address}/32",
            f"MTU = {MTU}",
            *more,
            "",
            "[Peer]",
            f"PublicKey = {world.hub_key}",
            f"Endpoint = {world.hub_endpoint}",
            f"AllowedIPs = {world.allowed}",
            f"PersistentKeepalive = {KEEPALIVE_SECONDS}",
            "",
        )
    )
