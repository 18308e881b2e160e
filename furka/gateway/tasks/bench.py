"""What a probe works with: the plant as the settings say it is, the time that is left, and where it may go."""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from threading import Event
from typing import Any

from pyroute2 import IPRoute

from furka.clock import monotonic
from furka.gateway.desired import NEVER_PUBLIC
from furka.wire.gateway import GatewaySettings
from furka.wire.probes import LONGEST_NAME, LONGEST_TEXT, Finding

#: What a probe gives: a finding, or None while nothing is new and it might be stopped.
Found = Iterator[Finding | None]

_IPV4 = 2
_UP = 1


class Foreign(Exception):
    """The target lies in no network of the site."""


class Failed(Exception):
    """The probe can't be made on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Lan:
    """An interface of the gateway that lies in a network of the site."""

    network: IPv4Network  # of the site
    interface: str
    address: IPv4Address  # our own there
    broadcast: IPv4Address
    own: IPv4Network  # the network of the interface
    mac: bytes


@dataclass(slots=True)
class Bench:
    """For one task."""

    settings: GatewaySettings
    tunnel: str  # the name of its interface
    until: float  # on the monotonic clock
    log: tuple[str, ...] = ()  # what the program said last
    stopped: Event = field(default_factory=Event)

    @property
    def is_over(self) -> bool:
        return self.stopped.is_set() or monotonic() >= self.until

    def wait(self, seconds: float) -> bool:
        """Let time pass; returns whether the probe may go on."""
        self.stopped.wait(max(0.0, min(seconds, self.until - monotonic())))
        return not self.is_over

    @property
    def hub(self) -> IPv4Address:
        """Where the hub answers in the tunnel. Raises Failed without one."""
        hub = self.settings.hub
        if hub is None or hub.address is None or not hub.allowed or hub.address not in hub.allowed[0]:
            raise Failed("no hub is known")
        return hub.address

    def lan_of(self, network: IPv4Network) -> Lan:
        """The interface in a network of the site. Raises Foreign if it is none, Failed if we are not in it."""
        if network not in {one.real for one in self.settings.networks}:
            raise Foreign(f"{network} is no network of this site")
        found = lan_in(network, self.tunnel)
        if found is None:
            raise Failed(f"no interface of this gateway lies in {network}")
        return found

    def lan_towards(self, target: IPv4Address) -> Lan:
        """The interface by which a device of the site is reached directly. Raises Foreign and Failed."""
        if not any(target in range_ for range_ in NEVER_PUBLIC):
            raise Foreign(f"{target} is no private address")
        for one in self.settings.networks:
            if target in one.real:
                return self.lan_of(one.real)
        raise Foreign(f"{target} lies in no network of this site")

    def source_towards(self, target: IPv4Address) -> tuple[IPv4Address, str]:
        """From which address a connection there is opened, and bound to which interface. Raises Foreign and Failed."""
        if self._is_linked(target):
            first = next((lan_in(one.real, self.tunnel) for one in self.settings.networks), None)
            if first is None:
                raise Failed("no interface of this gateway lies in a network of the site")
            return first.address, ""
        lan = self.lan_towards(target)
        return lan.address, lan.interface

    def _is_linked(self, target: IPv4Address) -> bool:
        """Whether the links of the site permit to open connections there."""
        is_private = any(target in each for each in NEVER_PUBLIC)
        return is_private and any(target in each for each in self.settings.link_peers)


def lan_in(network: IPv4Network, tunnel: str = "") -> Lan | None:
    """The interface that lies in a network, with our address there; of several, the one that fits most closely."""
    fitting: list[tuple[int, str, IPv4Interface, bytes]] = []
    with kernel() as routes:
        names = {link["index"]: link for link in routes.get_links() if link["flags"] & _UP}
        for one in routes.get_addr(family=_IPV4):
            link = names.get(one["index"])
            own = IPv4Interface((one.get_attr("IFA_LOCAL") or one.get_attr("IFA_ADDRESS"), one["prefixlen"]))
            if link is None or link.get_attr("IFLA_IFNAME") == tunnel or own.network.prefixlen == 32:
                continue
            if own.ip in network or network.subnet_of(own.network):
                mac = bytes.fromhex(str(link.get_attr("IFLA_ADDRESS") or "").replace(":", ""))
                fitting.append((-own.network.prefixlen, str(link.get_attr("IFLA_IFNAME")), own, mac))
    if not fitting:
        return None
    _, name, own, mac = min(fitting)
    return Lan(network, name, own.ip, own.network.broadcast_address, own.network, mac)


@contextlib.contextmanager
def kernel() -> Iterator[Any]:
    """What the kernel knows of interfaces, addresses and neighbours."""
    with IPRoute() as routes:
        yield routes


def finding(what: str, **values: Any) -> Finding:
    """A finding whose texts are in one line and not too long, whatever was said to us."""
    for key, longest in (("name", LONGEST_NAME), ("text", LONGEST_TEXT)):
        if key in values:
            values[key] = clean(str(values[key]))[:longest]
    if "milliseconds" in values:
        values["milliseconds"] = round(min(max(0.0, values["milliseconds"]), 3_600_000.0), 2)
    return Finding(what=what, **values)


def clean(text: str) -> str:
    """In one line, without what nobody sees."""
    seen = "".join(" " if each.isspace() else each for each in text if each.isspace() or each.isprintable())
    return " ".join(unicodedata.normalize("NFC", seen).split())


def mac_text(mac: bytes) -> str:
    """As people write it."""
    return mac[:6].hex(":")


def read(place: str, longest: int = 4096) -> str:
    """A file of the system, empty if it is not there."""
    try:
        with Path(place).open("rb") as file:
            return file.read(longest).decode(errors="replace")
    except OSError:
        return ""
