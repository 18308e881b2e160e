"""Pages of gateways that are prepared in batches: labels, what became of each, and the site that it is for."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from furka.access.rights import CONFIGURE
from furka.gate.declare import at_node, own
from furka.gate.request import FurkaRequest
from furka.portal.access_print import FONTS
from furka.portal.csv_lines import BEGINNING, csv_line
from furka.portal.level_page import level_url, render_level
from furka.portal.once import OnceForm, once
from furka.portal.paging import address, page_of
from furka.portal.refusals import errors_on
from furka.reports.labels import Label, sheet
from furka.sites import preparing
from furka.sites.lists import sites_of
from furka.sites.models import PreparedGateway
from furka.sites.preparing import MOST_IN_BATCH, WithCode
from furka.tree.models import Kind, Node
from furka.vault import read_code
from furka.wire.preset import preset

#: So many sites are offered for a gateway; beyond that one searches.
MOST_SITES = 100

STATES: dict[str, tuple[str, Promise]] = {
    "prepared": ("off", gettext_lazy("Prepared")),
    "shipped": ("off", gettext_lazy("Shipped")),
    "waiting": ("warn", gettext_lazy("Waits for a site")),
    "assigned": ("busy", gettext_lazy("Assigned")),
    "online": ("ok", gettext_lazy("Online")),
    "offline": ("bad", gettext_lazy("Offline")),
    "released": ("off", gettext_lazy("Released")),
    "withdrawn": ("off", gettext_lazy("Withdrawn")),
}


class BatchForm(OnceForm):
    """How many gateways are prepared, or which."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("For example: delivery in March.")
    )
    count = forms.IntegerField(
        label=gettext_lazy("How many"), min_value=1, max_value=MOST_IN_BATCH, required=False
    )
    serials = forms.CharField(
        label=gettext_lazy("Or their serial numbers"),
        required=False,
        max_length=40_000,
        help_text=gettext_lazy("One per line, as copied from a table."),
        widget=forms.Textarea(attrs={"rows": 4, "autocapitalize": "off", "spellcheck": "false"}),
    )

    def wanted(self) -> tuple[int, list[str]]:
        """How many, and the serial numbers."""
        given = self.cleaned_data
        return given["count"] or 0, re.split(r"[\n,;\t]+", given["serials"])


@at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER)
def gateways(request: FurkaRequest, node: Node) -> HttpResponse:
    """The gateways that were prepared at a level, and a form for more of them."""
    form = BatchForm(request.POST or None)

    def make() -> str:
        count, serials = form.wanted()
        preparing.prepare(request.by, node, form.cleaned_data["name"], count, serials)
        messages.success(request, _("The gateways are prepared. Print their labels now."))
        return level_url(node, "level-gateways")

    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node, "level-gateways"))
    page = page_of(preparing.pieces_at(request.by, node), ("-pk",), request.GET.get("cursor", ""))
    context = {
        "form": form,
        "batches": preparing.batches_at(request.by, node),
        "pieces": [(piece, *STATES[piece.state]) for piece in page.rows],
        "before": address(request, cursor=page.before) if page.before else "",
        "after": address(request, cursor=page.after) if page.after else "",
    }
    status = 422 if form.is_bound else 200
    return render_level(
        request, node, "prepared/gateways.html", context, here="level-gateways", status=status
    )


