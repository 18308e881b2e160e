"""Sites: how they are, their gateway, networks and devices."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from django.utils.translation import gettext_lazy as _
from ninja import Query

from furka.access.rights import CONFIGURE, LOOK
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, at_node
from furka.dispatch.naming import names_known
from furka.errors import NotThere
from furka.sites import equipment, labels, operations, queries
from furka.sites.keys import want_new_key
from furka.sites.models import Device, Network
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

routes = Routes("sites")

T = TypeVar("T")

#: What is asked for without a body.
_A_DAY = schemas.NewClaimCode()


@routes.get("/sites/{key}/state", at_node(LOOK, Kind.SITE))
def read_state(by: Acting, site: Node) -> schemas.StateInFull:
    """How a site is, and its gateway."""
    gateway = queries.gateway_of(by, site)
    state = schemas.state(queries.state_of(gateway, by.at))
    return schemas.StateInFull(state=state, gateway=schemas.gateway(gateway) if gateway else None)


@routes.get("/sites/{key}/claim-code", at_node(CONFIGURE, Kind.SITE))
def read_claim_code(by: Acting, site: Node) -> schemas.ClaimCode:
    """The code that a gateway can claim this site with, while there is one."""
    found = queries.claim_code_of(by, site)
    if found is None:
        raise NotThere("no-claim-code", _("There is no code at the moment."))
    return schemas.ClaimCode(code=found[0], valid_until=found[1])


@routes.post("/sites/{key}/claim-code", at_node(CONFIGURE, Kind.SITE))
def issue_claim_code(by: Acting, site: Node, body: schemas.NewClaimCode = _A_DAY) -> schemas.ClaimCode:
    """A new code; an older one that was not used stops working."""
    lasts = timedelta(minutes=body.minutes)
    return schemas.ClaimCode(
        code=operations.issue_claim_code(by, site, lasts, replaces=body.replaces), valid_until=by.at + lasts
    )


@routes.delete("/sites/{key}/gateway", at_node(CONFIGURE, Kind.SITE))
def release_gateway(by: Acting, site: Node) -> None:
    """Part the site from its gateway: the tunnel ends at once; without a gateway nothing happens."""
    operations.release_gateway(by, site)


@routes.post("/sites/{key}/gateway/key", at_node(CONFIGURE, Kind.SITE))
def renew_gateway_key(by: Acting, site: Node) -> None:
    """Have the gateway make a new key; the old one counts until the new one was seen at work."""
    want_new_key(by, site)


@routes.get("/sites/{key}/networks", at_node(LOOK, Kind.SITE))
def list_networks(by: Acting, site: Node, page: Query[Paging]) -> Page[schemas.Network]:
    """The plant's networks, and where they are reached through the tunnel."""
    rows, following = items_of(queries.networks_of(by, site), page, lambda row: (row.subnet, row.key))
    return Page[schemas.Network](items=[schemas.network(row) for row in rows], next=following)


@routes.post("/sites/{key}/networks", at_node(CONFIGURE, Kind.SITE))
def add_network(by: Acting, site: Node, body: schemas.NewNetwork) -> schemas.Network:
    """One more network of the plant; it gets a virtual prefix of its own."""
    return schemas.network(operations.add_network(by, site, **body.model_dump()))


@routes.patch("/sites/{key}/networks/{network}", at_node(CONFIGURE, Kind.SITE))
def change_network(by: Acting, site: Node, network: Key, body: schemas.NetworkChanges) -> schemas.Network:
    """Another name, VLAN or note; the subnet stays."""
    rows = Network.objects.visible_to(by, LOOK).filter(node=site, key=network)
    row = _there(rows.select_related("node").first())
    known = {"name": row.name, "vlan": row.vlan, "note": row.note}
    equipment.change_network(by, row, **{**known, **body.model_dump(exclude_unset=True)})
    return schemas.network(row)


