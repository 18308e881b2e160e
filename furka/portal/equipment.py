"""Pages about one network or one device of a site, to change what is known of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from furka.access.rights import CONFIGURE
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_forms import DeviceChangeForm, NetworkChangeForm
from furka.portal.level_page import level_url, render_level
from furka.portal.refusals import errors_on
from furka.sites.equipment import change_device, change_network
from furka.sites.labels import device_labels_in_use, label_device, label_devices, labels_of
from furka.sites.models import Device, Network
from furka.sites.queries import devices_of
from furka.tree.models import Kind, Node


class LabelsForm(forms.Form):
    """Which devices, and which labels come and go."""

    devices = forms.MultipleChoiceField(
        label=gettext_lazy("Devices"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Please choose at least one device.")},
    )
    add = forms.CharField(
        label=gettext_lazy("Add labels"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("With commas between them."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    remove = forms.CharField(
        label=gettext_lazy("Remove labels"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, devices: Collection[Device], labels: Mapping[int, list[str]], *args: Any) -> None:
        super().__init__(*args)
        self.fields["devices"].choices = [  # type: ignore[attr-defined]  # it is a choice field
            (device.key, _named(device, labels.get(device.pk, ()))) for device in devices
        ]


def _named(device: Device, labels: Collection[str]) -> str:
    name = f"{device.name} ({device.address})"
    return f"{name}: {', '.join(labels)}" if labels else name


@at_node(CONFIGURE, Kind.SITE)
def device_labels(request: FurkaRequest, node: Node) -> HttpResponse:
    """Labels for many devices at once."""
    devices = [view.device for view in devices_of(request.by, node)]
    labels = labels_of(request.by, devices)
    form = LabelsForm(devices, labels, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        add, remove = (given[name].split(",") for name in ("add", "remove"))
        with errors_on(form):
            changed = label_devices(request.by, node, given["devices"], add, remove)
            text = ngettext(
                "The labels of one device changed.", "The labels of %(count)d devices changed.", changed
            )
            messages.success(request, text % {"count": changed})
            return redirect("level", node.key)
    context = {
        "form": form,
        "in_use": device_labels_in_use(request.by, node),
        "back_url": level_url(node),
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "equipment/labels.html", context, status=status)


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
