"""Diagnoses: what a gateway can be asked to do in its plant, and what it answers, piece by piece.

A gateway is told with its settings (`GatewaySettings.tasks`) and reports with POST {PREFIX}/gateway/findings,
Findings → FindingsTaken. Where a probe goes is checked on both sides: into the networks of the site and nowhere else.
What leads to the hub has no target at all.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

#: So many findings in one report, and of one task.
MOST_AT_ONCE, MOST_OF_TASK = 100, 600
LONGEST_NAME, LONGEST_TEXT = 120, 400

TaskName = Annotated[str, Field(pattern=r"^[0-9a-z]{12}$")]
Port = Annotated[int, Field(ge=1, le=65535)]

#: Letters, digits, hyphens and underscores, and dots between; an address backwards is one too.
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = rf"^{_LABEL}(\.{_LABEL})*\.?$"


class _Probe(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ping(_Probe):
    """Whether an address answers, and how fast; `network` says from which network of the site it is asked."""

    kind: Literal["ping"] = "ping"
    target: IPv4Address
    network: IPv4Network | None = None
    count: Annotated[int, Field(ge=1, le=20)] = 5


class TcpPort(_Probe):
    """Whether something takes connections there."""

    kind: Literal["tcp"] = "tcp"
    target: IPv4Address
    port: Port


class Traceroute(_Probe):
    """The way to an address."""

    kind: Literal["route"] = "route"
    target: IPv4Address


class NameLookup(_Probe):
    """What a name leads to: by the gateway's own resolver, or by a server in the site's networks."""

    kind: Literal["name"] = "name"
    name: Annotated[str, Field(pattern=_HOST_NAME, max_length=253)]
    record: Literal["A", "AAAA", "CNAME", "MX", "PTR", "SRV", "TXT"] = "A"
    server: IPv4Address | None = None


class HttpCheck(_Probe):
    """Whether a web page answers: with which status, how fast, by which title."""

    kind: Literal["http"] = "http"
    target: IPv4Address
    port: Port = 80
    secure: bool = False
    path: Annotated[str, Field(pattern=r"^/[\x21-\x7e]*$", max_length=200)] = "/"


class AddressProbe(_Probe):
    """Whether one device, none, or several have an address (RFC 5227)."""

    kind: Literal["duplicate"] = "duplicate"
    target: IPv4Address


class Scan(_Probe):
    """Who is in a network. ARP asks everybody; the others ask only if they are wished."""

    kind: Literal["scan"] = "scan"
    network: IPv4Network
    mdns: bool = False
    knx: bool = False
    bacnet: bool = False
    modbus: bool = False


class MacsSeen(_Probe):
    """Who speaks in a network; nothing is sent."""

    kind: Literal["macs"] = "macs"
    network: IPv4Network


class PathSize(_Probe):
    """How large packets to the hub may be."""

    kind: Literal["size"] = "size"


class HubLine(_Probe):
    """Loss and round trip to the hub, through the tunnel."""

    kind: Literal["line"] = "line"


class OwnState(_Probe):
    """How the gateway itself is."""

    kind: Literal["state"] = "state"


class Restart(_Probe):
    """The gateway's program ends and starts anew."""

    kind: Literal["restart"] = "restart"


Probe = (
    Ping
    | TcpPort
    | Traceroute
    | NameLookup
    | HttpCheck
    | AddressProbe
    | Scan
    | MacsSeen
    | PathSize
    | HubLine
    | OwnState
    | Restart
)
#: Reads a probe by its kind. Raises ValidationError.
PROBE: TypeAdapter[Probe] = TypeAdapter(Annotated[Probe, Field(discriminator="kind")])

#: How long each takes at most, in seconds.
SECONDS: dict[str, int] = {
    "ping": 45,
    "tcp": 15,
    "route": 60,
    "name": 20,
    "http": 20,
    "duplicate": 15,
    "scan": 180,
    "macs": 30,
    "size": 60,
    "line": 30,
    "state": 15,
    "restart": 15,
}

#: A network is asked address by address; a larger one is not.
SMALLEST_PREFIX = 22


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class TaskAsked(_Message):
    """A task for a gateway. What is to be done stays unread here: a gateway that is older understands the rest."""

    name: TaskName
    seconds: Annotated[int, Field(ge=1, le=600)]
    what: dict[str, Any]


class Finding(_Message):
    """One thing that a gateway found; what it means is said by `what`, with the other fields as far as they apply."""

    what: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,23}$")]
    address: IPv4Address | None = None
    mac: Annotated[str, Field(pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")] | None = None
    milliseconds: Annotated[float, Field(ge=0, le=3_600_000, allow_inf_nan=False)] | None = None
    number: Annotated[int, Field(ge=0, le=2**53)] | None = None
    name: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    text: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""


#: How a task ended: by itself, after its time, because it was stopped, because the site lets nobody in, because its
#: target lies elsewhere, because this gateway does not know such a task, has enough to do, or is not able to.
Ending = Literal["done", "over-time", "stopped", "cut", "foreign", "unknown-task", "busy", "failed"]


class Findings(_Message):
    """What a task found since the last report. `first` numbers the first of these; the same may be said again."""

    name: TaskName
    first: Annotated[int, Field(ge=0, le=MOST_OF_TASK)]
    found: Annotated[tuple[Finding, ...], Field(max_length=MOST_AT_ONCE)] = ()
    ending: Ending | None = None


class FindingsTaken(_Message):
    """Whether the task is still wanted."""

    now: AwareDatetime
    go_on: bool
