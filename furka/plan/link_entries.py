"""The entries of links between sites: what a hub has to have so that networks of several sites work as one.

A link has one mode, which its entries show:

- *bridged*: a `Bridge` and a `Leg` for each network that takes part. What a device sends reaches the devices of
  the other legs as if they stood in one place, broadcasts included; all are in one subnet.
- *routed*: a `Junction` for each site. Devices reach those of other sites under their virtual addresses, as far as
  a rule allows it.
- *central*: a `Junction` for each site, one or more of them `central`, and a `Mapped` for each device that these reach,
  under an address of the link's own. The others reach nothing.

`LinkRule` narrows or opens. A rule that forbids wins over every one that allows; of two of one kind neither comes
first. Rules speak of who *opens* a connection to whom: replies pass. One that allows has no effect where all is open
anyway, in bridged and central links. All that is said here counts for packets of connections that already run, too.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from furka.plan.values import SiteNumber, Value

#: The number of a link in an installation; on the hub its bridge is called by it.
LinkNumber = Annotated[int, Field(ge=1, le=0xFFFF)]

#: The number by which the two ends of a leg know each other (VXLAN network identifier); each leg has its own.
Segment = Annotated[int, Field(ge=1, le=0xFF_FFFF)]

#: Where both ends listen for what legs carry (UDP), inside the tunnel. Not the usual port of VXLAN, so that nothing
#: else on these machines is touched.
SEGMENT_PORT = 14789

#: The public key of a row.
RowKey = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,40}$")]

_Port = Annotated[int, Field(ge=1, le=65_535)]

#: The first and the last of some ports.
PortRange = tuple[_Port, _Port]


class Bridge(Value):
    """A bridged link as a whole. Without legs nothing comes of it."""

    kind: Literal["bridge"] = "bridge"
    link: RowKey
    number: LinkNumber
    dhcp_filter: bool = True  # each site keeps its own assignment of addresses (DHCP, router advertisements)
    storm_per_second: Annotated[int, Field(ge=10, le=100_000)] = 500  # broadcasts and multicasts, of each leg
    most_macs: Annotated[int, Field(ge=1, le=4096)] = 256  # devices that may be seen behind each leg
    guarded: Annotated[tuple[IPv4Address, ...], Field(max_length=256)] = ()
    # addresses that every site keeps for itself, such as its router's: ARP for them does not cross

    @property
    def key(self) -> str:
        return f"bridge/{self.link}"


class Leg(Value):
    """One network of a site in a bridged link: a VXLAN between the hub and that gateway's end of the tunnel."""

    kind: Literal["leg"] = "leg"
    link: RowKey
    number: LinkNumber
    member: RowKey
    site_name: str  # public key of the row of the site
    site: SiteNumber
    gateway: IPv4Address  # its end of the tunnel
    segment: Segment

    @property
    def key(self) -> str:
        return f"leg/{self.link}/{self.member}"


class Junction(Value):
    """A site in a routed or central link, by those of its virtual prefixes that take part."""

    kind: Literal["junction"] = "junction"
    link: RowKey
    number: LinkNumber
    member: RowKey
    site_name: str  # public key of the row of the site
    site: SiteNumber
    prefixes: Annotated[tuple[IPv4Network, ...], Field(min_length=1)]
    central: bool | None = (
        None  # None: the link is routed; True, False: it is central, and this is its centre or not
    )

    @property
    def key(self) -> str:
        return f"junction/{self.link}/{self.member}"


class LinkRule(Value):
    """Who may open connections to whom in a link, or may not. None means: anybody in the link, any protocol.

    Addresses are virtual ones in routed and central links, real ones in bridged links. Where both members and
    addresses are named, both have to fit. Ports are those of the destination. In a bridged link, a rule without a
    protocol that names no addresses is about all frames but ARP, whatever they carry.
    """

    kind: Literal["link-rule"] = "link-rule"
    link: RowKey
    number: LinkNumber
    place: Annotated[int, Field(ge=0)] = 0  # for those who read them; it decides nothing
    name: RowKey  # public key of the row, for whoever asks which rule it was
    allow: bool
    sources: tuple[IPv4Network, ...] | None = None
    destinations: tuple[IPv4Network, ...] | None = None
    source_members: tuple[RowKey, ...] | None = None
    destination_members: tuple[RowKey, ...] | None = None
    protocol: Literal["tcp", "udp", "icmp"] | None = None
    ports: Annotated[tuple[PortRange, ...], Field(max_length=64)] = ()

    @model_validator(mode="after")
    def _ports_are_of_something(self) -> Self:
        if self.ports and self.protocol not in ("tcp", "udp"):
            raise ValueError("ports are of TCP or UDP")
        if any(first > last for first, last in self.ports):
            raise ValueError("the first port is not behind the last")
        return self

    @property
    def key(self) -> str:
        return f"link-rule/{self.link}/{self.name}"


class Mapped(Value):
    """In a central link: under `address` its centre reaches `device` (a virtual address). Spokes know nothing of it."""

    kind: Literal["mapped"] = "mapped"
    link: RowKey
    number: LinkNumber
    address: IPv4Address
    device: IPv4Address

    @property
    def key(self) -> str:
        return f"mapped/{self.link}/{self.address}"
