"""Pages about the devices that a central site reaches, and under which addresses."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from furka.access.rights import LOOK
from furka.errors import NotThere
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.links.addresses import free_network
from furka.links.mapping import map_device, renumber, renumbering, unmap_device
from furka.links.models import Link, MappedDevice
from furka.links.rights import MANAGE_LINKS
from furka.portal.once import once
from furka.portal.refusals import errors_on
from furka.services.sitelink.forms import MOST_DEVICES, MapForm, RangeForm
from furka.services.sitelink.frame import link_at, link_url, render_link
from furka.services.sitelink.pages import LEVELS
from furka.services.sitelink.queries import MemberView, mapped_of, members_of
from furka.services.sitelink.words import STATES
from furka.sites.models import Device
from furka.tree.acting import Acting
from furka.tree.models import Node


@require_safe
@at_node(LOOK, *LEVELS)
def devices(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """The devices that the central site reaches: real addresses beside those in the link."""
    link = link_at(request, node, site_link)
    views = {view.member.node_id: view for view in members_of(request.by, link)}
    context = {
        "rows": [
            (row, link_url(link, "link-device-remove", mapped=row.key), *_state(views.get(row.node_id)))
            for row in mapped_of(request.by, link)
        ],
        "centre": next((view for view in views.values() if view.member.central), None),
    }
    return render_link(request, link, "sitelink/devices.html", context, here="link-devices")


def _state(view: MemberView | None) -> tuple[str, str]:
    kind, word = STATES[view.word if view is not None else "unknown"]
    return kind, str(word)


@at_node(MANAGE_LINKS, *LEVELS)
def add(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """More devices that the central site reaches."""
    link = link_at(request, node, site_link)
    form = MapForm(_offered(request.by, link), request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        chosen = form.chosen()

        def make() -> str:
            with transaction.atomic():
                for device in chosen:
                    map_device(request.by, link, device, form.cleaned_data["address"])
            text = ngettext(
                "%(number)s device is reached now.", "%(number)s devices are reached now.", len(chosen)
            )
            messages.success(request, text % {"number": len(chosen)})
            return link_url(link, "link-devices")

        with errors_on(form):
            return redirect(once(request, form, make) or link_url(link, "link-devices"))
    status = 422 if form.is_bound else 200
    return render_link(
        request, link, "sitelink/device_add.html", {"form": form}, here="link-devices", status=status
    )


def _offered(by: Acting, link: Link) -> list[Device]:
    """Devices of the spokes that lie in a network that takes part and are not reached yet."""
    views = {view.member.node_id: view for view in members_of(by, link) if not view.member.central}
    taken = {row.device_id for row in mapped_of(by, link)}
    rows = Device.objects.visible_to(by, LOOK).filter(node__in=views or [0])
    rows = rows.select_related("node", "node__customer", "node__reseller")
    return [
        row
        for row in rows.order_by("node__sort_key", "node_id", "name", "pk")[:MOST_DEVICES]
        if row.pk not in taken and _takes_part(row, views[row.node_id])
    ]


def _takes_part(device: Device, view: MemberView) -> bool:
    return any(IPv4Address(device.address) in network.real for network in view.networks)


@require_POST
@at_node(MANAGE_LINKS, *LEVELS)
def remove(request: FurkaRequest, node: Node, site_link: str, mapped: str) -> HttpResponse:
    """The central site no longer reaches a device."""
    link = link_at(request, node, site_link)
    rows = MappedDevice.objects.visible_to(request.by, LOOK).filter(link=link, key=mapped)
    row = rows.select_related("device", "node").first()
    if row is None:
        raise NotThere("not-there", _("The central site does not reach this device any more."))
    unmap_device(request.by, link, row)
    messages.success(request, _("%(device)s is not reached any more.") % {"device": row.device.name})
    return redirect(link_url(link, "link-devices"))


@at_node(MANAGE_LINKS, *LEVELS)
def renumber_link(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """Another range: first what would change, then it is done."""
    link = link_at(request, node, site_link)
    given: Any = request.POST if request.method == "POST" else request.GET
    form = RangeForm(given if given.get("range") else None, initial={"range": _proposed(request.by, link)})
    changes: Sequence[Any] | None = None
    if form.is_bound and form.is_valid():
        with errors_on(form):
            range_ = form.cleaned_data["range"]
            if request.method == "POST":
                renumber(request.by, link, range_)
                messages.success(request, _("The link has new addresses. The old ones no longer work."))
                return redirect(link_url(link, "link-devices"))
            changes = renumbering(request.by, link, range_)
    status = 422 if form.is_bound and changes is None else 200
    context = {"form": form, "changes": changes}
    return render_link(request, link, "sitelink/renumber.html", context, here="link-devices", status=status)


def _proposed(by: Acting, link: Link) -> str:
    length = link.central_range.prefixlen if link.central_range is not None else 24
    return str(free_network(by, link.node, length))
