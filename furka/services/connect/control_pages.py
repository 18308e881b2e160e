"""Pages about who reaches what: the question "may P reach D on port N now, and why?", its test with a real packet, and
the matrix of the whole site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from furka.access.narrowing import PROTOCOLS
from furka.access.rights import LOOK, PEOPLE
from furka.catalogue.operations import settings_at
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal import role_words, words
from furka.portal.level_page import level_url, render_level
from furka.portal.parts import in_words
from furka.portal.refusals import errors_on
from furka.services.connect import why_words
from furka.services.connect.manifest import SERVICE, USE_REMOTE_ACCESS
from furka.services.connect.trying import may_try, try_out
from furka.services.connect.why import Answer, Question, answer, asked, people_to_ask_about, port_in
from furka.services.connect.zones import Cell, Row, zones
from furka.sites.queries import devices_of
from furka.tree.accesses import may_see
from furka.tree.acting import Acting
from furka.tree.leads import Lead
from furka.tree.models import Kind, Node
from furka.tree.week_words import hours_in_words
from furka.trials.models import Trial
from furka.trials.queries import own_trial

#: So many devices are columns of the matrix at once, and so many rows are shown.
MOST_COLUMNS, MOST_ROWS = 12, 200

_STATES = {"yes": "ok", "no": "bad", "unknown": "warn", "note": "info"}


class WhyForm(forms.Form):
    """Who, where, on which port."""

    use_required_attribute = False

    person = forms.ChoiceField(label=gettext_lazy("Who"), required=False)
    device = forms.ChoiceField(label=gettext_lazy("Device"), required=False)
    address = forms.CharField(
        label=gettext_lazy("Or an address"),
        required=False,
        max_length=15,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    protocol = forms.ChoiceField(
        label=gettext_lazy("Protocol"),
        required=False,
        choices=[(name, name.upper()) for name in PROTOCOLS],
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port"),
        required=False,
        min_value=1,
        max_value=65_535,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, by: Acting, site: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = sorted(
            people_to_ask_about(by, site), key=lambda each: each.pk != by.person_id
        )  # oneself first
        devices = [view.device for view in devices_of(by, site)]
        self._choices("person", [(each.key, f"{each} ({each.email})") for each in people])
        self._choices(
            "device",
            [("", _("choose")), *((each.key, f"{each.name} ({each.address})") for each in devices)],
        )

    def _choices(self, field: str, choices: list[tuple[str, str]]) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]  # it is a choice field

    @property
    def is_asked(self) -> bool:
        """Whether there is a question at all."""
        return any(self.data.get(name) for name in ("person", "device", "address", "port"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("device") and not cleaned.get("address") and not self.errors:
            self.add_error("device", _("Choose a device, or enter an address."))
        return cleaned

    def question(self, by: Acting, site: Node) -> Question:
        """What was asked. Raises Invalid or NotThere."""
        given = self.cleaned_data
        port = f"{given['protocol'] or 'tcp'}/{given['port']}" if given["port"] else ""
        return asked(by, site, given["person"], given["device"], given["address"], port_in(port))


@dataclass(frozen=True, slots=True)
class CheckShown:
    """One thing on the way, as people read it."""

    kind: str
    name: str
    text: str
    since: str


@dataclass(frozen=True, slots=True)
class LeadShown:
    """A grant of the person towards the site."""

    lead: Lead
    role: str
    comes_to: str
    part: str
    hours: tuple[str, ...]
    until: str
    change_url: str


@require_safe
@at_node(LOOK, Kind.SITE)
def why(request: FurkaRequest, node: Node) -> HttpResponse:
    """May this person reach that device on this port now, and why?"""
    form = WhyForm(request.by, node, request.GET or None)
    context: dict[str, Any] = {"form": form, "zones_url": _zones_url(request.by, node)}
    status = 200
    if form.is_bound and form.is_asked:
        status = 422
        if form.is_valid():
            with errors_on(form):
                context |= _answered(request, node, form.question(request.by, node))
                status = 200
    if request.GET.get("part") and "answer" in context:
        return render_level(request, node, "connect/_trial.html", context, here="level-services")
    return render_level(request, node, "connect/why.html", context, here="level-services", status=status)


@require_POST
@at_node(USE_REMOTE_ACCESS, Kind.SITE)
def try_it(request: FurkaRequest, node: Node) -> HttpResponse:
    """Have the hub try the device; what it finds comes to the page."""
    form = WhyForm(request.by, node, request.POST)
    if not form.is_valid():
        return redirect("connect-why", node.key)
    query = {name: value for name, value in form.cleaned_data.items() if value}
    query["trial"] = try_out(request.by, node, form.question(request.by, node)).key
    return redirect(f"{level_url(node, 'connect-why')}?{urlencode(query)}#trial")


def _answered(request: FurkaRequest, node: Node, question: Question) -> dict[str, Any]:
    by, found = request.by, answer(request.by, question)
    trial = own_trial(by, request.GET.get("trial", "")[:12])
    query = request.GET.copy()
    query["part"] = "trial"
    return {
        "answer": found,
        "verdict": why_words.verdict(found),
        "verdict_kind": {"yes": "ok", "no": "bad"}.get(found.word, "warn"),
        "until": words.moment(found.why.until, node.time_zone) if found.why.until else "",
        "opens_at": words.moment(found.why.opens_at, node.time_zone) if found.why.opens_at else "",
        "ports": None if found.ports is None else ", ".join(map(str, found.ports)),
        "checks": [_check(found, each, node) for each in found.checks],
        "leads": _leads(by, node, found),
        "requested": why_words.request_sentence(found.why.request, node.time_zone),
        "may_try": may_try(by, question),
        "trial": trial,
        "trial_state": trial.state_at(by.at) if trial is not None else "",
        "trial_seconds": trial.seconds_left(by.at) if trial is not None else 0,
        "trial_words": _trial_words(trial, node) if trial is not None else (),
        "asked": {name: value for name, value in request.GET.items() if name not in ("trial", "part")},
        "part_url": f"?{query.urlencode()}",
    }


_NAMES = {
    "access": gettext_lazy("Access"),
    "service": gettext_lazy("Service"),
    "gateway": gettext_lazy("Gateway"),
    "switch": gettext_lazy("Switch at the plant"),
    "network": gettext_lazy("Network"),
    "end": gettext_lazy("Own device"),
}


def _check(found: Answer, check: Any, node: Node) -> CheckShown:
    since = words.moment(check.since, node.time_zone) if check.since and check.state != "yes" else ""
    return CheckShown(
        _STATES[check.state], str(_NAMES[check.what]), why_words.check_sentence(found, check), since
    )


def _leads(by: Acting, node: Node, found: Answer) -> list[LeadShown]:
    parts = in_words(lead.grant.narrowing for lead in found.why.leads)
    return [
        LeadShown(
            lead,
            role=role_words.title(lead.grant.role, lead.grant.rights),
            comes_to=why_words.lead_words(lead, node.time_zone),
            part=parts[lead.grant.narrowing],
            hours=hours_in_words(lead.grant.windows),
            until=words.moment(lead.grant.valid_until, node.time_zone) if lead.grant.valid_until else "",
            change_url=_change_url(by, lead.grant.node, lead.grant.key) if lead.ended_at is None else "",
        )
        for lead in found.why.leads
    ]


def _change_url(by: Acting, level: Node, grant: str) -> str:
    if level.kind == Kind.OPERATOR or not by.may(PEOPLE, level.place):
        return ""
    return reverse("level-grant-change", kwargs={"key": level.key, "grant": grant})


def _zones_url(by: Acting, node: Node) -> str:
    return level_url(node, "connect-zones") if by.may(PEOPLE, node.place) else ""


def _trial_words(trial: Trial, node: Node) -> list[CheckShown]:
    """What a test has found: door, tunnel, device."""
    return [
        CheckShown(kind, name, text, "") for kind, name, text in why_words.trial_words(trial, node.time_zone)
    ]


# --- The whole site --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CellShown:
    """One cell of the matrix."""

    cell: Cell
    ports: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class RowShown:
    """One row of the matrix."""

    row: Row
    name: str
    email: str
    through: str
    level: str
    until: str
    change_url: str
    cells: tuple[CellShown, ...]


@require_safe
@at_node(PEOPLE, Kind.SITE)
def zone_view(request: FurkaRequest, node: Node) -> HttpResponse:
    """Who reaches which device of a site now; what is not listed is closed."""
    by, text = request.by, request.GET.get("q", "").strip()[:80].casefold()
    found = zones(by, node)
    columns = [
        n
        for n, view in enumerate(found.devices)
        if text in f"{view.device.name} {view.device.address}".casefold()
    ]
    shown = columns[:MOST_COLUMNS]
    visible = may_see(by, [row.access for row in found.rows if row.access is not None])
    context = {
        "q": text,
        "devices": [found.devices[n].device for n in shown],
        "device_count": len(found.devices),
        "left_out": len(columns) - len(shown),
        "rows": [_row(by, node, row, shown, visible) for row in found.rows[:MOST_ROWS]],
        "rows_left_out": max(0, len(found.rows) - MOST_ROWS),
        "enabled": settings_at(by, node, SERVICE.key).enabled,
        "why_url": level_url(node, "connect-why"),
        "people_url": level_url(node, "level-people"),
    }
    return render_level(request, node, "connect/zones.html", context, here="level-services")


def _row(by: Acting, node: Node, row: Row, shown: Sequence[int], visible: set[int]) -> RowShown:
    access, page = row.access, row.page
    if access is not None:
        key, name, email = access.person_key, access.name, access.email
        through = role_words.title(access.role, access.rights)
        level = access.level_name if access.is_inherited else ""
        changes = _change_url(by, access.level, access.grant_key) if access.level.pk in visible else ""
    else:
        assert page is not None
        key, name, email = page.person.key, str(page.person), page.person.email
        through, level, changes = (
            _("Page of %(device)s in the browser") % {"device": page.device.name},
            "",
            "",
        )
    until = words.moment(row.until, node.time_zone) if row.until else ""
    cells = tuple(_cell(node, cell, key) for cell in (row.whole, *(row.cells[n] for n in shown)))
    return RowShown(row, name, email, through, level, until, changes, cells)


def _cell(node: Node, cell: Cell, person: str) -> CellShown:
    ports = _("all ports") if cell.ports is None else ", ".join(map(str, cell.ports))
    if cell.target is None:
        return CellShown(cell, ports, _("Whole network"), "")
    query: dict[str, object] = {"person": person, "device": cell.target.key}
    if cell.ports:
        query |= {"protocol": cell.ports[0].protocol, "port": cell.ports[0].number}
    return CellShown(cell, ports, cell.target.name, f"{level_url(node, 'connect-why')}?{urlencode(query)}")
