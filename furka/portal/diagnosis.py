"""Diagnosis: have the gateway of a site try something, see what it finds as it finds it, and what was found before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from furka.access.rights import CONFIGURE, DIAGNOSE, RESTART
from furka.diagnoses.models import Diagnosis, DiagnosisKind
from furka.diagnoses.operations import ask_diagnosis, restart_gateway, stop_diagnosis
from furka.diagnoses.queries import diagnoses_of, diagnosis_of_key
from furka.diagnoses.reach import is_whole
from furka.diagnoses.wishes import FIELDS, kinds_to_ask, probe_of
from furka.dispatch.answer import linked_with
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal import diagnosis_words
from furka.portal.level_page import level_url, render_level
from furka.portal.list_page import Choice
from furka.portal.paging import address, page_of
from furka.portal.refusals import errors_on
from furka.sites.models import Network
from furka.sites.queries import devices_of, gateway_of, networks_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node

#: What is sent, so that nobody has to guess.
_ABOUT: Mapping[str, Promise] = {
    "ping": gettext_lazy("Small packets that every device answers, unless it is told not to."),
    "tcp": gettext_lazy("One connection, closed at once. Nothing is said to the device."),
    "route": gettext_lazy("The steps on the way from the gateway to a device."),
    "name": gettext_lazy("What a name leads to, as the gateway sees it, or as a server in the plant says it."),
    "http": gettext_lazy("One page is asked for. Status, time and title are shown, nothing else of it."),
    "duplicate": gettext_lazy("Asks three times who has an address. If two devices answer, both are trouble."),
    "scan": gettext_lazy("Asks each address once or twice, slowly: controllers are easily overwhelmed."),
    "macs": gettext_lazy("Listens for some seconds who speaks. Nothing is sent."),
    "size": gettext_lazy("How large packets to the hub may be before they are cut or lost."),
    "line": gettext_lazy("How many packets to the hub get lost, and how long they take."),
    "state": gettext_lazy("Way out, addresses, load, temperature, time, versions and the last lines of the log."),
}  # fmt: skip

#: How a state is shown.
_STATES: Mapping[str, tuple[str, Promise]] = {
    "waiting": ("busy", gettext_lazy("Waits for the gateway")),
    "running": ("busy", gettext_lazy("Running")),
    "done": ("done", gettext_lazy("Finished")),
    "stopped": ("off", gettext_lazy("Stopped")),
    "refused": ("bad", gettext_lazy("Not done")),
    "lapsed": ("warn", gettext_lazy("No answer from the gateway")),
}

_TYPED = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}


class DiagnosisForm(forms.Form):
    """What is to be tried; only the fields of its kind."""

    use_required_attribute = False

    target = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=15,
        widget=forms.TextInput(attrs={**_TYPED, "list": "devices"}),
    )
    port = forms.IntegerField(label=gettext_lazy("Port"), min_value=1, max_value=65535, initial=80)
    secure = forms.BooleanField(label=gettext_lazy("Encrypted (https)"), required=False)
    path = forms.CharField(
        label=gettext_lazy("Path"),
        max_length=200,
        initial="/",
        required=False,
        widget=forms.TextInput(attrs=_TYPED),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=253, widget=forms.TextInput(attrs=_TYPED))
    record = forms.ChoiceField(
        label=gettext_lazy("Kind of entry"),
        choices=[(each, each) for each in ("A", "AAAA", "CNAME", "MX", "PTR", "SRV", "TXT")],
    )
    server = forms.CharField(
        label=gettext_lazy("Server in the plant"),
        help_text=gettext_lazy("Leave it empty to ask as the gateway does."),
        max_length=15,
        required=False,
        widget=forms.TextInput(attrs=_TYPED),
    )
    network = forms.ChoiceField(label=gettext_lazy("Network"))
    count = forms.IntegerField(label=gettext_lazy("How many"), min_value=1, max_value=20, initial=5)
    mdns = forms.BooleanField(label=gettext_lazy("Ask for announced services (mDNS)"), required=False)
    knx = forms.BooleanField(label=gettext_lazy("Search for KNX devices"), required=False)
    bacnet = forms.BooleanField(label=gettext_lazy("Ask for BACnet devices (Who-Is)"), required=False)
    modbus = forms.BooleanField(
        label=gettext_lazy("Ask who speaks Modbus"),
        help_text=gettext_lazy("One connection to each device. Some old controllers take it badly."),
        required=False,
    )

    def __init__(self, kind: str, networks: list[Network], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.subnet, _network_text(each)) for each in networks]
        if kind == "ping":
            self.fields["network"].label = gettext_lazy("From which network")
            self.fields["network"].required = False
            choices = [("", _("the one of the device")), *choices]
        self.fields["network"].choices = choices  # type: ignore[attr-defined]  # it is a choice field
        for name in [name for name in self.fields if name not in FIELDS[kind]]:
            del self.fields[name]


@at_node(DIAGNOSE, Kind.SITE)
@never_cache
def diagnosis(request: FurkaRequest, node: Node) -> HttpResponse:
    """Choose what to try, and what was tried before."""
    by = request.by
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    kind = kind if kind in FIELDS else str(DiagnosisKind.PING)
    networks = networks_of(by, node)
    form = DiagnosisForm(
        kind, networks, request.POST if request.method == "POST" else None, initial=_initial(request)
    )
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            given = {
                name: value for name, value in form.cleaned_data.items() if value not in (None, "", False)
            }
            row = ask_diagnosis(by, node, probe_of(kind, given), linked_with(node, by.at))
            return redirect("level-diagnosis-result", node.key, row.key)
    page = page_of(diagnoses_of(by, node), ("-asked_at", "-id"), request.GET.get("cursor", ""), size=20)
    box = gateway_of(by, node)
    context = {
        "form": form,
        "kind": kind,
        "about": _ABOUT[kind],
        "kind_name": DiagnosisKind(kind).label,
        "kinds": [Choice(str(each.label), f"?kind={each}", each == kind) for each in kinds_to_ask()],
        "devices": devices_of(by, node, networks) if "target" in form.fields else [],
        "networks": networks,
        "gateway": box,
        "can_ask": box is not None and not box.system and not box.cut_by,
        "may_restart": by.may(RESTART, node.place),
        "is_part": not is_whole(by, node),
        "rows": [
            (row, *_state(row, by), level_url(node, "level-diagnosis") + f"{row.key}/") for row in page.rows
        ],
        "before": address(request, cursor=page.before) if page.before else "",
        "after": address(request, cursor=page.after) if page.after else "",
        "refresh_url": address(request, part="history") if not page.before else "",
    }
    template = "diagnosis/_history.html" if request.GET.get("part") else "diagnosis/diagnosis.html"
    status = 422 if form.is_bound else 200
    return render_level(request, node, template, context, here="level-diagnosis", status=status)


@require_safe
@at_node(DIAGNOSE, Kind.SITE)
@never_cache
def result(request: FurkaRequest, node: Node, diagnosis: str) -> HttpResponse:
    """One diagnosis, as far as it has come."""
    by = request.by
    row = diagnosis_of_key(by, node, diagnosis)
    state, (kind, word) = row.state_at(by.at), _state(row, by)
    shown = diagnosis_words.shown(row)
    known = {view.device.address for view in devices_of(by, node)} if shown.hosts else set()
    may_configure = by.may(CONFIGURE, node.place)
    context = {
        "row": row,
        "state": state,
        "state_kind": kind,
        "state_word": word,
        "runs": state in ("waiting", "running"),
        "ended": diagnosis_words.ended(row),
        "result": shown,
        "hosts": [
            (host, host.address in known, _take_over_url(node, host) if may_configure else "")
            for host in shown.hosts
        ],
        "again_url": f"{level_url(node, 'level-diagnosis')}?{urlencode(row.wish)}"
        if row.kind in FIELDS
        else "",
        "refresh_url": address(request, part="result"),
    }
    template = "diagnosis/_result.html" if request.GET.get("part") else "diagnosis/result.html"
    return render_level(request, node, template, context, here="level-diagnosis")


@require_POST
@at_node(DIAGNOSE, Kind.SITE)
def stop(request: FurkaRequest, node: Node, diagnosis: str) -> HttpResponse:
    """End a diagnosis before its time."""
    stop_diagnosis(request.by, diagnosis_of_key(request.by, node, diagnosis))
    return redirect("level-diagnosis-result", node.key, diagnosis)


@require_POST
@at_node(RESTART, Kind.SITE)
def restart(request: FurkaRequest, node: Node) -> HttpResponse:
    """Have the gateway's program start anew."""
    row = restart_gateway(request.by, node)
    if request.by.may(DIAGNOSE, node.place):
        return redirect("level-diagnosis-result", node.key, row.key)
    messages.success(request, _("The program on the gateway starts anew. It is away for a moment."))
    return redirect("level-gateway", node.key)


def _state(row: Diagnosis, by: Acting) -> tuple[str, Promise]:
    return _STATES[row.state_at(by.at)]


def _initial(request: FurkaRequest) -> dict[str, str]:
    """What a link to this page has filled in."""
    return {name: request.GET[name][:253] for name in request.GET if name in DiagnosisForm.base_fields}


def _network_text(network: Network) -> str:
    text = f"{network.subnet} {network.name}".strip()
    return f"{text} (VLAN {network.vlan})" if network.vlan else text


def _take_over_url(node: Node, host: diagnosis_words.Host) -> str:
    """Where a device that was found is put on the list, with what is known of it."""
    if not host.address or host.stray:
        return ""
    given = {"name": host.name or host.vendor, "address": host.address, "mac": host.mac}
    query = urlencode({name: value[:80] for name, value in given.items() if value})
    return f"{reverse('level-device-new', kwargs={'key': node.key})}?{query}"
