"""Messages between a hub and the portal.

| call | request → answer |
|---|---|
| POST {PREFIX}/hub/hello | HubHello → HubWelcome |
| GET {PREFIX}/hub/plan?since=REVISION&wait=SECONDS | → PlanAnswer (waits up to that long for something new) |
| POST {PREFIX}/hub/report | HubReport → HubReportTaken |

Each with `Authorization: Bearer <hub token>`. Errors are problems (RFC 9457), see `furka.wire.problem`.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from furka.plan.entries import DoorPort, Entry, PublicKey

#: Where pages of devices open, each under a host name of its own in place of the asterisk; empty: nowhere.
PAGES_PATTERN = r"^(https?://\*\.[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?)?$"


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


#: host:port
Endpoint = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:\[\]-]{1,255}:[0-9]{1,5}$")]


class OfferedRelay(_Message):
    """Beside the hub runs a relay: TLS over TCP for gateways whose network lets out no UDP."""

    endpoint: Endpoint
    certificate: Annotated[str, Field(max_length=8192)] = ""  # its own, PEM; empty: a known authority's


class HubHello(_Message):
    """A hub program has started: who it is and where its tunnels end."""

    version: str
    public_key: PublicKey
    endpoint: Endpoint  # for clients
    back_end: str  # "kernel" or "wireguard-go"
    relay: OfferedRelay | None = None
    pages: Annotated[str, Field(pattern=PAGES_PATTERN, max_length=200)] = (
        ""  # "": it opens no pages of devices
    )


class HubWelcome(_Message):
    """What a hub needs before any plan: its own address and the ranges that lie behind its tunnel interface."""

    now: AwareDatetime
    name: str
    address: IPv4Address
    routes: tuple[IPv4Network, ...]  # all ranges of tunnel ends and plants
    gateways: IPv4Network
    profiles: IPv4Network
    plants: IPv4Network
    key: str = ""  # of the hub, as tickets for its relay name it
    ticket_keys: tuple[str, ...] = ()  # the portal's public keys (Ed25519) by which such tickets are signed
    pages: IPv4Network | None = None  # None: a portal that knows nothing of them


class TrialAsked(_Message):
    """Test a port of a device: look up which of these ends of tunnels have an open door to it, and try it.

    It opens nothing for anybody: the hub connects by itself, from an address of its own.
    """

    name: Annotated[str, Field(pattern=r"^[0-9a-z]{12}$")]
    gateway: PublicKey  # behind which the device is
    device: IPv4Address  # where it is reached through the tunnel
    port: DoorPort
    ends: Annotated[tuple[IPv4Address, ...], Field(max_length=20)] = ()


class PlanAnswer(_Message):
    """The entries that changed after `since`; `complete` means: this is everything, forget what you had."""

    now: AwareDatetime
    revision: int
    complete: bool
    entries: tuple[Entry, ...] = ()
    gone: tuple[str, ...] = ()  # keys
    trials: tuple[TrialAsked, ...] = ()  # what to test now; told once


class PeerSeen(_Message):
    """A peer of the hub came or went, or a while has passed. Byte counters run since the hub's WireGuard began."""

    public_key: PublicKey
    online: bool
    at: AwareDatetime
    handshake_at: AwareDatetime | None = None
    endpoint: str = ""
    received_bytes: int = 0
    sent_bytes: int = 0


class AccessSeen(_Message):
    """Packets passed a door: the access began, or it ended (idle for a while, closed or expired).

    While it runs, what it has moved so far is told now and then. `token` is made by the hub and is the same in all
    messages about it, so that a report which is sent twice counts once. `bytes` is both ways together.
    """

    token: Annotated[str, Field(min_length=8, max_length=64)]
    profile: str
    site_name: str
    began_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    ended_by: str = ""  # "idle" or "closed"
    bytes: int = 0
    packets: int = 0
    answered_bytes: int = 0  # of these, what came from the site


class PageClosed(_Message):
    """A page of a device that was open is so no more, for a reason that the portal does not know by itself."""

    name: str
    at: AwareDatetime
    because: str = ""  # "idle"


class TrialDone(_Message):
    """What a test found. `doors` are the seconds that each open one has left (None: no end), or None: not known."""

    name: Annotated[str, Field(pattern=r"^[0-9a-z]{12}$")]
    doors: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1e9)] | None, ...] | None, Field(max_length=20)
    ] = None
    tunnel: bool | None = None  # whether the gateway has been heard of lately
    handshake_seconds: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None  # since its last handshake
    reply: Literal["answers", "refuses", "silent", "no-way", "not-tried", ""] = ""
    milliseconds: Annotated[int, Field(ge=0, le=600_000)] | None = None


class KnockHeard(_Message):
    """A first packet came of somebody whose time begins with it; it was dropped."""

    name: str  # of the request
    profile: str
    site_name: str
    at: AwareDatetime


class CanarySeen(_Message):
    """What the hub's trial of its own whole way found: connect, reach a device, be cut off."""

    at: AwareDatetime  # by the hub's own clock
    code: Literal["", "no-connection", "not-reached", "not-cut"] = ""  # "": all went well
    connect_ms: Annotated[int, Field(ge=0, le=600_000)] | None = None
    reach_ms: Annotated[int, Field(ge=0, le=600_000)] | None = None
    sent: Annotated[int, Field(ge=0, le=1000)] = 0
    lost: Annotated[int, Field(ge=0, le=1000)] = 0


class LinkSeen(_Message):
    """What a member of a link has moved since the hub began to count; what is told later is never less, unless the
    hub has begun anew. Of a bridged link whole frames, of others IP packets."""

    link: str
    member: str
    at: AwareDatetime
    sent_bytes: Annotated[int, Field(ge=0, le=2**63 - 1)] = (
        0  # by the member into the link, as far as it passed
    )
    sent_packets: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    got_bytes: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0  # by the member out of the link
    got_packets: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    refused_packets: Annotated[int, Field(ge=0, le=2**63 - 1)] = (
        0  # sent, but by filter, rule or limit dropped
    )
    macs: Annotated[int, Field(ge=0, le=65_535)] = 0  # devices seen lately behind a leg of a bridged link


class HubReport(_Message):
    """What a hub sees, only what changed since the last report that was taken."""

    applied_revision: int
    peers: tuple[PeerSeen, ...] = ()
    accesses: tuple[AccessSeen, ...] = ()
    open_doors: int = 0
    trouble: str = ""
    pages: tuple[PageClosed, ...] = ()
    trials: tuple[TrialDone, ...] = ()
    knocks: tuple[KnockHeard, ...] = ()
    canary: CanarySeen | None = None
    links: tuple[LinkSeen, ...] = ()


class HubReportTaken(_Message):
    now: AwareDatetime
