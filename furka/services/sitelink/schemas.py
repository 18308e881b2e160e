"""What the API takes and gives about links between sites."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from furka.api import schemas
from furka.api.schemas.base import Answer, Input, PublicName, Text
from furka.links.addresses import SubnetInUse
from furka.links.mapping import Renumbered
from furka.links.models import Link as LinkRow
from furka.links.models import MappedDevice as MappedRow
from furka.services.sitelink.queries import EndView, Membership, MemberView, RuleView, Verdict

Mode = Literal["bridged", "routed", "central"]
Protocol = Literal["tcp", "udp", "icmp"]
Subnet = Annotated[Text, StringConstraints(max_length=40)]
AddressText = Annotated[Text, StringConstraints(max_length=40)]
PortNumber = Annotated[int, Field(ge=1, le=65_535)]
#: The first and the last of some ports.
Ports = Annotated[list[Annotated[list[PortNumber], Field(min_length=2, max_length=2)]], Field(max_length=15)]
MemberWord = Literal[
    "up",
    "paused",
    "offline",
    "unknown",
    "without-gateway",
    "own-router",
    "without-network",
    "collides",
    "other-hub",
    "not-joined",
]


class SiteLink(Answer):
    """Sites of a level that are joined."""

    key: str
    name: str
    purpose: str
    mode: Mode
    paused_at: datetime | None
    sites: int
    dhcp_filter: bool = Field(description="Of bridged links: each site keeps its own DHCP.")
    storm_per_second: int = Field(
        description="Of bridged links: broadcasts of a site that cross in a second."
    )
    most_macs: int = Field(description="Of bridged links: devices that may be seen behind a site.")
    own_addresses: list[str] = Field(description="That every site has for itself, such as its router.")
    range: str | None = Field(description="Of central links: where the central site reaches devices.")
    created_at: datetime


class NewSiteLink(Input):
    """A link without sites. The mode stays."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=60)]
    mode: Mode
    purpose: Annotated[Text, StringConstraints(max_length=300)] = ""
    dhcp_filter: bool = True
    storm_per_second: Annotated[int, Field(ge=10, le=10_000)] = 500
    most_macs: Annotated[int, Field(ge=1, le=4096)] = 256
    own_addresses: Annotated[list[AddressText], Field(max_length=16)] = []
    range: Subnet = Field("", description="Of a central link; empty: a free one is taken.")


