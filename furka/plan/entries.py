"""The typed entries of a plan: what one hub has to have configured, independent of any text form.

An entry is a value: two plans are compared by comparing entries. Its `key` names the thing it configures and
stays the same when the value changes; a plan holds one entry per key.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, model_validator

from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule, Mapped
from furka.plan.values import SiteNumber, Value

#: A WireGuard public key: 32 bytes in base64.
PublicKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$")]

#: A secret that both ends of a tunnel know: 32 bytes in base64.
PresharedKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$")]


class TunnelEnd(StrEnum):
    """Whose end of a tunnel it is."""

    GATEWAY = "gateway"
    PROFILE = "profile"


class Peer(Value):
    """A WireGuard peer of the hub. It opens nothing by itself: what it may reach is said by doors."""

    kind: Literal["peer"] = "peer"
    name: str  # public key of the row behind it (gateway or profile), for reports
    end: TunnelEnd
    public_key: PublicKey
    address: IPv4Address
    on_trial: bool = False  # a new key of a gateway that was not seen at work yet: it carries nothing
    prefixes: tuple[IPv4Network, ...] = ()  # virtual prefixes behind a gateway
    sealed_preshared: str = ""  # as it is stored; who may read it opens it and says the key itself
    preshared_key: PresharedKey | None = Field(default=None, repr=False)

    @property
    def key(self) -> str:
        return f"peer/{self.end}/{self.name}{'/next' if self.on_trial else ''}"

    @property
    def allowed_ips(self) -> tuple[IPv4Network, ...]:
        """What WireGuard accepts from and sends to this peer (cryptokey routing)."""
        if self.on_trial:
            return ()
        return (IPv4Network(self.address), *self.prefixes)


class Prefix(Value):
    """A virtual prefix leads to a site: packets to or from it carry the site's number as their mark."""

    kind: Literal["prefix"] = "prefix"
    network: IPv4Network
    site: SiteNumber

    @property
    def key(self) -> str:
        return f"prefix/{self.network}"


class DoorPort(Value):
    """A port behind a door."""

    protocol: Literal["tcp", "udp"]
    number: Annotated[int, Field(ge=1, le=65_535)]


class Door(Value):
    """One tunnel address may open connections to one site, from a moment, until a moment.

    `hosts` are the virtual addresses that it leads to and `ports` the ports there; None means all of them, an empty
    tuple none. Several doors of one address and site add up. `name` tells doors apart that lead to different parts of
    a site. `lease_seconds`, where set, ends the access earlier if the hub has not heard from the portal for that long.
    """

    kind: Literal["door"] = "door"
    profile: str  # public key of the row of the profile or of the open page, for reports
    site_name: str  # public key of the row of the site, for reports
    address: IPv4Address
    site: SiteNumber
    hosts: tuple[IPv4Address, ...] | None = None
    ports: tuple[DoorPort, ...] | None = None
    name: Annotated[str, Field(pattern=r"^[0-9a-z]{0,16}$")] = ""
    not_before: AwareDatetime
    not_after: AwareDatetime | None = None
    lease_seconds: Annotated[int, Field(ge=60, le=86_400)] | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Door:
        if self.not_after is not None and self.not_after <= self.not_before:
            raise ValueError("a door ends after it begins")
        return self

    @property
    def key(self) -> str:
        begin = f"door/{self.profile}/{self.site_name}/{int(self.not_before.timestamp() * 1000)}"
        return f"{begin}/{self.name}" if self.name else begin

    def open_at(self, at: datetime) -> bool:
        """Whether it is open at that moment, leases aside."""
        return self.not_before <= at and (self.not_after is None or at < self.not_after)


class Knock(Value):
    """Somebody may begin their time at a site with a first packet, until a moment. It opens nothing.

    The hub notices packets of this tunnel address to this site and drops them; that one came is all it tells.
    """

    kind: Literal["knock"] = "knock"
    name: str  # public key of the row of the request, for reports
    profile: str  # public key of the row of the profile
    site_name: str  # public key of the row of the site
    address: IPv4Address
    site: SiteNumber
    not_before: AwareDatetime
    not_after: AwareDatetime

    @property
    def key(self) -> str:
        return f"knock/{self.profile}/{self.site_name}/{self.name}"


class Way(Value):
    """How a page of a device is asked for."""

    scheme: Literal["http", "https"]
    port: Annotated[int, Field(ge=1, le=65_535)]


class Page(Value):
    """A device's page that one person has open in a browser; opens nothing by itself, a door does.

    Everything that the program beside the hub needs to know of it: under which name the browser asks, what proves that
    it is the person, from which address and where to the device is asked. Nothing of that comes from a request.
    """

    kind: Literal["page"] = "page"
    name: str  # public key of the row, for reports
    label: Annotated[str, Field(pattern=r"^[a-z0-9]{20,40}$")]  # the first label of its host name
    ticket_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # SHA-256 of what opens it once
    ticket_until: AwareDatetime
    address: IPv4Address  # from which the device is asked
    device: IPv4Address  # where it is reached through the tunnel
    known_as: IPv4Address  # what the device knows itself as
    ways: Annotated[tuple[Way, ...], Field(min_length=1)]  # the first one is where it begins
    path: Annotated[str, Field(pattern=r"^/")] = "/"
    idle_seconds: Annotated[int, Field(ge=60)] = 1800
    not_before: AwareDatetime
    not_after: AwareDatetime
    language: str = "en"
    title: str = ""  # what the page is called
    back: str = ""  # where in the portal it can be opened anew

    @property
    def key(self) -> str:
        return f"page/{self.name}"


#: One label of a name in the DNS.
Label = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class NamedHost(Value):
    """What one device of a site is called there, and where it is reached through the tunnel."""

    label: Label
    address: IPv4Address


class Names(Value):
    """What a site and its devices are called in the tunnel; who may reach one of them is said by doors."""

    kind: Literal["names"] = "names"
    site_name: str  # public key of the row of the site
    site: SiteNumber
    labels: Annotated[tuple[Label, ...], Field(min_length=2, max_length=2)]  # of the site, and of whose it is
    hosts: tuple[NamedHost, ...] = ()

    @property
    def key(self) -> str:
        return f"names/{self.site_name}"


class RealNetwork(Value):
    """One tunnel address reaches a network of a plant under its real addresses too; opens nothing, a door does."""

    kind: Literal["real"] = "real"
    profile: str  # public key of the row of the profile
    site_name: str  # public key of the row of the site
    address: IPv4Address
    network: IPv4Network
    virtual: IPv4Network

    @model_validator(mode="after")
    def _is_one_to_one(self) -> RealNetwork:
        if self.network.prefixlen != self.virtual.prefixlen:
            raise ValueError("both networks have the same size")
        return self

    @property
    def key(self) -> str:
        return f"real/{self.profile}/{self.site_name}/{self.network}"


#: The entries of links between sites.
LinkEntry = Bridge | Leg | Junction | LinkRule | Mapped

Entry = Annotated[
    Peer | Prefix | Door | Page | Knock | Names | RealNetwork | LinkEntry, Field(discriminator="kind")
]

ENTRY: TypeAdapter[Peer | Prefix | Door | Page | Knock | Names | RealNetwork | LinkEntry] = TypeAdapter(Entry)
