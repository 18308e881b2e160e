"""Gateway: how the box of a site is, what became of it, what passes through its tunnel, and its replacement."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from furka.access.rights import CONFIGURE, LOOK, RESTART
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.events import PeriodForm
from furka.portal.level_page import level_url, render_level, shown
from furka.portal.list_page import Choice
from furka.portal.paging import address, page_of
from furka.portal.refusals import errors_on
from furka.sites import traffic
from furka.sites.gateway_log import Change, GatewayChange, changes_of
from furka.sites.models import PathKind
from furka.sites.operations import issue_claim_code
from furka.sites.queries import claim_code_of, gateway_of, networks_of, state_of
from furka.tree.models import Kind, Node

_KINDS: dict[str, str] = {
    Change.ONLINE: "ok",
    Change.OFFLINE: "bad",
    Change.LINKED: "info",
    Change.UNLINKED: "off",
}


class LogForm(PeriodForm):
    """What is sought in the log."""

    q = forms.CharField(label=gettext_lazy("Address or version"), required=False, max_length=80)

    field_order = ("q", "since", "until")


class BudgetForm(forms.Form):
    """How much may pass in a month."""

    use_required_attribute = False

    megabytes = forms.IntegerField(
        label=gettext_lazy("Megabytes a month"),
        help_text=gettext_lazy("Leave it empty for no budget."),
        required=False,
        min_value=1,
        max_value=traffic.LARGEST_BUDGET,
    )
    warn_percent = forms.IntegerField(
        label=gettext_lazy("Warn at so many percent"),
        min_value=1,
        max_value=99,
        initial=traffic.USUAL_WARNING,
    )


@at_node(LOOK, Kind.SITE)
@never_cache
def gateway(request: FurkaRequest, node: Node) -> HttpResponse:
    """The gateway's page."""
    return _page(request, node)


def _page(request: FurkaRequest, node: Node, form: BudgetForm | None = None) -> HttpResponse:
    by = request.by
    box, may_configure = gateway_of(by, node), by.may(CONFIGURE, node.place)
    code = claim_code_of(by, node) if may_configure else None
    used = traffic.traffic_of(by, node)
    if form is None and may_configure:
        budget = used.budget
        initial = {"megabytes": budget.megabytes, "warn_percent": budget.warn_percent} if budget else None
        form = BudgetForm(initial=initial)
    networks = networks_of(by, node)
    context = {
        "gateway": box,
        "state": shown(state_of(box, by.at)),
        "missing": [each for each in networks if box is not None and each.subnet in box.missing_networks],
        "may_configure": may_configure,
        "may_restart": box is not None and not box.system and by.may(RESTART, node.place),
        "code": code[0] if code else "",
        "code_ends": code[1] if code else None,
        "claim_command": f"furka gateway claim {code[0]} --portal {settings.PORTAL_URL}" if code else "",
        "traffic": used,
        "budget_form": form,
        "settings_url": level_url(node, "level-settings"),
        "urls": {"code": level_url(node, "level-claim-code")},
        **_log(request, node),
    }
    template = "gateways/_log.html" if request.GET.get("part") else "gateways/gateway.html"
    status = 422 if form is not None and form.is_bound else 200
    return render_level(request, node, template, context, status=status)


def _log(request: FurkaRequest, node: Node) -> dict[str, Any]:
    asked = any(name in request.GET for name in ("q", "since", "until"))
    form = LogForm(request.GET if asked else None)
    since, before = form.moments(node.time_zone) if asked else (None, None)
    text = form.cleaned_data.get("q", "").strip() if asked and form.is_valid() else ""
    what = request.GET.get("what", "")
    what = what if what in Change else ""
    rows = changes_of(request.by, node, what=what, text=text, since=since, before=before)
    page = page_of(rows, ("-at", "-id"), request.GET.get("cursor", ""))
    return {
        "log_form": form,
        "what": what,
        "changes": [(row, _KINDS.get(row.what, "info"), _value(row)) for row in page.rows],
        "kinds": [
            Choice(str(label), address(request, what=key, cursor=""), key == what)
            for key, label in (("", _("All")), *Change.choices)
        ],
        "is_filtered": bool(asked or what),
        "before": address(request, cursor=page.before) if page.before else "",
        "after": address(request, cursor=page.after) if page.after else "",
        "refresh_url": address(request, part="log") if not page.before else "",
        "plain_url": request.path,
    }


def _value(row: GatewayChange) -> str:
    is_path = row.what == Change.PATH and row.value in PathKind
    return str(PathKind(row.value).label) if is_path else row.value


@require_POST
@at_node(CONFIGURE, Kind.SITE)
def replace(request: FurkaRequest, node: Node) -> HttpResponse:
    """A code for a box that takes the place of the gateway."""
    issue_claim_code(request.by, node, replaces=True)
    messages.success(request, _("Connect the new box with this code. The old one works until then."))
    return redirect("level-gateway", node.key)


@require_POST
@at_node(CONFIGURE, Kind.SITE)
def budget(request: FurkaRequest, node: Node) -> HttpResponse:
    """How much may pass in a month."""
    form = BudgetForm(request.POST)
    if form.is_valid():
        with errors_on(form):
            given = form.cleaned_data
            traffic.set_budget(request.by, node, given["megabytes"], given["warn_percent"])
            messages.success(request, _("Saved."))
            return redirect("level-gateway", node.key)
    return _page(request, node, form)