@require_POST
@at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER)
@never_cache
def labels(request: FurkaRequest, node: Node, batch: str) -> HttpResponse:
    """The labels of a batch, as a sheet to print."""
    row = preparing.batch_at(request.by, node, batch)
    found = preparing.read_codes(request.by, row)
    paper = sheet(FONTS, row.name, get_language() or "de", request.by.at, map(_label, found))
    answer = HttpResponse(paper, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="gateways-{row.key}.pdf"'
    return answer


def _label(each: WithCode) -> Label:
    lines = [
        *([_("Serial number %(serial)s") % {"serial": each.piece.serial}] if each.piece.serial else []),
        each.code,
        _("Plug in, then scan."),
    ]
    return Label(preset(settings.PORTAL_URL, each.piece.number, each.code), each.piece.label, lines)


@require_POST
@at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER)
@never_cache
def presets(request: FurkaRequest, node: Node, batch: str) -> HttpResponse:
    """What is put into each box, as a table for whoever prepares them."""
    row = preparing.batch_at(request.by, node, batch)
    lines = [csv_line(("number", "serial", "preset"))]
    for each in preparing.read_codes(request.by, row):
        line = preset(settings.PORTAL_URL, each.piece.number, each.code)
        lines.append(csv_line((each.piece.label, each.piece.serial, line)))
    answer = HttpResponse(BEGINNING + "".join(lines), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="gateways-{row.key}.csv"'
    return answer


@require_POST
@at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER)
def shipped(request: FurkaRequest, node: Node, batch: str) -> HttpResponse:
    """The labels are on the boxes; the codes are forgotten."""
    preparing.ship(request.by, preparing.batch_at(request.by, node, batch))
    messages.success(request, _("Shipped. The codes are no longer kept here."))
    return redirect("level-gateways", node.key)


@require_POST
@at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER)
def withdraw(request: FurkaRequest, node: Node, piece: str) -> HttpResponse:
    """The code of one works no more."""
    row = preparing.pieces_at(request.by, node).filter(key=piece).first()
    if row is None:
        raise Http404
    preparing.withdraw(request.by, row)
    messages.success(request, _("%(number)s was withdrawn.") % {"number": row.label})
    return redirect("level-gateways", node.key)


# --- Which site a gateway serves -------------------------------------------------------------------------------------


class SiteForm(forms.Form):
    """The site that a gateway is for."""

    site = forms.ChoiceField(label=gettext_lazy("Site"))

    def __init__(self, sites: list[Node], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(site.key, site.name) for site in sites]
        self.fields["site"].choices = choices  # type: ignore[attr-defined]  # it is a choice field


@own("whoever scans a label gets the gateways that they may configure, and no other")
@never_cache
def plug(request: FurkaRequest, number: str) -> HttpResponse:
    """Where the code on a label leads: for which site is this gateway?"""
    piece = preparing.usable(request.by).filter(number=read_code(number)).first()
    if piece is None:
        raise Http404
    text = request.GET.get("q", "").strip()
    rows = sites_of(request.by, piece.node, state="without-gateway").order_by("sort_key", "pk")
    found = list(rows.filter(name__icontains=text)[: MOST_SITES + 1] if text else rows[: MOST_SITES + 1])
    form = SiteForm(found[:MOST_SITES], request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        site = next(each for each in found if each.key == form.cleaned_data["site"])
        with errors_on(form):
            preparing.assign(request.by, site, piece.number)
            messages.success(request, _said(piece))
            return redirect("level", site.key)
    context = {
        "piece": piece,
        "form": form,
        "q": text,
        "searches": bool(text) or len(found) > MOST_SITES,
        "sites": found,
        "state": STATES[piece.state],
    }
    return render(request, "prepared/plug.html", context, status=422 if form.is_bound else 200)


class NumberForm(forms.Form):
    """The number of a gateway."""

    number = forms.CharField(
        label=gettext_lazy("Number on the label"),
        max_length=300,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


@require_POST
@at_node(CONFIGURE, Kind.SITE)
def assign_here(request: FurkaRequest, node: Node) -> HttpResponse:
    """The gateway with this number serves the site as soon as it is plugged in."""
    form = NumberForm(request.POST)
    if form.is_valid():
        with errors_on(form):
            messages.success(request, _said(preparing.assign(request.by, node, form.cleaned_data["number"])))
    for text in [text for texts in form.errors.values() for text in texts]:
        messages.error(request, str(text))
    return redirect("level", node.key)


@require_POST
@at_node(CONFIGURE, Kind.SITE)
def unassign_here(request: FurkaRequest, node: Node) -> HttpResponse:
    """The site waits for it no more."""
    preparing.unassign(request.by, node)
    messages.success(request, _("The gateway is no longer assigned."))
    return redirect("level", node.key)


def _said(piece: PreparedGateway) -> str:
    if piece.plugged_in_at is not None:
        return _("%(number)s is assigned and connects within a minute.") % {"number": piece.label}
    return _("%(number)s is assigned. It connects as soon as it is plugged in.") % {"number": piece.label}
