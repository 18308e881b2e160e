"""Settings of a level: name, time zone, lease; and the parting of a site from its gateway."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from furka.access.rights import CONFIGURE, LOOK, PEOPLE, STRUCTURE
from furka.errors import Conflict
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_endings import ending_of
from furka.portal.level_forms import (
    LeaseForm,
    NameForm,
    ReferenceForm,
    ZoneForm,
)
from furka.portal.level_moves import place_of
from furka.portal.level_page import (
    render_level,
)
from furka.portal.refusals import errors_on
from furka.sites.keys import want_new_key
from furka.sites.operations import release_gateway
from furka.sites.queries import gateway_of
from furka.tree.many import set_reference
from furka.tree.models import Kind, Node
from furka.tree.operations import rename, set_lease, set_time_zone
from furka.tree.queries import lease_of


@at_node(LOOK)
def level_settings(request: FurkaRequest, node: Node) -> HttpResponse:
    """Name, number, time zone, and how long access goes on without the portal; each for whoever may change it."""
    by, part = request.by, request.POST.get("part", "")
    name = NameForm(request.POST if part == "name" else None, initial={"name": node.name})
    number = ReferenceForm(
        request.POST if part == "reference" else None, initial={"reference": node.reference}
    )
    zone = ZoneForm(request.POST if part == "zone" else None, initial={"time_zone": node.time_zone})
    lease = LeaseForm(node.lease_minutes, request.POST if part == "lease" else None)
    changes: dict[str, tuple[NameForm | ReferenceForm | ZoneForm | LeaseForm, Callable[[], None]]] = {
        "name": (name, lambda: rename(by, node, name.cleaned_data["name"])),
        "reference": (number, lambda: set_reference(by, node, number.cleaned_data["reference"])),
        "zone": (zone, lambda: set_time_zone(by, node, zone.cleaned_data["time_zone"])),
        "lease": (lease, lambda: set_lease(by, node, lease.cleaned_data["lease_minutes"])),
    }
    status = 200
    if request.method == "POST" and part in changes:
        form, change = changes[part]
        if form.is_valid():
            with errors_on(form):
                change()
                messages.success(request, _("Saved."))
                return redirect("level-settings", node.key)
        status = 422
    strictest = lease_of(node)
    context = {
        "name_form": name if by.may(STRUCTURE, node.place) else None,
        "reference_form": number
        if node.kind in (Kind.CUSTOMER, Kind.SITE) and by.may(STRUCTURE, node.place)
        else None,
        "zone_form": zone if by.may(CONFIGURE, node.place) else None,
        "lease_form": lease if by.may(PEOPLE, node.place) else None,
        "lease_above": strictest * 60 if strictest and strictest != node.lease_minutes else None,
        "gateway": gateway_of(by, node) if node.is_site and by.may(CONFIGURE, node.place) else None,
        "place": place_of(by, node),
        "ending": ending_of(by, node),
    }
    return render_level(request, node, "levels/settings.html", context, here="level-settings", status=status)


@at_node(CONFIGURE, Kind.SITE)
@require_POST
def renew_key(request: FurkaRequest, node: Node) -> HttpResponse:
    """Have the gateway make a new key."""
    try:
        want_new_key(request.by, node)
    except Conflict as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The gateway makes a new key as soon as it hears of it."))
    return redirect("level-settings", node.key)


@at_node(CONFIGURE, Kind.SITE)
def release(request: FurkaRequest, node: Node) -> HttpResponse:
    """Part a site from its gateway, once its name was typed."""
    if request.method == "POST" and request.POST.get("confirm", "").strip() == node.name:
        release_gateway(request.by, node)
        messages.success(request, _("The gateway was released. Its tunnel has ended."))
        return redirect("level", node.key)
    if request.method == "POST":
        messages.error(request, _("Please type the name of the site to confirm."))
    return redirect("level-settings", node.key)
