"""Pages of one site: how it is, its gateway, its networks and devices, who may enter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from furka.access.policy import Reason
from furka.access.rights import CONFIGURE, JOURNAL, PEOPLE
from furka.catalogue.service import Service, visit_rights, visits
from furka.connections.queries import inside
from furka.dispatch.naming import names_known
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal import documents, event_words, particulars
from furka.portal.level_forms import DeviceForm, NetworkForm
from furka.portal.level_page import StateShown, level_url, render_level, shown
from furka.portal.limits import limits_for, only_looks
from furka.portal.matters import about_me, about_people, about_places
from furka.portal.once import once
from furka.portal.prepared import NumberForm
from furka.portal.refusals import errors_on
from furka.portal.site_cards import cards_at
from furka.sites.equipment import Port, ports_of
from furka.sites.labels import label_device, labels_of
from furka.sites.models import Device, Gateway, Network
from furka.sites.operations import (
    add_device,
    add_network,
    issue_claim_code,
    remove_device,
    remove_network,
)
from furka.sites.preparing import waiting_for
from furka.sites.queries import DeviceView, claim_code_of, devices_of, gateway_of, networks_of, state_of
from furka.sites.routers import is_outdated
from furka.sites.traffic import traffic_of
from furka.sites.web import has_page
from furka.tree.acting import Acting
from furka.tree.history import events_of
from furka.tree.models import Kind, Node
from furka.tree.queries import ancestors
from furka.tree.who import Entrant, entrants

MOST_EVENTS = 8
#: A gateway that was claimed a shorter while ago and has never been seen is on its way.
CONNECTS_WITHIN = timedelta(minutes=2)
#: So many of those who may enter are named on the overview.
MOST_ENTRANTS = 12


@dataclass(frozen=True, slots=True)
class NetworkShown:
    """A network, and how many of the devices lie in it."""

    network: Network
    device_count: int


@dataclass(frozen=True, slots=True)
class DeviceShown:
    """A device with where it is reached; the link to it is there for whoever may enter now, `elsewhere` for all.

    `page_url` opens its page in the browser, for whoever may enter where the hub does that."""

    device: Device
    reached_at: str
    link: str
    elsewhere: str
    page_url: str
    ports: tuple[Port, ...]
    labels: tuple[str, ...] = ()
    name: str = ""  # its whole name in the tunnel


@dataclass(frozen=True, slots=True)
class EntrantShown:
    """Somebody who may enter now: until when, by which level if it is one above, and since when they are inside."""

    person: Entrant
    granted_above: str
    inside_since: datetime | None


@dataclass(frozen=True, slots=True)
class Entering:
    """What the person who looks may do themselves: enter through which service, until when."""

    service: Service
    url: str
    until: datetime | None


def overview(request: FurkaRequest, node: Node) -> HttpResponse:
    """The overview of a site; `overview.level` has checked who may see it."""
    by = request.by
    gateway = gateway_of(by, node)
    may_configure = by.may(CONFIGURE, node.place)
    code = claim_code_of(by, node) if gateway is None and may_configure else None
    used = traffic_of(by, node) if gateway is not None else None
    entering = _entering(by, node)
    who = _entrants(by, node)
    limiting = limits_for(by, node)
    networks = networks_of(by, node)
    devices = devices_of(by, node, networks)
    may_enter = entering is not None and gateway is not None
    opens_pages = may_enter and gateway is not None and bool(gateway.hub.pages)
    people = about_people(by, node)
    labels = labels_of(by, [view.device for view in devices])
    names = names_known([node.pk]) if gateway is not None and devices else {}
    context = {
        "is_part": bool(request.GET.get("part")),
        "state": _state(gateway, by.at),
        "gateway": gateway,
        "missing": _missing(gateway, networks),
        "traffic": used,
        "piece": waiting_for(node) if gateway is None and may_configure else None,
        "number_form": NumberForm(auto_id="assign_%s"),
        "outdated": gateway is not None and is_outdated(gateway),
        "code": code[0] if code else "",
        "code_ends": code[1] if code else None,
        "claim_command": f"furka gateway claim {code[0]} --portal {settings.PORTAL_URL}" if code else "",
        "networks": [_with_devices(network, devices) for network in networks],
        "devices": [
            _shown(node, view, may_enter, opens_pages, tuple(labels.get(view.device.pk, ())), names)
            for view in devices
        ],
        "matters": [*about_me(by, node), *people.named, *about_places(by, node)],
        "more": people.more,
        "entering": entering,
        "noted": particulars.shown(by, node, state_of(gateway, by.at)),
        "put": documents.put_to(by, node),
        "may_configure": may_configure,
        "sees_people": by.may(PEOPLE, node.place),
        "entrants": who[:MOST_ENTRANTS],
        "more_entrants": max(0, len(who) - MOST_ENTRANTS),
        "reads_journal": by.may(JOURNAL, node.place),
        "events": [
            event_words.told(each) for each in events_of(by, node, actions=("access.",))[:MOST_EVENTS]
        ],
        "limits": limiting,
        "to_confirm": entering is None and _has_to_confirm(by, node),
        **cards_at(request, node),
        "may_ask": any(each.approval for each in limiting) or only_looks(by, node),
        "urls": {
            "code": level_url(node, "level-claim-code"),
            "gateway": level_url(node, "level-gateway"),
            "router": level_url(node, "level-router"),
            "network": level_url(node, "level-network-new"),
            "device": level_url(node, "level-device-new"),
            "device_labels": level_url(node, "level-device-labels"),
            "people": level_url(node, "level-people"),
            "events": level_url(node, "level-events"),
        },
    }
    template = "levels/_site.html" if request.GET.get("part") else "levels/site.html"
    return render_level(request, node, template, context)


def _state(gateway: Gateway | None, at: datetime) -> StateShown:
    """How the site is; between the claim and the first handshake it is not offline but on its way."""
    state = state_of(gateway, at)
    if gateway is None or gateway.handshake_at is not None or state.word != "offline":
        return shown(state)
    is_new = at - gateway.claimed_at < CONNECTS_WITHIN
    return StateShown("busy", gettext_lazy("Connecting"), state) if is_new else shown(state)


def _entering(by: Acting, node: Node) -> Entering | None:
    """How the one who looks may enter now, by the first service that lets them."""
    for service, visit in visits():
        decision = by.decide(visit.right, node.place)
        if decision.because is not None:
            url = level_url(node, service.page)
            return Entering(service, url, decision.because.interval.ends_at)
    return None


def _has_to_confirm(by: Acting, node: Node) -> bool:
    """Whether the one who looks may enter, once they have confirmed that they connect."""
    return any(by.decide(right, node.place).reason == Reason.UNCONFIRMED for right in visit_rights())


def _entrants(by: Acting, node: Node) -> list[EntrantShown]:
    """Who may enter now, by any service; those who are inside first."""
    found: dict[int, Entrant] = {}
    for right in visit_rights():
        for person in entrants(by, node, right):
            found.setdefault(person.person_id, person)
    now_inside = inside(by, node)
    visible = {level.pk: level.name for level in ancestors(node)}
    shown_people = [
        EntrantShown(
            person,
            ""
            if person.granted_at.pk == node.pk
            else visible.get(person.granted_at.pk, person.granted_at.name),
            now_inside[id_].began_at if id_ in now_inside else None,
        )
        for id_, person in found.items()
    ]
    return sorted(shown_people, key=lambda each: each.inside_since is None)


def _with_devices(network: Network, devices: list[DeviceView]) -> NetworkShown:
    inside_it = (view for view in devices if IPv4Address(view.device.address) in network.real)
    return NetworkShown(network, sum(1 for _view in inside_it))


def _shown(
    node: Node,
    view: DeviceView,
    may_enter: bool,
    may_open: bool,
    labels: tuple[str, ...],
    names: Mapping[tuple[int, str], str],
) -> DeviceShown:
    device, address = view.device, str(view.reached_at) if view.reached_at is not None else ""
    is_path = device.link.startswith("/")
    opens = bool(address) and may_enter and (device.web or is_path)
    return DeviceShown(
        device,
        reached_at=address,
        link=f"http://{address}{device.link if is_path else '/'}" if opens else "",
        elsewhere="" if is_path else device.link,
        page_url=page_url(node, device) if address and may_open and has_page(device) else "",
        ports=ports_of(device),
        labels=labels,
        name=names.get((node.pk, device.key), "") if address else "",
    )


def page_url(node: Node, device: Device) -> str:
    """Where a device's page is opened in the browser."""
    return reverse("device-page", kwargs={"key": node.key, "device": device.key})


