"""The register of addresses of a level: all subnets of its sites, which of them overlap, and what is still free."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from furka.access.rights import LOOK
from furka.errors import Conflict
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.links.addresses import free_network, register_of, subnets_of
from furka.links.models import Link
from furka.portal.level_forms import SearchForm
from furka.portal.level_page import level_url, render_level
from furka.portal.paging import address, counted, page_of
from furka.services.sitelink.forms import CheckForm, FreeForm
from furka.services.sitelink.pages import LEVELS
from furka.sites.models import Network
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.queries import rows_below

#: So many networks that a new one would overlap are named.
MOST_NAMED = 20


@require_safe
@at_node(LOOK, *LEVELS)
def register(request: FurkaRequest, node: Node) -> HttpResponse:
    """All subnets of a level; one may check another before it is used, and have a free one proposed."""
    by = request.by
    text = request.GET.get("q", "").strip()[:80]
    rows = subnets_of(by, node, text)
    page = page_of(rows, ("subnet", "id"), request.GET.get("cursor", ""))
    context: dict[str, Any] = {
        "rows": [(each, level_url(each.network.node)) for each in register_of(by, node, page.rows)],
        "count": counted(rows),
        "q": text,
        "search": SearchForm(initial={"q": text}),
        "before": address(request, cursor=page.before) if page.before else "",
        "after": address(request, cursor=page.after) if page.after else "",
        **_free(request, node),
        **_checked(request, node),
    }
    return render_level(request, node, "sitelink/addresses.html", context, here="level-services")


def _free(request: FurkaRequest, node: Node) -> dict[str, Any]:
    form = FreeForm(request.GET if request.GET.get("size") else None)
    found = ""
    if form.is_bound and form.is_valid():
        try:
            found = str(free_network(request.by, node, form.cleaned_data["size"]))
        except Conflict as nothing:
            form.add_error("size", str(nothing))
    return {"free_form": form, "free": found}


def _checked(request: FurkaRequest, node: Node) -> dict[str, Any]:
    form = CheckForm(request.GET if request.GET.get("check") else None)
    if not form.is_bound or not form.is_valid():
        return {"check_form": form}
    try:
        network = IPv4Network(form.cleaned_data["check"].strip())
    except ValueError:
        form.add_error("check", _("Please enter a network such as 192.168.40.0/24."))
        return {"check_form": form}
    found = _overlapping(request.by, node, network)
    return {
        "check_form": form,
        "checked": str(network),
        "overlapping": [(each, level_url(each.node)) for each in found[:MOST_NAMED]],
        "overlapping_more": max(0, len(found) - MOST_NAMED),
        "ranges": [
            link
            for link in Link.objects.visible_to(request.by, LOOK).filter(rows_below(node)).exclude(range="")
            if link.central_range is not None and link.central_range.overlaps(network)
        ],
    }


def _overlapping(by: Acting, node: Node, network: IPv4Network) -> list[Network]:
    rows = subnets_of(by, node)
    subnets = set(rows.order_by().values_list("subnet", flat=True))
    meeting = [each for each in subnets if IPv4Network(each).overlaps(network)]
    return list(rows.filter(subnet__in=meeting))
