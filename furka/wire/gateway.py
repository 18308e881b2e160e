"""Messages between a gateway and the portal.

| call | request → answer |
|---|---|
| POST {PREFIX}/gateway/claim | ClaimRequest → ClaimAnswer (no token yet: the code is the proof) |
| GET {PREFIX}/gateway/settings?seen=ETAG&wait=SECONDS | → GatewaySettings (waits until it differs from `seen`) |
| POST {PREFIX}/gateway/report | GatewayReport → GatewayReportTaken |
| POST {PREFIX}/gateway/key | NewKey → NewKeyTaken |
| POST {PREFIX}/gateway/release | ReleaseAtSite → ReleasedAtSite |
| POST {PREFIX}/gateway/findings | Findings → FindingsTaken, see `furka.wire.probes` |

All but the claim with `Authorization: Bearer <gateway token>`.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from furka.plan.entries import PublicKey
from furka.plan.link_entries import Segment
from furka.wire.probes import TaskAsked, TaskName

#: What cut remote access at the site: a command on the gateway, a call from the plant's network, a digital input.
CutBy = Literal["command", "network", "input"]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ClaimRequest(_Message):
    """A gateway asks to serve the site that the code belongs to. Its private key never leaves it."""

    code: Annotated[str, Field(min_length=4, max_length=40)]
    public_key: PublicKey
    version: str
    hostname: Annotated[str, Field(max_length=100)] = ""
    serial: Annotated[str, Field(max_length=60)] = ""  # of its maker, as the box says; no proof of anything


class ClaimAnswer(_Message):
    """The gateway belongs to the site now. The token is shown this once."""

    token: str
    site: str  # name to show on the gateway


class HubToReach(_Message):
    """The other end of the gateway's tunnel."""

    public_key: PublicKey
    endpoint: str  # host:port
    allowed: tuple[IPv4Network, ...]  # ranges that may come out of the tunnel
    keepalive_seconds: int = 25
    address: IPv4Address | None = None  # its own in the tunnel; None: a portal that does not say it


class RelayToReach(_Message):
    """Where the hub's relay is (TLS over TCP), for networks that let out nothing else."""

    endpoint: str  # host:port
    certificate: str = ""  # its own, PEM; empty: one that the gateway's system trusts
    ticket: str = Field(repr=False)  # lets this gateway in, see `furka.relay.tickets`; not part of the etag


class TranslatedNetwork(_Message):
    """A network of the plant and the virtual prefix of the same size under which it is reached (1:1)."""

    real: IPv4Network
    virtual: IPv4Network


class LegToJoin(_Message):
    """A network of the plant is part of a bridged link: what is sent there reaches the hub's bridge, and back.

    The box finds the interface that lies in `network`; its own addresses there stay its own, and nobody in the link
    sees them. With a VLAN, the network comes with that tag on the interface that lies in it, or else on the one that
    lies in the first network of the site; in the link, frames bear no tag.
    """

    segment: Segment  # by which hub and gateway know the leg (VXLAN network identifier)
    hub: IPv4Address  # the hub's end of the tunnel
    network: IPv4Network  # as the plant knows it
    vlan: Annotated[int, Field(ge=1, le=4094)] | None = None
    name: str = ""  # of the link, for whoever reads the box's log


class GatewaySettings(_Message):
    """Everything a gateway has to have configured. `released` means: it no longer serves the site and forgets all."""

    now: AwareDatetime
    etag: str
    site: str
    address: IPv4Address | None = None
    hub: HubToReach | None = None
    relay: RelayToReach | None = None
    networks: tuple[TranslatedNetwork, ...] = ()
    legs: tuple[LegToJoin, ...] = ()  # of bridged links
    # Virtual prefixes of other sites, and ranges of central links: who may open connections to whom is the hub's to
    # decide; this is what the gateway hands on to it at all.
    link_peers: tuple[IPv4Network, ...] = ()  # to which devices of this site may open connections
    link_callers: tuple[IPv4Network, ...] = ()  # from which connections to devices of this site may come
    released: bool = False
    public_key: PublicKey | None = (
        None  # the one of this gateway that counts; None: a portal that says nothing of it
    )
    key_wanted_at: AwareDatetime | None = None  # somebody wants a new key since then
    next_key_known: PublicKey | None = None  # the new key that this gateway offered, once the hub takes it
    tasks: tuple[TaskAsked, ...] = ()  # to be done once; not part of the etag, and not kept
    stopped: tuple[TaskName, ...] = ()  # tasks that are no longer wanted; the same

    def lasting(self) -> GatewaySettings:
        """What stays in force, without what is said once."""
        return self.model_copy(update={"tasks": (), "stopped": ()})


class LegSeen(_Message):
    """How a leg of a bridged link is at the gateway."""

    segment: Segment
    joined: bool
    interface: str = ""  # of the box, in the plant's network
    trouble: str = ""


class GatewayReport(_Message):
    """How the gateway is, sent when it changed."""

    version: str
    applied_etag: str
    back_end: str  # "kernel" or "wireguard-go"
    missing_networks: tuple[IPv4Network, ...] = ()  # no interface of the gateway lies in them
    trouble: str = ""
    path: str = ""  # by which the hub answers: "udp", "tls", "tls-proxy"; empty: none yet, or not told
    path_since: AwareDatetime | None = None
    cut_by: CutBy | None = None  # somebody at the site lets nobody in
    serial: Annotated[str, Field(max_length=60)] = ""  # of its maker; empty: not known
    legs: tuple[LegSeen, ...] = ()


class GatewayReportTaken(_Message):
    now: AwareDatetime


class NewKey(_Message):
    """The gateway has made a new key pair and would like to use it. The old one counts until the new one was seen."""

    public_key: PublicKey


class NewKeyTaken(_Message):
    now: AwareDatetime


class ReleaseAtSite(_Message):
    """Somebody at the site lets a prepared supporter in: by their PIN, or by the code that they read over the phone."""

    code: Annotated[str, Field(pattern=r"^[0-9]{4,12}$")]
    language: Literal["de", "en", "fr", "it"] = "de"


class ReleasedAtSite(_Message):
    """Who was let in, and until when, also as a person at the site reads it."""

    person: str
    until: AwareDatetime
    until_read: str
