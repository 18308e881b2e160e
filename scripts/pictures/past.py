"""What has happened on the stage before the pictures: gateways that came, somebody inside, open invitations.

Django has to be set up before this module is imported.
"""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta
from threading import Event

from furka import clock
from furka.cli import sample
from furka.cli.logins import PASSWORD
from furka.dispatch import hubs
from furka.people.models import Person
from furka.people.operations import make_person
from furka.sandbox.plants import CUSTOMERS, FIRST_SITE, RESELLER, SECOND_SITE
from furka.services.connect import operations as connect
from furka.services.connect.queries import profiles_of
from furka.sites import operations as sites
from furka.tree import granting, holdings, queries
from furka.tree.acting import Acting
from furka.tree.granting import Terms
from furka.tree.models import Kind, Node
from furka.tree.operation import program
from furka.tunnel.models import Hub
from furka.wire.hub import AccessSeen, HubHello, HubReport, PeerSeen
from scripts.pictures import links, owners, plant, weather

#: A hub counts as silent a minute after it was last heard of.
_HEARTBEAT = 15.0  # seconds


def tell() -> dict[str, str]:
    """Fill in the sample and its past; returns the words that addresses of scenes have places for."""
    sample.fill()
    at = clock.now()
    rita, karl, sonja = (
        Person.objects.get(email=f"{name}@example.org") for name in ("rita", "karl", "sonja")
    )
    make_person("paul@example.org", "Paul Beispiel", PASSWORD)
    rows = Node.objects.everything("a sample of its own")
    nodes = {node.name: node for node in rows.exclude(kind=Kind.OPERATOR)}
    station = nodes["Feuerwehrmagazin Steffisburg (Beispiel)"]
    school, customer = nodes[FIRST_SITE], nodes[CUSTOMERS[0].name]
    hub = _a_hub(at)
    keys = [_a_gateway(nodes[name], _by(rita, at)) for name in (FIRST_SITE, SECOND_SITE)]
    _reports(hub, keys, school, _by(sonja, at))
    waiting, secret = _invitations(school, customer, _by(karl, at))
    decided = owners.decide(station, school, nodes[SECOND_SITE], customer, at)
    document = plant.furnish(school, station, _by(karl, at), _by(sonja, at), sonja)
    joined = links.join(nodes[RESELLER], nodes, _by(rita, at))
    return {
        **decided,
        **joined,
        "reseller": nodes[RESELLER].key,
        "customer": customer.key,
        "site": school.key,
        "site_down": nodes["Hallenbad Thun (Beispiel)"].key,
        "document": document,
        "waiting": waiting,
        "secret": secret,
        "person": sonja.key,
        "incident": weather.blow(hub, at),
    }


def keep_hub_alive(ended: Event) -> None:
    """Let the hub be heard of, until the pictures are taken."""
    while not ended.wait(_HEARTBEAT):
        Hub.objects.update(seen_at=clock.now())


def _by(person: Person, at: datetime) -> Acting:
    return holdings.of_person(person, at, "sample")


def _a_hub(at: datetime) -> Hub:
    hub = hubs.enrol(program("sample", at), "zrh-1").hub
    hello = HubHello(
        version="1",
        public_key=_public_key(),
        endpoint="hub.example.org:51820",
        back_end="wireguard-go",
        pages="https://*.pages.example.org",
    )
    hubs.say_hello(program("sample", at), hub, hello)
    return Hub.objects.get(pk=hub.pk)


def _a_gateway(site: Node, by: Acting) -> str:
    """Claim a gateway for a site; returns its key."""
    code, public_key = sites.issue_claim_code(by, site), _public_key()
    sites.claim_gateway(program("sample", by.at), code, public_key, "Gateway", "1")
    return public_key


def _reports(hub: Hub, keys: list[str], school: Node, sonja: Acting) -> None:
    """The hub saw the gateways come, and Sonja at the school: once this morning, and now."""
    at = sonja.at
    connect.create_profile(sonja, "Laptop", _public_key())
    [laptop] = profiles_of(sonja)
    came = tuple(
        PeerSeen(
            public_key=key,
            online=True,
            at=at - timedelta(days=3),
            handshake_at=at,
            endpoint="198.51.100.20:51820",
        )
        for key in keys
    )
    inside = PeerSeen(public_key=laptop.public_key, online=True, at=at, handshake_at=at)
    accesses = tuple(
        AccessSeen(
            token=f"sample-{began}",
            profile=laptop.key,
            site_name=school.key,
            began_at=at - timedelta(minutes=began),
            ended_at=at - timedelta(minutes=ended) if ended else None,
            ended_by="idle" if ended else "",
            bytes=4_812_331 if ended else 0,
        )
        for began, ended in ((190, 148), (17, 0))
    )
    hubs.take_report(program("sample", at), hub, HubReport(applied_revision=1, peers=came))
    report = HubReport(applied_revision=1, peers=(inside,), accesses=accesses, open_doors=1)
    hubs.take_report(program("sample", at), hub, report)


def _invitations(school: Node, customer: Node, karl: Acting) -> tuple[str, str]:
    """Two that wait for an answer; returns the key and the secret of the one to the school."""
    week = karl.at + timedelta(days=7)
    terms = Terms(role="technician", valid_until=week, reason="Jahreswartung der Lüftung (Beispiel)")
    waiting = granting.invite(karl, school, "paul@example.org", terms)
    secret = queries.invitation_secret(waiting.series)
    assert secret is not None  # it was made a moment ago
    granting.invite(karl, customer, "vera@example.org", Terms(role="viewer"))
    return waiting.series, secret


def _public_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