class SiteLinkChanges(Input):
    """What shall be different; what is not named stays."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=60)] = ""
    purpose: Annotated[Text, StringConstraints(max_length=300)] = ""
    dhcp_filter: bool = True
    storm_per_second: Annotated[int, Field(ge=10, le=10_000)] = 500
    most_macs: Annotated[int, Field(ge=1, le=4096)] = 256
    own_addresses: Annotated[list[AddressText], Field(max_length=16)] = []
    paused: bool = False


class LinkNetwork(Answer):
    """A network that takes part; the others reach it under the virtual subnet, in a bridge under the real one."""

    key: str
    subnet: str
    virtual_subnet: str


class MemberOfLink(Answer):
    """A site in a link, and how it is."""

    key: str
    site: schemas.LevelName
    state: MemberWord = Field(description="`up`: packets can pass; else what stands in the way.")
    networks: list[LinkNetwork]
    vlan: int | None = Field(description="Of bridged links: how the site tags its network; null: untagged.")
    central: bool
    joined_at: datetime
    seen: LinkTraffic | None = Field(description="What its hub counts; null: nothing was told yet.")


class LinkTraffic(Answer):
    """What a site has moved through a link, since its hub began to count."""

    at: datetime
    sent_bytes: int
    got_bytes: int
    refused_packets: int = Field(description="Sent, but dropped by a filter, a rule or a limit.")
    devices: int = Field(description="Of bridged links: devices seen lately behind the site.")
    joined: bool | None = Field(description="Of bridged links: whether its gateway has joined the network.")
    trouble: str


MemberOfLink.model_rebuild()


class NewMemberOfLink(Input):
    """A site below the level of the link."""

    site: PublicName
    network: PublicName | None = Field(
        None, description="Needed in a bridged link; in others without it all networks take part."
    )
    vlan: Annotated[int, Field(ge=1, le=4094)] | None = None
    central: bool = False


class MemberOfLinkChanges(Input):
    """Which network takes part, and how; what is not named stays."""

    network: PublicName | None = None
    vlan: Annotated[int, Field(ge=1, le=4094)] | None = None


class LinkRuleEnd(Answer):
    """Whom a rule is about. Without a site: everybody in the link."""

    site: schemas.LevelName | None
    device: str | None = Field(description="Key of the device.")


class RuleOfLink(Answer):
    """Who may open connections to whom, or may not. An explicit deny wins over every allow."""

    key: str
    allow: bool
    source: LinkRuleEnd
    destination: LinkRuleEnd
    protocol: Protocol | None
    ports: list[list[int]]
    note: str
    counts: bool = Field(description="False while one of its ends is not in the link.")


class NewLinkRuleEnd(Input):
    """A site, or one of its devices; neither: everybody in the link."""

    site: PublicName | None = None
    device: PublicName | None = None


class NewRuleOfLink(Input):
    """Who may open connections to whom, or may not."""

    allow: bool
    source: NewLinkRuleEnd = NewLinkRuleEnd()
    destination: NewLinkRuleEnd = NewLinkRuleEnd()
    protocol: Protocol | None = None
    ports: Ports = []
    note: Annotated[Text, StringConstraints(max_length=200)] = ""


class NewRulesOfLink(Input):
    """All rules of a link, in their order; the order makes no difference."""

    rules: Annotated[list[NewRuleOfLink], Field(max_length=200)]


class RulesOfLink(Answer):
    """The rules of a link in their order."""

    items: list[RuleOfLink]


class MappedDevice(Answer):
    """A device that the central site reaches under an address of the link's range."""

    key: str
    site: schemas.LevelName
    device: str
    name: str
    address: schemas.Address
    real_address: str


class NewMapped(Input):
    """A device of a site in the link."""

    device: PublicName
    address: AddressText = Field("", description="In the range of the link; empty: the next free one.")


class NewRange(Input):
    """Another range for a central link."""

    range: Subnet
    preview: bool = Field(True, description="Only say what would change.")


class NewAddress(Answer):
    """A device whose address changes."""

    device: str
    name: str
    before: schemas.Address
    after: schemas.Address


class NewAddresses(Answer):
    """What another range changes, or has changed."""

    done: bool
    items: list[NewAddress]


class MayReachQuery(Input):
    """Who would open a connection to whom, on which port."""

    source: str = Field("", max_length=12, description="Key of a site of the link.")
    source_device: str = Field("", max_length=12, description="Key of a device there; empty: any.")
    destination: str = Field("", max_length=12, description="Key of another site of the link.")
    destination_device: str = Field("", max_length=12, description="Key of a device there; empty: any.")
    protocol: Protocol = "tcp"
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None


class MayReach(Answer):
    """Whether the link lets it through, and because of what."""

    allowed: bool
    because: str
    rule: str | None = Field(description="Key of the rule that says so.")
    reached_at: schemas.Address | None = Field(description="The address that the source has to use.")
    source_state: MemberWord | None
    destination_state: MemberWord | None


class SubnetOfSite(Answer):
    """A subnet of a site, and how many others at the level overlap with it."""

    site: schemas.LevelName
    network: str
    name: str
    subnet: str
    virtual_subnet: str
    overlapping: int


class SubnetsQuery(Input):
    """Which subnets."""

    text: str = Field("", max_length=60, description="Beginning of a subnet, or part of the name of a site.")


class FreeQuery(Input):
    """How large a free network shall be."""

    length: int = Field(24, ge=16, le=29, description="Length of its prefix.")


class FreeSubnet(Answer):
    """A private network that nothing at the level uses."""

    subnet: str


class SiteInLink(Answer):
    """A link that a site is in, as the people of the site see it."""

    member: str
    name: str
    mode: Mode
    level: schemas.LevelName = Field(description="Who manages the link.")
    others: int
    paused: bool
    central: bool
    joined_at: datetime


