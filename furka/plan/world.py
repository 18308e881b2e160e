"""What a compiler looks at: frozen records of one unit, the smallest thing that can be compiled alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network

from furka.access.windows import Interval
from furka.plan.entries import DoorPort, Way


@dataclass(frozen=True, slots=True)
class GatewayEnd:
    """A gateway's end of the tunnel."""

    name: str
    public_key: str
    address: IPv4Address
    next_public_key: str = ""  # on trial


@dataclass(frozen=True, slots=True)
class NetworkPair:
    """A network of a plant and its virtual prefix."""

    real: IPv4Network
    virtual: IPv4Network


@dataclass(frozen=True, slots=True)
class ProfileEnd:
    """A person's end of a tunnel."""

    name: str
    public_key: str
    address: IPv4Address
    sealed_preshared: str = ""


@dataclass(frozen=True, slots=True)
class OpenPageEnd:
    """A device's page that a person has open in a browser, from a moment until a moment at the latest."""

    name: str
    address: IPv4Address
    label: str
    ticket_hash: str
    ticket_until: datetime
    device: IPv4Address
    known_as: IPv4Address
    ways: tuple[Way, ...]
    path: str
    idle_seconds: int
    span: Interval
    language: str
    title: str
    back: str


@dataclass(frozen=True, slots=True)
class SiteWorld:
    """One site with its gateway, None while it has none."""

    name: str
    number: int
    gateway: GatewayEnd | None
    networks: tuple[NetworkPair, ...]


@dataclass(frozen=True, slots=True)
class NamesWorld:
    """A site and its devices as they are called: labels, each once among those beside it."""

    name: str
    number: int
    labels: tuple[str, str]  # of the site, and of whose it is
    hosts: tuple[tuple[str, IPv4Address], ...]  # label and virtual address


@dataclass(frozen=True, slots=True)
class Opening:
    """A part of a site, and when it is open to somebody; intervals are merged.

    `hosts` are virtual addresses; None for hosts or ports means all of them, an empty tuple none. The `name` is the
    same for the same way of choosing the part, whatever it leads to at the moment; the whole site has none.
    """

    intervals: tuple[Interval, ...]
    name: str = ""
    hosts: tuple[IPv4Address, ...] | None = None
    ports: tuple[DoorPort, ...] | None = None


@dataclass(frozen=True, slots=True)
class Yes:
    """Somebody was let in and has not begun: their first packet in this time begins it."""

    name: str
    span: Interval


@dataclass(frozen=True, slots=True)
class VisitWorld:
    """One person at one site: their live profiles, open pages, and when a service's right lets them in, to which part.

    `lease_seconds` is the strictest on the way down to the site, None for none.
    """

    site_name: str
    site_number: int
    profiles: tuple[ProfileEnd, ...]
    openings: tuple[Opening, ...]
    lease_seconds: int | None
    pages: tuple[OpenPageEnd, ...] = ()
    at_hand_for: tuple[
        str, ...
    ] = ()  # names of the profiles that have this site at hand under its real addresses
    networks: tuple[NetworkPair, ...] = ()  # of the site, where somebody has it at hand
    unused: tuple[Yes, ...] = ()