@routes.delete("/sites/{key}/networks/{network}", at_node(CONFIGURE, Kind.SITE))
def remove_network(by: Acting, site: Node, network: Key) -> None:
    """The network is no longer reached."""
    rows = Network.objects.visible_to(by, LOOK).filter(node=site, key=network)
    operations.remove_network(by, _there(rows.select_related("node").first()))


@routes.get("/sites/{key}/devices", at_node(LOOK, Kind.SITE))
def list_devices(by: Acting, site: Node, page: Query[Paging]) -> Page[schemas.Device]:
    """The devices, and where they are reached through the tunnel."""
    found = queries.devices_of(by, site)
    views, following = items_of(found, page, lambda view: (view.device.name, view.device.key))
    names = labels.labels_of(by, [view.device for view in views])
    known = names_known([site.pk])
    items = [
        schemas.device(view, names.get(view.device.pk, ()), known.get((site.pk, view.device.key), ""))
        for view in views
    ]
    return Page[schemas.Device](items=items, next=following)


@routes.post("/sites/{key}/devices", at_node(CONFIGURE, Kind.SITE))
def add_device(by: Acting, site: Node, body: schemas.NewDevice) -> schemas.Device:
    """One more device in one of the site's networks."""
    facts = equipment.DeviceFacts(body.mac, _ports(body.ports), body.link, body.note)
    return _device(
        by, site, operations.add_device(by, site, body.name, body.address, body.kind, body.web, facts)
    )


@routes.patch("/sites/{key}/devices/{device}", at_node(CONFIGURE, Kind.SITE))
def change_device(by: Acting, site: Node, device: Key, body: schemas.DeviceChanges) -> schemas.Device:
    """Other facts about a device; what is not named stays."""
    rows = Device.objects.visible_to(by, LOOK).filter(node=site, key=device)
    row = _there(rows.select_related("node").first())
    given = body.model_dump(exclude_unset=True)
    basic = {name: given.get(name, getattr(row, name)) for name in ("name", "address", "kind", "web")}
    mac, link, note = (given.get(name, getattr(row, name)) for name in ("mac", "link", "note"))
    ports = _ports(body.ports) if "ports" in given else equipment.ports_of(row)
    equipment.change_device(by, row, **basic, facts=equipment.DeviceFacts(mac, ports, link, note))
    return _device(by, site, row)


@routes.delete("/sites/{key}/devices/{device}", at_node(CONFIGURE, Kind.SITE))
def remove_device(by: Acting, site: Node, device: Key) -> None:
    """The device is no longer listed."""
    rows = Device.objects.visible_to(by, LOOK).filter(node=site, key=device)
    operations.remove_device(by, _there(rows.select_related("node").first()))


@routes.patch("/sites/{key}/devices/{device}/labels", at_node(CONFIGURE, Kind.SITE))
def label_device(by: Acting, site: Node, device: Key, body: schemas.DeviceLabels) -> schemas.Device:
    """Have a device carry exactly these labels; accesses that lead to labels open and close at once."""
    rows = Device.objects.visible_to(by, LOOK).filter(node=site, key=device)
    row = _there(rows.select_related("node").first())
    labels.label_device(by, row, body.labels)
    return _device(by, site, row)


@routes.post("/sites/{key}/device-labels", at_node(CONFIGURE, Kind.SITE), status=200)
def label_devices(by: Acting, site: Node, body: schemas.LabelSeveral) -> schemas.LabelledDevices:
    """Put labels on several devices and take others away: on all of them, or on none."""
    return schemas.LabelledDevices(
        changed=labels.label_devices(by, site, body.devices, body.add, body.remove)
    )


def _device(by: Acting, site: Node, row: Device) -> schemas.Device:
    [view] = [each for each in queries.devices_of(by, site) if each.device.pk == row.pk]
    name = names_known([site.pk]).get((site.pk, row.key), "")
    return schemas.device(view, labels.labels_of(by, [row]).get(row.pk, ()), name)


def _ports(given: tuple[schemas.NewPort, ...]) -> tuple[equipment.Port, ...]:
    return tuple(equipment.Port(each.number, each.protocol, each.name) for each in given)


def _there(row: T | None) -> T:
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    return row