class SiteInLinks(Answer):
    """The links that a site is in."""

    items: list[SiteInLink]


def link(row: LinkRow, sites: int) -> SiteLink:
    """A link."""
    return SiteLink(
        key=row.key,
        name=row.name,
        purpose=row.purpose,
        mode=row.mode,  # type: ignore[arg-type]  # a choice of the model
        paused_at=row.paused_at,
        sites=sites,
        dhcp_filter=row.dhcp_filter,
        storm_per_second=row.storm_per_second,
        most_macs=row.most_macs,
        own_addresses=row.own_addresses,
        range=row.range or None,
        created_at=row.created_at,
    )


def member(view: MemberView) -> MemberOfLink:
    """A site in a link."""
    return MemberOfLink(
        key=view.member.key,
        site=schemas.level_name(view.member.node),
        state=view.word,  # type: ignore[arg-type]  # one of these words
        networks=[
            LinkNetwork(key=each.key, subnet=each.subnet, virtual_subnet=each.virtual_subnet)
            for each in view.networks
        ],
        vlan=view.member.vlan,
        central=view.member.central,
        joined_at=view.member.joined_at,
        seen=_traffic(view),
    )


def _traffic(view: MemberView) -> LinkTraffic | None:
    row = view.member
    if row.seen_at is None:
        return None
    return LinkTraffic(
        at=row.seen_at,
        sent_bytes=row.sent_bytes,
        got_bytes=row.got_bytes,
        refused_packets=row.refused_packets,
        devices=row.macs,
        joined=row.leg_joined,
        trouble=row.leg_trouble,
    )


def rule(view: RuleView) -> RuleOfLink:
    """A rule."""
    row = view.rule
    return RuleOfLink(
        key=row.key,
        allow=row.allow,
        source=_end(view.source, row.source_device),
        destination=_end(view.destination, row.destination_device),
        protocol=row.protocol or None,  # type: ignore[arg-type]  # one of these
        ports=row.ports,
        note=row.note,
        counts=view.counts,
    )


def _end(end: EndView, device: str) -> LinkRuleEnd:
    site = schemas.level_name(end.site) if end.site is not None else None
    return LinkRuleEnd(site=site, device=device or None)


def mapped(row: MappedRow) -> MappedDevice:
    """A device that the central site reaches."""
    return MappedDevice(
        key=row.key,
        site=schemas.level_name(row.node),
        device=row.device.key,
        name=row.device.name,
        address=row.reached_at,
        real_address=row.device.address,
    )


def new_addresses(changes: Iterable[Renumbered], *, done: bool) -> NewAddresses:
    """What another range changes."""
    items = [
        NewAddress(
            device=each.mapped.device.key, name=each.mapped.device.name, before=each.before, after=each.after
        )
        for each in changes
    ]
    return NewAddresses(done=done, items=items)


def may_reach(verdict: Verdict, source: str, destination: str) -> MayReach:
    """An answer."""
    reached_at: IPv4Address | None = verdict.answer.reached_at
    return MayReach(
        allowed=verdict.allowed,
        because=verdict.answer.because,
        rule=verdict.answer.rule or None,
        reached_at=reached_at,
        source_state=verdict.states.get(source),  # type: ignore[arg-type]  # one of these words
        destination_state=verdict.states.get(destination),  # type: ignore[arg-type]
    )


def subnet(each: SubnetInUse) -> SubnetOfSite:
    """A subnet of the register."""
    row = each.network
    return SubnetOfSite(
        site=schemas.level_name(row.node),
        network=row.key,
        name=row.name,
        subnet=row.subnet,
        virtual_subnet=row.virtual_subnet,
        overlapping=each.overlapping,
    )


def site_in_link(each: Membership) -> SiteInLink:
    """A link as a site sees it."""
    row = each.link
    return SiteInLink(
        member=each.member.key,
        name=row.name,
        mode=row.mode,  # type: ignore[arg-type]  # a choice of the model
        level=schemas.level_name(row.node),
        others=each.others,
        paused=row.paused_at is not None,
        central=each.member.central,
        joined_at=each.member.joined_at,
    )
