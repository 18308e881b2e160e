"""The cast and the two trees that nearly every test plays in; everything is built by operations, so it is always legal.

Ours: Rita (staff of the reseller), Karl (owner of the customer), Sonja (supporter at the school until 18:00), Max
(looks only, at the school). The neighbours have the same: Nora is next door what Rita is here. Ernst's access ended
yesterday. Fremd has an account and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore

from furka.access.narrowing import PortNumber
from furka.account.sessions import public_key_of_session
from furka.attachments import operations as attachments
from furka.attachments.kinds import checked
from furka.connections.models import Connection
from furka.diagnoses.operations import ask_diagnosis
from furka.dispatch import hubs
from furka.gate.tokens import issue_token
from furka.inventory.imports import begin_import_of_rows
from furka.inventory.views import save_view
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.links import mapping
from furka.links import operations as links
from furka.links import rules as link_rules
from furka.links.models import Mode
from furka.particulars import operations as particulars
from furka.people.models import Person
from furka.releases import operations as releases
from furka.reviews import operations as reviews
from furka.services.connect import operations as connect
from furka.services.connect.device_pages import open_page
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.services.connect.queries import profiles_of
from furka.services.connect.trying import try_out
from furka.services.connect.why import asked
from furka.sites import operations as sites
from furka.sites import preparing
from furka.sites.models import PreparedGateway
from furka.sites.queries import devices_of, networks_of
from furka.tree import (
    ceilings,
    extending,
    granting,
    holdings,
    keeping_out,
    lifecycle,
    offering,
    operations,
    queries,
    requesting,
    roles,
    sessions,
)
from furka.tree.acting import Acting
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Terms
from furka.tree.models import Kind, Node
from furka.tree.operation import program
from furka.tree.requesting import Wish
from furka.tunnel.models import Hub, Profile
from furka.wire.hub import AccessSeen, HubHello, HubReport
from furka.wire.probes import Ping
from tests.attachments.files import a_picture
from tests.status.measured import an_incident

#: Tuesday, 24 November 2026, 14:00 in Zurich.
NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
TONIGHT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # 18:00 in Zurich

PASSWORD = "Sehr-geheim-und-lang-77"


def public_key() -> str:
    """The public half of a new WireGuard key."""
    return public_key_of(generate_private_key())


def person(name: str, email: str = "", password: str | None = None) -> Person:
    """Somebody with an account and nothing else; hashing a password takes time, so only who logs in gets one."""
    return Person.objects.create_user(email or f"{name.lower()}@example.org", password, name=name)


def by(someone: Person, at: datetime = NOW) -> Acting:
    """That person, acting at that moment."""
    return holdings.of_person(someone, at, "test")


def let_in(node: Node, someone: Person, terms: Terms, inviter: Person, at: datetime = NOW) -> str:
    """Invite and accept; returns the key of the grant."""
    grant = granting.invite(by(inviter, at), node, someone.email, terms)
    secret = queries.invitation_secret(grant.series)
    assert secret is not None
    granting.accept(by(someone, at), secret)
    return grant.series


def a_hub(name: str = "hub-1", at: datetime = YESTERDAY) -> Hub:
    """A hub that has said where its tunnels end."""
    enrolled = hubs.enrol(program("test", at), name)
    hello = HubHello(
        version="1",
        public_key=public_key(),
        endpoint="hub.example.org:51820",
        back_end="wireguard-go",
        pages="https://*.pages.example.org",
    )
    hubs.say_hello(program("test", at), enrolled.hub, hello)
    return Hub.objects.get(pk=enrolled.hub.pk)


def a_gateway(site: Node, owner: Person, at: datetime = YESTERDAY) -> sites.Claimed:
    """A gateway that serves the site."""
    code = sites.issue_claim_code(by(owner, at), site)
    return sites.claim_gateway(program("test", at), code, public_key(), "gateway", "1")


def a_profile(someone: Person, name: str = "Laptop", at: datetime = YESTERDAY) -> Profile:
    """A device of a person, ready to connect."""
    return connect.create_profile(by(someone, at), name, public_key()).profile


@dataclass(frozen=True)
class Tree:
    """A reseller with a customer and two sites: one of the customer, one of its own."""

    reseller: Node
    customer: Node
    school: Node
    depot: Node
    owner: Person  # of the reseller


@dataclass(frozen=True)
class World:
    """Everybody and everything."""

    hub: Hub
    ours: Tree
    theirs: Tree
    rita: Person
    karl: Person
    sonja: Person
    max: Person
    nora: Person
    ernst: Person
    fremd: Person


def a_tree(owner: Person, name: str, at: datetime = YESTERDAY) -> Tree:
    """A tree of four nodes; both sites with a gateway and the same network, so that neighbours look alike."""
    reseller = operations.open_level(by(owner, at), Kind.RESELLER, f"{name} AG")
    customer = operations.create_customer(by(owner, at), reseller, f"Gemeinde {name}")
    school = operations.create_site(by(owner, at), customer, f"Schulhaus {name}")
    depot = operations.create_site(by(owner, at), reseller, f"Werkhof {name}")
    for site in (school, depot):
        sites.add_network(by(owner, at), site, "192.168.1.0/24", "Haustechnik")
        sites.add_device(by(owner, at), site, "Heizung", "192.168.1.10", "controller", web=True)
        a_gateway(site, owner, at)
    return Tree(reseller, customer, school, depot, owner)


def a_world() -> World:
    """Both trees and the whole cast, as they are at NOW. Rita, Sonja, Nora and Ernst have a profile each."""
    hub = a_hub()
    rita, nora, karl, sonja, max_, ernst, fremd = map(
        person, ("Rita", "Nora", "Karl", "Sonja", "Max", "Ernst", "Fremd")
    )
    ours, theirs = a_tree(rita, "Muster"), a_tree(nora, "Nachbar")
    owner = Terms(role="owner", relation=granting.Relation.STAFF, depth=None)
    let_in(ours.customer, karl, owner, rita, YESTERDAY)
    let_in(
        ours.school, sonja, Terms(role="supporter", valid_until=TONIGHT, reason="Störung"), rita, YESTERDAY
    )
    let_in(ours.school, max_, Terms(role="viewer"), karl, YESTERDAY)
    ended = Terms(role="owner", valid_until=NOW - timedelta(hours=1))
    let_in(ours.reseller, ernst, ended, rita, YESTERDAY)
    for someone in (rita, sonja, nora, ernst):
        a_profile(someone)
    return World(hub, ours, theirs, rita, karl, sonja, max_, nora, ernst, fremd)


def a_request(world: World) -> str:
    """Sonja asks at our school while its owner wants to be asked; afterwards he does not any more. The key of it."""
    karl, school = by(world.karl), world.ours.school
    ceilings.set_ceiling(karl, school, CeilingTerms(approval=(USE_REMOTE_ACCESS.key,)))
    asked = requesting.ask(by(world.sonja), school, Wish((USE_REMOTE_ACCESS.key,), 60, "Störung"))
    ceilings.lift_ceiling(by(world.karl), school)
    return asked.key


def a_release(world: World) -> str:
    """Sonja may be let in at our school by somebody there; the key of it."""
    karl, school = by(world.karl), world.ours.school
    ceilings.set_ceiling(karl, school, CeilingTerms(approval=(USE_REMOTE_ACCESS.key,)))
    row, _pin = releases.prepare(by(world.karl), school, world.sonja, 60)
    ceilings.lift_ceiling(by(world.karl), school)
    return row.key


#: Whose things the samples of `own` addresses are: profile, token and grant are Sonja's, the invitation is Fremd's.
OWNED_BY = {
    "request_key": "sonja",
    "profile": "sonja",
    "token": "sonja",
    "grant": "sonja",
    "secret": "fremd",
    "run": "rita",
    "session": "sonja",
    "offer": "fremd",
    "made": "rita",
    "deleted": "rita",
    "asked": "sonja",
    "page": "sonja",
    "connection": "sonja",
    "absence": "max",
    "confirmation": "sonja",
    "trial": "sonja",
    "number": "rita",
    "provider": "nobody",  # who of the cast logs in by an organisation
}


def a_connection(world: World, seconds: int = 300, **said: Any) -> Connection:
    """Sonja has been inside our school since so many seconds, as the hub saw it."""
    seen = {
        "token": f"connection-{seconds}",
        "profile": Profile.objects.get(person=world.sonja).key,
        "site_name": world.ours.school.key,
        "began_at": NOW - timedelta(seconds=seconds),
        "bytes": 3_000_000,
        "answered_bytes": 2_900_000,
        **said,
    }
    report = HubReport(applied_revision=1, accesses=(AccessSeen.model_validate(seen),))
    hubs.take_report(program("hub hub-1", NOW), world.hub, report)
    return Connection.objects.everything("a test").get(token=seen["token"])


def an_absence(world: World) -> str:
    """Max, who could not enter anyway, left our school by himself; the key of it."""
    return keeping_out.leave(by(world.max), world.ours.school, [USE_REMOTE_ACCESS]).key


def a_confirmation(world: World) -> str:
    """Sonja has confirmed that she connects, while the owner of our school asked for it; the key of it."""
    karl, school = by(world.karl), world.ours.school
    ceilings.set_ceiling(karl, school, CeilingTerms(confirm=(USE_REMOTE_ACCESS.key,)))
    row = sessions.connect(by(world.sonja), school, [USE_REMOTE_ACCESS])
    ceilings.lift_ceiling(by(world.karl), school)
    return row.key


def a_prepared_gateway(who: Person, level: Node) -> PreparedGateway:
    """A gateway that was prepared at a level, alone in its batch."""
    batch = preparing.prepare(by(who), level, "Lieferung", 1)
    return PreparedGateway.objects.everything("a test").select_related("batch", "node").get(batch=batch)


def an_open_page(who: Acting, site: Node) -> str:
    """The heating controller's page at a site, open in somebody's browser; its key."""
    device = devices_of(who, site)[0].device
    return open_page(who, device, "a login", "de").page.key


def a_trial(who: Acting, site: Node) -> str:
    """Somebody has the heating controller of a site tried; the key of the test."""
    device = devices_of(who, site)[0].device
    return try_out(who, site, asked(who, site, "", device.key, "", PortNumber("tcp", 80))).key


def a_login(someone: Person) -> str:
    """A browser in which somebody is logged in; its public key."""
    session = SessionStore()
    session.create()
    row = UserSession.objects.create(
        user=someone,
        ip="203.0.113.7",
        session_key=session.session_key,
        user_agent="Mozilla/5.0 Firefox/140.0",
    )
    return public_key_of_session(row)


def an_offer_to(someone: Person) -> str:
    """A customer that stands alone is offered to somebody by mail; the key of the offer."""
    solo = person("Solo")
    alone = operations.open_level(by(solo, YESTERDAY), Kind.CUSTOMER, "Allein")
    return offering.offer(by(solo), alone, offering.Address(someone.email)).key


def a_deleted_site(owner: Person, parent: Node) -> str:
    """A site of this level that was deleted; its key."""
    site = operations.create_site(by(owner), parent, "Abgebaut")
    lifecycle.delete(by(owner), site, site.name)
    return site.key


def a_link(world: World) -> dict[str, str]:
    """A link of our customer with the school in it, a rule and a mapped device; their keys."""
    rita, ours = by(world.rita), world.ours
    link = links.create_link(rita, ours.customer, Mode.CENTRAL, links.LinkTerms("Leitstelle"))
    device = devices_of(rita, ours.school)[0].device
    return {
        "site_link": link.key,
        "member": links.add_member(rita, link, ours.school).key,
        "rule": link_rules.add_rule(rita, link, link_rules.RuleTerms(False, ours.school)).key,
        "mapped": mapping.map_device(rita, link, device).key,
    }


def samples(world: World) -> dict[str, str]:
    """A value for every word in an address, all of them at our school, so that each address can be walked."""
    school, rita, sonja = world.ours.school, by(world.rita), by(world.sonja)
    [grant] = [view.key for view in queries.grants_on(rita, school) if view.name == "Sonja"]
    waiting = granting.invite(rita, world.ours.depot, world.fremd.email, Terms(role="viewer"))
    secret = queries.invitation_secret(waiting.series)
    assert secret is not None
    asked = extending.ask_extension(sonja, grant, TONIGHT + timedelta(hours=1), "Ersatzteil fehlt")
    prepared = a_prepared_gateway(world.rita, world.ours.customer)
    return {
        "key": school.key,
        "batch": prepared.batch.key,
        "piece": prepared.key,
        "number": a_prepared_gateway(world.rita, world.ours.reseller).number,
        "asked": asked.key,
        "role": roles.create_role(rita, world.ours.customer, "Pikett", ["look", "connect.use"]).key,
        "grant": grant,
        "person": world.sonja.key,
        "checksum": "0" * 16,
        "request_key": a_request(world),
        "release": a_release(world),
        "review": reviews.begin(rita, school).key,
        "secret": secret,
        "network": networks_of(rita, school)[0].key,
        "device": devices_of(rita, school)[0].device.key,
        "profile": profiles_of(sonja)[0].key,
        "token": issue_token(sonja, "Skript", NOW + timedelta(days=30)).token.key,
        "form": "csv",
        "part": "owners",
        "language": "de",
        "listing": "sites",
        "run": begin_import_of_rows(rita, world.ours.reseller, [{"site": "Turnhalle"}]).key,
        "view": save_view(by(world.karl), school, "sites", "Störungen", {"attention": "1"}, shared=True).key,
        "session": a_login(world.sonja),
        "provider": "000000000000",
        "link": "x",
        "contact": particulars.add_contact(rita, school, particulars.Reached("Abwart")).key,
        "offer": an_offer_to(world.fremd),
        "made": offering.offer(rita, world.ours.depot, offering.Address("x@example.org")).key,
        "page": an_open_page(sonja, school),
        "connection": a_connection(world).key,
        "absence": an_absence(world),
        "confirmation": a_confirmation(world),
        "trial": a_trial(sonja, school),
        "diagnosis": ask_diagnosis(rita, school, Ping(target=IPv4Address("192.168.1.10"))).key,
        "deleted": a_deleted_site(world.rita, world.ours.reseller),
        "attachment": attachments.attach(rita, school, checked("Schema.txt", b"Heizung")).key,
        "picture": attachments.set_photo(rita, school, attachments.checked_photo(a_picture())).key,
        "size": "small",
        "incident": an_incident().key,
        **a_link(world),
    }
