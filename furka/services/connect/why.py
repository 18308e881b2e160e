"""May this person reach that device, on that port, now, and why? What the policy says, and how everything on the way
stands: the service, the gateway, the plant's network, the person's own device. What is not known is said so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address

from django.utils.translation import gettext_lazy as _

from furka.access.narrowing import PortNumber, Spot, port_of
from furka.access.policy import Reason
from furka.access.rights import LOOK
from furka.catalogue.operations import settings_at
from furka.errors import Invalid, NotThere
from furka.people.models import Person
from furka.services.connect.manifest import SERVICE, USE_REMOTE_ACCESS
from furka.services.connect.queries import page_open, parts_reached, ports_open
from furka.sites.models import Device, Gateway, Network
from furka.sites.queries import gateway_of, networks_of, state_of
from furka.sites.spots import folded_labels
from furka.tree.accesses import known_person
from furka.tree.acting import Acting
from furka.tree.holdings import of_person
from furka.tree.leads import Why, may_ask_about, why
from furka.tree.models import Node
from furka.tree.queries import grants_above, grants_on
from furka.tree.reasons import sentence
from furka.tunnel.models import Profile

#: So many people are offered to ask about.
MOST_OFFERED = 300


@dataclass(frozen=True, slots=True)
class Question:
    """Who, where, on which port (None: on any). Made by `asked`, which checks that one may ask."""

    person: Person
    site: Node
    device: Device | None
    address: IPv4Address  # in the plant
    reached_at: IPv4Address | None  # in the tunnel; None: it lies in no network of the site
    network: Network | None
    port: PortNumber | None
    spot: Spot


@dataclass(frozen=True, slots=True)
class Check:
    """One thing on the way. `state` is `yes`, `no`, `unknown`, or `note` for what hinders nobody."""

    what: str
    state: str
    code: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether it works (`yes`, `no`, `unknown`), what the policy says, and each thing on the way."""

    question: Question
    word: str
    why: Why
    ports: tuple[PortNumber, ...] | None  # that are open there now; None: all of them
    checks: tuple[Check, ...]


def people_to_ask_about(by: Acting, site: Node) -> list[Person]:
    """Whom one may ask about: everybody with an access there or above, also one that does not count now, for whoever
    administers people; else oneself."""
    found: dict[int, Person] = {}
    ids = [
        view.person_id
        for view in (*grants_on(by, site), *grants_above(by, site))
        if view.person_id is not None
    ]
    if by.person_id is not None:
        ids.append(by.person_id)
    for person in Person.objects.filter(pk__in=ids, is_active=True):
        found[person.pk] = person
    people = sorted(found.values(), key=lambda each: (str(each).casefold(), each.email))
    return people[:MOST_OFFERED]


def asked(
    by: Acting,
    site: Node,
    person_key: str = "",
    device_key: str = "",
    address: str = "",
    port: PortNumber | None = None,
) -> Question:
    """A question that the one who acts may ask; without a person about themselves. Raises NotThere or Invalid."""
    person = _person(by, site, person_key)
    networks = networks_of(by, site)
    device, real = _target(by, site, device_key, address, networks)
    network = next((each for each in networks if real in each.real), None)
    spot = Spot("", frozenset(), port)
    if device is not None:
        labels = folded_labels([device]).get(device.pk, frozenset())
        spot = Spot(device.key, labels, port)
    reached_at = network.address_of(real) if network is not None else None
    return Question(person, site, device, real, reached_at, network, port, spot)


def port_in(text: str) -> PortNumber | None:
    """The port that is written like `tcp/80`; none for nothing. Raises Invalid."""
    try:
        return port_of(text) if text else None
    except ValueError:
        raise Invalid.at("port", "port-wrong", _("Enter a port from 1 to 65535, such as tcp/80.")) from None