def _missing(gateway: Gateway | None, networks: list[Network]) -> list[Network]:
    """The networks that the gateway says it does not lie in."""
    if gateway is None:
        return []
    return [network for network in networks if network.subnet in gateway.missing_networks]


# --- Changes ---------------------------------------------------------------------------------------------------------


@require_POST
@at_node(CONFIGURE, Kind.SITE)
def new_claim_code(request: FurkaRequest, node: Node) -> HttpResponse:
    """A new claim code; the older one stops working."""
    issue_claim_code(request.by, node)
    messages.success(request, _("There is a new claim code. An older one no longer works."))
    return redirect("level", node.key)


@at_node(CONFIGURE, Kind.SITE)
def new_network(request: FurkaRequest, node: Node) -> HttpResponse:
    """A network of the plant."""
    form = NetworkForm(request.POST or None)

    def make() -> str:
        given = form.cleaned_data
        network = add_network(
            request.by, node, **{name: given[name] for name in ("subnet", "name", "vlan", "note")}
        )
        text = _("The network %(subnet)s was added. Through the tunnel it is reached as %(virtual)s.")
        messages.success(request, text % {"subnet": network.subnet, "virtual": network.virtual_subnet})
        return level_url(node)

    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node))
    status = 422 if form.is_bound else 200
    context = {"form": form, "networks": networks_of(request.by, node)}
    return render_level(request, node, "levels/network_new.html", context, status=status)


