"""Builds a sample world by the same operations as everything else, as if it had grown over a year."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from furka.access.windows import WeeklyWindow, windows_from_json
from furka.particulars import operations as particulars
from furka.particulars.operations import Noted, Reached
from furka.people.models import Person
from furka.plan.addressing import PLAN
from furka.sandbox.linking import link_sites
from furka.sandbox.places import PLACES
from furka.sandbox.plants import CUSTOMERS, FIRST_SITE, LINKS, OWN_SITES, PORTS, RESELLER, SampleSite
from furka.sites import operations as sites
from furka.sites.equipment import DeviceFacts, Port
from furka.sites.models import Gateway
from furka.tree import granting, holdings, operations, queries
from furka.tree.acting import Acting
from furka.tree.granting import Relation, Terms
from furka.tree.models import Kind, Node
from furka.tree.operation import SiteTouched, Work, own_operation
from furka.tunnel.addresses import draw
from furka.tunnel.models import Hub
from furka.vault import fingerprint, new_token

#: The hub of all sample gateways: no program speaks for it, and no tunnel can end there.
HUB_NAME = "sample"
#: It is never silent, so that sample gateways are as they were made.
_ALWAYS_HEARD = datetime(2199, 1, 1, tzinfo=UTC)
#: Their numbers come from the end of the range, and are used again; real ones come from its beginning, once each.
_NUMBERS = 4000

BEGAN = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays in the world: they have accounts and nothing else yet."""

    owner: Person  # of the reseller; the visitor
    technician: Person  # staff of the reseller
    customer: Person  # owner of the first customer
    supporter: Person  # at the first site, for a week
    specialist: Person  # at several sites, in office hours
    former: Person  # whose access was revoked


@own_operation("a sample world is made of what its own invented people may do")
def build(work: Work, cast: Cast, without_gateway: Collection[str] = ()) -> Node:
    """The whole world; returns its top-level node. Sites named in `without_gateway` wait for a real one."""
    began = work.at - BEGAN
    reseller = operations.open_level(_by(cast.owner, began), Kind.RESELLER, RESELLER)
    hub = sample_hub(work.at)
    by_name: dict[str, Node] = {}
    customers: dict[str, Node] = {}
    for number, customer in enumerate(CUSTOMERS):
        moment = began + timedelta(days=2 + number)
        node = operations.create_customer(_by(cast.owner, moment), reseller, customer.name)
        customers[customer.name] = node
        for site in customer.sites:
            by_name[site.name] = _site(work, cast.owner, node, site, hub, without_gateway)
    for site in OWN_SITES:
        by_name[site.name] = _site(work, cast.owner, reseller, site, hub, without_gateway)
    _people(work, cast, reseller, customers, by_name)
    _visits(work, cast, by_name)
    town = customers[CUSTOMERS[0].name]
    link_sites(lambda ago: _by(cast.owner, work.at - ago), reseller, town, by_name)
    return reseller


def _by(person: Person, at: datetime) -> Acting:
    """Somebody of the cast; while the world is made, they may do what opens it."""
    acting = holdings.of_person(person, at, "sample")
    acting.in_sample = False
    return acting


def _site(
    work: Work, owner: Person, parent: Node, site: SampleSite, hub: Hub, without_gateway: Collection[str]
) -> Node:
    moment = work.at - site.age
    node = operations.create_site(_by(owner, moment), parent, site.name)
    moment += timedelta(minutes=12)
    network = sites.add_network(_by(owner, moment), node, site.subnet, "Haustechnik")
    if site.second_subnet:
        sites.add_network(_by(owner, moment), node, site.second_subnet, "Leittechnik")
    for device in site.devices:
        address = str(network.real.network_address + device.host)
        ports = tuple(Port(*each) for each in PORTS.get(device.kind, ()))
        mac = f"02:00:5e:00:{node.pk % 256:02x}:{device.host:02x}"  # of those that nobody assigns
        sites.add_device(
            _by(owner, moment),
            node,
            device.name,
            address,
            device.kind,
            web=device.kind == "controller",
            facts=DeviceFacts(mac=mac, ports=ports, link=LINKS.get(device.kind, "")),
        )
    _place(_by(owner, moment), node)
    if site.state != "empty" and site.name not in without_gateway:
        _gateway(work, node, site, hub, moment + timedelta(hours=3))
    return node


def _place(by: Acting, node: Node) -> None:
    """Address, labels, whom to call."""
    place = PLACES.get(node.name)
    if place is None:
        return
    where = {"street": place.street, "postcode": place.postcode, "town": place.town, "country": "Schweiz"}
    particulars.set_particulars(by, node, Noted(**where, latitude=place.latitude, longitude=place.longitude))
    particulars.set_labels(by, node, place.labels)
    if place.contact:
        particulars.add_contact(by, node, Reached(place.contact, place.role, "+41 31 555 00 10"))