def answer(by: Acting, question: Question) -> Answer:
    """The answer as of this moment."""
    site, person = question.site, question.person
    gateway = gateway_of(by, site)
    found = why(by, site, person, USE_REMOTE_ACCESS, question.spot)
    them = of_person(person, by.at, "report")
    ports = ports_open(parts_reached(them, site), question.spot)
    checks = (
        Check("access", "yes" if found.decision.allowed else "no", str(found.decision.reason)),
        _service(by, site),
        *_gateway(by, gateway),
        *_network(question, gateway),
        _end(question, gateway, ports),
    )
    states = {check.state for check in checks}
    word = "no" if "no" in states else "unknown" if "unknown" in states else "yes"
    return Answer(question, word, found, ports, checks)


def _person(by: Acting, site: Node, key: str) -> Person:
    me = Person.objects.filter(pk=by.person_id).first() if by.person_id is not None else None
    asks_for_self = not key or (me is not None and key == me.key)
    found = me if asks_for_self else known_person(by, site, key)
    if found is None or not may_ask_about(by, site, found):
        raise NotThere("person-unknown", sentence(Reason.NOT_VISIBLE))
    return found


def _target(
    by: Acting, site: Node, device_key: str, text: str, networks: list[Network]
) -> tuple[Device | None, IPv4Address]:
    devices = Device.objects.visible_to(by, LOOK).filter(node=site).select_related("node")
    if device_key:
        device = devices.filter(key=device_key).first()
        if device is None:
            raise NotThere("not-there", _("This device does not exist."))
        return device, IPv4Address(device.address)
    try:
        real = IPv4Address(text.strip())
    except AddressValueError:
        raise Invalid.at("address", "address-wrong", _("Enter an address such as 192.168.1.10.")) from None
    for network in networks:
        if real in network.virtual:
            real = network.real.network_address + (int(real) - int(network.virtual.network_address))
    device = devices.filter(address=str(real)).first()
    if device is None and not sees_all(by, site):
        # Whoever sees a part of the site learns nothing about the rest.
        raise Invalid.at("address", "device-unknown", _("This device does not exist at this site."))
    if not any(real in network.real for network in networks):
        raise Invalid.at("address", "in-no-network", _("This address lies in no network of this site."))
    return device, real


def sees_all(by: Acting, site: Node) -> bool:
    """Whether somebody sees all of a site, not only some devices."""
    stretches = by.scope(LOOK).scope.stretches
    return any(not each.narrowing.chooses and each.contains(site.place) for each in stretches)


def _service(by: Acting, site: Node) -> Check:
    enabled = settings_at(by, site, SERVICE.key).enabled
    return Check("service", "yes" if enabled else "no", "service-on" if enabled else "service-off")


def _gateway(by: Acting, gateway: Gateway | None) -> tuple[Check, ...]:
    if gateway is None:
        return (Check("gateway", "no", "without-gateway"),)
    state = state_of(gateway, by.at)
    match state.word:
        case "online":
            found = Check("gateway", "yes", "gateway-online", state.since)
        case "unknown":
            found = Check("gateway", "unknown", "hub-silent", state.since)
        case _ if gateway.handshake_at is None:
            found = Check("gateway", "no", "never-connected", gateway.claimed_at)
        case _:
            found = Check("gateway", "no", "gateway-offline", state.since)
    if gateway.cut_by:
        return (found, Check("switch", "no", "cut-at-the-plant", gateway.cut_at))
    return (found,)


def _network(question: Question, gateway: Gateway | None) -> tuple[Check, ...]:
    if question.network is None:
        return (Check("network", "no", "in-no-network"),)
    if gateway is not None and question.network.subnet in gateway.missing_networks:
        return (Check("network", "unknown", "network-not-seen"),)
    return (Check("network", "yes", "in-network"),)


def _end(question: Question, gateway: Gateway | None, ports: tuple[PortNumber, ...] | None) -> Check:
    rows = list(Profile.objects.filter(person=question.person).only("revoked_at", "online", "seen_at"))
    live = [row for row in rows if row.revoked_at is None]
    if any(row.online for row in live):
        return Check("end", "yes", "connected")
    if live:
        seen = [row.seen_at for row in live if row.seen_at is not None]
        return Check("end", "note", "not-connected", max(seen, default=None))
    opens = gateway is not None and bool(gateway.hub.pages)
    if question.device is not None and opens and page_open(question.device, ports):
        return Check("end", "note", "only-in-browser")
    return Check("end", "no", "all-blocked" if rows else "no-profile")
