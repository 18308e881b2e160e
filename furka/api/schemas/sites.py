"""What is at a site: gateway, networks, devices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from furka.api.schemas.base import Address, Answer, Input, Text
from furka.api.schemas.levels import State
from furka.sites import models as site_rows
from furka.sites.queries import DeviceView


class ClaimCode(Answer):
    """The code with which a gateway becomes the gateway of this site."""

    code: str
    valid_until: datetime


class NewClaimCode(Input):
    """How long a code shall work, and whether for a box that takes the place of the gateway."""

    minutes: Annotated[int, Field(ge=1, le=30 * 24 * 60)] = 24 * 60
    replaces: bool = Field(
        False, description="The gateway works until another box shows the code; addresses stay the same."
    )


class Gateway(Answer):
    """The box at the site, or the site's own router."""

    key: str
    system: str = Field(description="Of a router without our program; empty: a box with it.")
    hostname: str
    serial: str = Field(description="Of its maker, as the box says; empty: not known.")
    version: str
    back_end: str
    path: str = Field(description="The way of its tunnel: udp, tls or tls-proxy; empty while none is known.")
    path_since: datetime | None
    address: Address = Field(description="In the tunnel.")
    hub: str
    claimed_at: datetime
    key_since: datetime = Field(description="When its present key was made.")
    handshake_at: datetime | None
    missing_networks: list[str] = Field(description="Networks that the gateway does not find at the plant.")
    trouble: str


class StateInFull(Answer):
    """How a site is, and its gateway."""

    state: State
    gateway: Gateway | None


#: The number of a VLAN (IEEE 802.1Q).
Vlan = Annotated[int, Field(ge=1, le=4094)]
Protocol = Literal["tcp", "udp"]
DeviceNote = Annotated[Text, StringConstraints(max_length=500)]


class Network(Answer):
    """A subnet of the plant, and the virtual prefix under which it is reached through the tunnel."""

    key: str
    name: str
    subnet: str
    virtual_subnet: str
    vlan: int | None
    note: str
    created_at: datetime


class NewNetwork(Input):
    """A subnet such as 192.168.1.0/24."""

    subnet: Annotated[Text, StringConstraints(max_length=40)]
    name: Annotated[Text, StringConstraints(max_length=60)] = ""
    vlan: Vlan | None = None
    note: DeviceNote = ""


class NetworkChanges(Input):
    """What shall be different; what is not named stays."""

    name: Annotated[Text, StringConstraints(max_length=60)] = ""
    vlan: Vlan | None = None
    note: DeviceNote = ""


class Port(Answer):
    """A door of a device."""

    number: int
    protocol: Protocol
    name: str


class NewPort(Input):
    """A door of a device, and what it is called."""

    number: Annotated[int, Field(ge=1, le=65535)]
    protocol: Protocol = "tcp"
    name: Annotated[Text, StringConstraints(max_length=40)] = ""


DeviceKind = Literal["controller", "meter", "panel", "camera", "computer", "other"]


class Device(Answer):
    """A device of a site. `virtual_address` is where it is reached through the tunnel."""

    key: str
    name: str
    kind: DeviceKind
    address: str
    virtual_address: Address | None
    hostname: str = Field(description="Its name in the tunnel; empty while the site has no gateway.")
    web: bool
    mac: str
    ports: list[Port]
    link: str
    note: str
    labels: list[str]
    created_at: datetime


class DeviceLabels(Input):
    """The labels that a device shall carry."""

    labels: Annotated[list[Annotated[Text, StringConstraints(max_length=30)]], Field(max_length=20)]


class LabelSeveral(Input):
    """Labels for several devices: these are added, those taken away."""

    devices: Annotated[
        list[Annotated[str, StringConstraints(max_length=12)]], Field(min_length=1, max_length=500)
    ]
    add: Annotated[list[Annotated[Text, StringConstraints(max_length=30)]], Field(max_length=20)] = []
    remove: Annotated[list[Annotated[Text, StringConstraints(max_length=30)]], Field(max_length=20)] = []


class LabelledDevices(Answer):
    """How many devices have other labels now."""

    changed: int


class NewDevice(Input):
    """A device in one of the site's networks."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=80)]
    address: Annotated[Text, StringConstraints(max_length=40)]
    kind: DeviceKind = "other"
    web: bool = False
    mac: Annotated[Text, StringConstraints(max_length=40)] = ""
    ports: Annotated[tuple[NewPort, ...], Field(max_length=20)] = ()
    link: Annotated[Text, StringConstraints(max_length=300)] = ""
    note: DeviceNote = ""


class DeviceChanges(Input):
    """What shall be different; what is not named stays. Ports are set as a whole."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=80)] = ""
    address: Annotated[Text, StringConstraints(max_length=40)] = ""
    kind: DeviceKind = "other"
    web: bool = False
    mac: Annotated[Text, StringConstraints(max_length=40)] = ""
    ports: Annotated[tuple[NewPort, ...], Field(max_length=20)] = ()
    link: Annotated[Text, StringConstraints(max_length=300)] = ""
    note: DeviceNote = ""


def gateway(row: site_rows.Gateway) -> Gateway:
    """A gateway."""
    return Gateway(
        key=row.key,
        system=row.system,
        hostname=row.hostname,
        serial=row.serial,
        version=row.version,
        back_end=row.back_end,
        path=row.path,
        path_since=row.path_since,
        address=row.address,
        hub=row.hub.name,
        claimed_at=row.claimed_at,
        key_since=row.key_since,
        handshake_at=row.handshake_at,
        missing_networks=row.missing_networks,
        trouble=row.trouble,
    )


def network(row: site_rows.Network) -> Network:
    """A network."""
    return Network(
        key=row.key,
        name=row.name,
        subnet=row.subnet,
        virtual_subnet=row.virtual_subnet,
        vlan=row.vlan,
        note=row.note,
        created_at=row.created_at,
    )


def device(view: DeviceView, labels: Sequence[str] = (), hostname: str = "") -> Device:
    """A device."""
    row = view.device
    return Device(
        key=row.key,
        name=row.name,
        kind=row.kind,  # type: ignore[arg-type]  # a choice of the model
        address=row.address,
        virtual_address=view.reached_at,
        hostname=hostname,
        web=row.web,
        mac=row.mac,
        ports=[Port.model_validate(each) for each in row.ports],
        link=row.link,
        note=row.note,
        labels=list(labels),
        created_at=row.created_at,
    )
