"""Pages about one network or one device of a site, to change what is known of it."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from furka.access.rights import CONFIGURE
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_forms import DeviceChangeForm, NetworkChangeForm
from furka.portal.level_page import render_level
from furka.portal.refusals import errors_on
from furka.sites.equipment import change_device, change_network
from furka.sites.labels import label_device, labels_of
from furka.sites.models import Device, Network
from furka.tree.models import Kind, Node


@at_node(CONFIGURE, Kind.SITE)
def network(request: FurkaRequest, node: Node, network: str) -> HttpResponse:
    """Name, VLAN and note of a network."""
    row = Network.objects.visible_to(request.by, CONFIGURE).filter(node=node, key=network).first()
    if row is None:
        raise Http404
    row.node = node
    title = _("Network %(subnet)s") % {"subnet": row.subnet}
    form = NetworkChangeForm(row, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with errors_on(form):
            change_network(request.by, row, given["name"], given["vlan"], given["note"])
            messages.success(request, _("Saved."))
            return redirect("level", node.key)
    status = 422 if form.is_bound else 200
    return render_level(
        request, node, "equipment/network.html", {"form": form, "title": title}, status=status
    )


@at_node(CONFIGURE, Kind.SITE)
def device(request: FurkaRequest, node: Node, device: str) -> HttpResponse:
    """Everything that is known of a device."""
    row = Device.objects.visible_to(request.by, CONFIGURE).filter(node=node, key=device).first()
    if row is None:
        raise Http404
    row.node = node
    title = row.name
    labels = labels_of(request.by, [row]).get(row.pk, [])
    form = DeviceChangeForm(row, labels, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with errors_on(form), transaction.atomic():
            basic = {name: given[name] for name in ("name", "address", "kind", "web")}
            change_device(request.by, row, **basic, facts=form.facts())
            label_device(request.by, row, form.chosen_labels())
            messages.success(request, _("Saved."))
            return redirect("level", node.key)
    status = 422 if form.is_bound else 200
    return render_level(request, node, "equipment/device.html", {"form": form, "title": title}, status=status)