def _gateway(work: Work, node: Node, site: SampleSite, hub: Hub, claimed_at: datetime) -> None:
    changed_at = max(work.at - site.state_since, claimed_at)
    online = site.state == "online"
    gateway = Gateway.objects.create(
        node=node,
        hub=hub,
        number=_free_number(),
        public_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        token_hash=fingerprint(new_token()),
        hostname=f"gateway-{node.pk}",
        version="1.0",
        back_end="wireguard",
        claimed_at=claimed_at,
        online=online,
        online_changed_at=changed_at,
        handshake_at=work.at if online else changed_at,
        missing_networks=list(site.missing),
    )
    work.touch(SiteTouched(node.pk))
    work.record(
        node, "gateway.claimed", at=claimed_at, after={"gateway": gateway.key, "hostname": gateway.hostname}
    )
    work.record(node, "gateway.online", at=claimed_at + timedelta(minutes=1))
    if changed_at > claimed_at:
        was = "gateway.offline" if not online else "gateway.online"
        if online:
            work.record(node, "gateway.offline", at=max(claimed_at, changed_at - timedelta(minutes=17)))
        work.record(node, was, at=changed_at)


def sample_hub(at: datetime) -> Hub:
    """The hub of all sample gateways; it has no key and no endpoint, so that nothing real ever ends at it."""
    hub, _created = Hub.objects.get_or_create(
        name=HUB_NAME,
        defaults={
            "token_hash": fingerprint(new_token()),
            "number": -1,
            "seen_at": _ALWAYS_HEARD,
            "created_at": at,
        },
    )
    return hub


def _free_number() -> int:
    last = PLAN.gateways.num_addresses - 2
    while True:
        number = last - draw("sample-gateways") % _NUMBERS
        if not Gateway.objects.everything("numbers are shared by all").filter(number=number).exists():
            return number


def _people(
    work: Work, cast: Cast, reseller: Node, customers: dict[str, Node], by_name: dict[str, Node]
) -> None:
    now = work.at
    town = customers[CUSTOMERS[0].name]
    staff = Relation.STAFF
    _let_in(
        cast.owner,
        reseller,
        cast.technician,
        Terms(role="technician", relation=staff),
        now - timedelta(days=380),
    )
    _let_in(
        cast.owner,
        town,
        cast.customer,
        Terms(role="owner", relation=staff, depth=None),
        now - timedelta(days=370),
    )
    school = by_name[FIRST_SITE]
    week = Terms(
        role="supporter", valid_until=now + timedelta(days=7), reason="Störung der Heizung (Beispiel)"
    )
    _let_in(cast.customer, school, cast.supporter, week, now - timedelta(days=1))
    office = Terms(
        role="supporter",
        windows=_office_hours(),
        valid_until=now + timedelta(days=90),
        reason="Wartungsvertrag (Beispiel)",
    )
    clinic = customers[CUSTOMERS[1].name]
    _let_in(cast.owner, clinic, cast.specialist, office, now - timedelta(days=45))
    soon = Terms(role="supporter", valid_until=now + timedelta(hours=3), reason="Einregulierung (Beispiel)")
    hotel = by_name["Hotel, Andermatt"]
    _let_in(cast.owner, hotel, cast.specialist, soon, now - timedelta(hours=5))
    lasting = Terms(role="supporter", reason="Inbetriebnahme (Beispiel)")
    grant = _let_in(cast.owner, by_name["Werkhof"], cast.former, lasting, now - timedelta(days=60))
    row = queries.grant_of_key(_by(cast.owner, now - timedelta(days=20)), by_name["Werkhof"], grant)
    assert row is not None  # it was made a moment ago
    granting.revoke(_by(cast.owner, now - timedelta(days=20)), row)
    asked = Terms(role="viewer", valid_until=now + timedelta(days=30), reason="Ablesung (Beispiel)")
    granting.invite(
        _by(cast.owner, now - timedelta(days=3)), by_name["Haus A, Horw"], "ablesung@energie.invalid", asked
    )


def _office_hours() -> tuple[WeeklyWindow, ...]:
    return windows_from_json([{"weekdays": [0, 1, 2, 3, 4], "begins": "07:00", "ends": "18:00"}])


def _let_in(inviter: Person, node: Node, person: Person, terms: Terms, at: datetime) -> str:
    grant = granting.invite(_by(inviter, at), node, person.email, terms)
    secret = queries.invitation_secret(grant.series)
    assert secret is not None  # it was made a moment ago
    granting.accept(_by(person, at + timedelta(minutes=9)), secret)
    return str(grant.series)


def _visits(work: Work, cast: Cast, by_name: dict[str, Node]) -> None:
    """Some visits of the last weeks, as hubs report them."""
    for name, person, before, lasted, amount in (
        (FIRST_SITE, cast.supporter, timedelta(hours=20), timedelta(minutes=34), 18_400_000),
        (
            "Haus A, Horw",
            cast.specialist,
            timedelta(days=2, hours=4),
            timedelta(hours=1, minutes=5),
            42_100_000,
        ),
        ("Haus B, Horw", cast.specialist, timedelta(days=9), timedelta(minutes=12), 2_300_000),
        ("Werkhof", cast.former, timedelta(days=31), timedelta(minutes=50), 9_700_000),
        ("Hotel, Andermatt", cast.specialist, timedelta(hours=4), timedelta(minutes=26), 6_050_000),
    ):
        began = work.at - before
        who = {"person": person.email, "name": str(person), "device": "Laptop"}
        work.record(by_name[name], "access.began", at=began, after=who)
        told = {**who, "bytes": amount, "because": "idle", "began": began.isoformat()}
        work.record(by_name[name], "access.ended", at=began + lasted, after=told)