@require_POST
@at_node(CONFIGURE, Kind.SITE)
def drop_network(request: FurkaRequest, node: Node, network: str) -> HttpResponse:
    """A network of the plant is no longer reached."""
    row = Network.objects.visible_to(request.by, CONFIGURE).filter(node=node, key=network).first()
    if row is None:
        raise Http404
    row.node = node
    remove_network(request.by, row)
    messages.success(request, _("The network %(subnet)s was removed.") % {"subnet": row.subnet})
    return redirect("level", node.key)


@at_node(CONFIGURE, Kind.SITE)
def new_device(request: FurkaRequest, node: Node) -> HttpResponse:
    """A device in one of the networks."""
    networks = networks_of(request.by, node)
    # A device that a diagnosis has found comes with what is known of it.
    known = {name: request.GET[name][:80] for name in ("name", "address", "mac") if name in request.GET}
    form = DeviceForm(request.POST or None, initial=known)
    if networks:
        form.fields["address"].help_text = _("In %(networks)s.") % {
            "networks": ", ".join(network.subnet for network in networks)
        }

    def make() -> str:
        given = form.cleaned_data
        basic = {name: given[name] for name in ("name", "address", "kind", "web")}
        with transaction.atomic():
            device = add_device(request.by, node, **basic, facts=form.facts())
            label_device(request.by, device, form.chosen_labels())
        messages.success(request, _("%(name)s was added.") % {"name": device.name})
        return level_url(node)

    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node))
    status = 422 if form.is_bound else 200
    context = {"form": form, "networks": networks, "network_url": level_url(node, "level-network-new")}
    return render_level(request, node, "levels/device_new.html", context, status=status)


@require_POST
@at_node(CONFIGURE, Kind.SITE)
def drop_device(request: FurkaRequest, node: Node, device: str) -> HttpResponse:
    """A device is no longer listed."""
    row = Device.objects.visible_to(request.by, CONFIGURE).filter(node=node, key=device).first()
    if row is None:
        raise Http404
    row.node = node
    remove_device(request.by, row)
    messages.success(request, _("%(name)s was removed.") % {"name": row.name})
    return redirect("level", node.key)
