"""Every operation of the API once, as somebody who may; each answer is held against the document by the caller."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from furka.dispatch.answer import plan_since
from furka.people.models import Person
from furka.plan.entries import Door
from furka.sites import operations as sites
from furka.status.kinds import Kind as HubKind
from furka.tree import operations as tree
from furka.tree.granting import Terms, invite
from furka.tree.models import Kind
from furka.tree.operation import program
from furka.tree.queries import operator
from furka.tree.staff import open_operator_session
from tests.api.caller import Caller, as_person, collecting, in_session, operations
from tests.attachments.files import a_picture
from tests.status.measured import an_incident
from tests.world import (
    NOW,
    PASSWORD,
    TONIGHT,
    YESTERDAY,
    World,
    a_connection,
    a_gateway,
    a_profile,
    by,
    let_in,
    person,
    public_key,
)

UNTIL = "2026-12-24T13:00:00Z"


def test_every_operation_works_for_somebody_who_may(world: World) -> None:
    with collecting() as called:
        _tokens(in_session(world.rita))
        rita = as_person(world.rita)
        reseller = rita.post("/levels", {"kind": "reseller", "name": "Zweite AG"}).body["key"]
        site = _levels(rita, reseller)
        _sites(rita, site)
        _people(rita, site)
        _roles(rita, reseller, site)
        _user_link(rita, site)
        _access(rita, world.ours.school.key, world.sonja.key)
        _reviews(rita, in_session(world.rita), world.ours.school.key)
        _limits(world)
        _own(rita)
        _identity(world, rita, reseller)
        _services_and_events(rita, world.ours.school.key)
        _lists(rita)
        _particulars(rita, world.ours.school.key)
        _device_pages(as_person(world.sonja), f"/sites/{world.ours.school.key}")
        _control(rita, f"/sites/{world.ours.school.key}")
        _diagnoses(rita, f"/sites/{world.ours.school.key}")
        _prepared_gateways(rita, reseller)
        _router(rita, f"/sites/{world.ours.depot.key}")
        _attachments(rita, f"/sites/{world.ours.school.key}")
        _site_links(world)
        alone = tree.open_level(by(world.nora, YESTERDAY), Kind.CUSTOMER, "Allein").key
        _places(rita, as_person(world.nora), reseller, world.theirs.reseller.key, alone)

        assert called == {operation["operationId"] for _, _, operation in operations()}


def _device_pages(sonja: Caller, site: str) -> None:
    """Each part is looked at in tests/services/connect."""
    [device] = sonja.items(f"{site}/devices")
    key = sonja.post(f"{site}/devices/{device['key']}/page").body["key"]
    assert [each["key"] for each in sonja.items("/device-pages")] == [key]
    assert sonja.delete(f"/device-pages/{key}").status == 204


def _control(rita: Caller, site: str) -> None:
    """Each part is looked at in tests/services/connect and tests/trials."""
    [device, *_] = rita.items(f"{site}/devices")
    assert rita.get(f"{site}/connect/why", device=device["key"], port="tcp/80").body["allowed"]
    key = rita.post(f"{site}/connect/trials", {"device": device["key"], "port": "tcp/80"}).body["key"]
    assert rita.get(f"/trials/{key}").body["state"] == "waiting"
    assert rita.items(f"{site}/connect/zones")


def _diagnoses(rita: Caller, site: str) -> None:
    """Each part is looked at in tests/diagnoses."""
    key = rita.post(f"{site}/diagnoses", {"kind": "tcp", "target": "192.168.1.10", "port": 80}).body["key"]
    assert [each["key"] for each in rita.items(f"{site}/diagnoses")] == [key]
    found = rita.get(f"{site}/diagnoses/{key}").body
    assert (found["state"], found["target"], found["findings"]) == ("waiting", "192.168.1.10:80", [])
    assert rita.post(f"{site}/diagnoses/{key}/stop").status == 204
    assert rita.post(f"{site}/gateway/restart").body["kind"] == "restart"


def _router(rita: Caller, site: str) -> None:
    """Each part is looked at in tests/sites."""
    assert rita.get(f"{site}/router").body["code"] == "no-router"
    given = {"public_key": public_key(), "system": "routeros"}
    assert rita.post(f"{site}/router", given).body["code"] == "has-gateway"
    made = rita.post(f"{site}/router", {**given, "replace": True}).body
    assert (made["gateway"]["system"], "PRIVATE_KEY" in made["configuration"]) == ("routeros", True)
    assert rita.get(f"{site}/router").body == made
    assert rita.post(f"{site}/router/configured").status == 204


def _prepared_gateways(rita: Caller, level: str) -> None:
    """Each part is looked at in tests/sites."""
    base = f"/levels/{level}"
    batch = rita.post(f"{base}/gateway-batches", {"name": "Lieferung", "serials": ["SN-1", "SN-2"]}).body
    assert rita.items(f"{base}/gateway-batches") == [batch]
    codes = rita.post(f"{base}/gateway-batches/{batch['key']}/codes").body["items"]
    assert [each["preset"].partition("#")[2] for each in codes] == [each["code"] for each in codes]
    site = rita.post(f"{base}/sites", {"name": "Pumpwerk"}).body["key"]
    assigned = rita.post(f"/sites/{site}/prepared-gateway", {"number": "sn-1"}).body
    assert (assigned["state"], assigned["number"]) == ("assigned", codes[0]["number"])
    assert rita.delete(f"/sites/{site}/prepared-gateway").status == 204
    assert rita.post(f"{base}/gateway-batches/{batch['key']}/shipped").status == 204
    pieces = rita.items(f"{base}/prepared-gateways")
    assert {each["state"] for each in pieces} == {"shipped"}
    assert rita.delete(f"{base}/prepared-gateways/{pieces[0]['key']}").status == 204


def _site_links(world: World) -> None:
    """Each part is looked at in tests/links."""
    nora, theirs = as_person(world.nora), world.theirs
    level, school, depot = f"/levels/{theirs.reseller.key}", theirs.school.key, theirs.depot.key
    assert nora.patch(f"{level}/services/sitelink", {"enabled": True}).body["enabled"]
    assert nora.get(f"{level}/services/sitelink").body["enabled"]
    assert nora.get(f"{level}/subnets/free", length=24).body == {"subnet": "10.64.0.0/24"}
    assert {each["overlapping"] for each in nora.items(f"{level}/subnets")} == {1}

    made = nora.post(f"{level}/site-links", {"name": "Leitstelle", "mode": "central"}).body
    one = f"{level}/site-links/{made['key']}"
    assert (made["range"], nora.items(f"{level}/site-links")) == ("10.64.0.0/24", [made])
    nora.post(f"{one}/members", {"site": depot, "central": True})
    spoke = nora.post(f"{one}/members", {"site": school}).body
    assert (spoke["site"]["key"], spoke["central"]) == (school, False)
    assert nora.post(f"{one}/members", {"site": world.ours.school.key}).body["code"] == "site-unknown"
    assert nora.patch(f"{one}/members/{spoke['key']}", {"network": spoke["networks"][0]["key"]}).status == 200
    assert {each["key"] for each in nora.items(f"{one}/members")} > {spoke["key"]}
    assert nora.get(f"/sites/{school}/site-links").body["items"][0]["others"] == 1

    device = nora.items(f"/sites/{school}/devices")[0]["key"]
    mapped = nora.post(f"{one}/mapped", {"device": device}).body
    assert (mapped["address"], nora.items(f"{one}/mapped")) == ("10.64.0.1", [mapped])
    asked = {"source": depot, "destination": school, "destination_device": device, "port": 502}
    assert nora.get(f"{one}/may-reach", **asked).body["because"] == "open"
    wish: dict[str, Any] = {"range": "172.20.0.0/24", "preview": True}
    assert nora.post(f"{one}/range", wish).body["items"][0]["after"] == "172.20.0.1"
    assert nora.post(f"{one}/range", {**wish, "preview": False}).body["done"]

    deny = {"allow": False, "destination": {"device": device}, "protocol": "tcp", "ports": [[500, 510]]}
    rule = nora.post(f"{one}/rules", deny).body
    assert nora.get(f"{one}/may-reach", **asked).body["rule"] == rule["key"]
    assert nora.get(f"{one}/rules").body["items"] == [rule]
    assert nora.delete(f"{one}/rules/{rule['key']}").status == 204
    assert len(nora.post(f"{one}/rules/all", {"rules": [deny]}).body["items"]) == 1

    assert nora.patch(one, {"paused": True, "purpose": "Ablesen"}).body["paused_at"]
    assert nora.get(one).body["purpose"] == "Ablesen"
    assert nora.delete(f"{one}/mapped/{mapped['key']}").status == 204
    assert nora.delete(f"/sites/{school}/site-links/{spoke['key']}").status == 204
    [centre] = nora.items(f"{one}/members")
    assert nora.delete(f"{one}/members/{centre['key']}").status == 204
    assert nora.delete(one).status == 204


def _attachments(rita: Caller, site: str) -> None:
    """Each part is looked at in test_attachments."""
    document = rita.upload(f"{site}/attachments", "Plan.txt", b"Heizung").body
    assert rita.get(f"{site}/attachments").body == [document]
    path = f"{site}/attachments/{document['key']}"
    assert rita.get(path).body == b"Heizung"
    second = rita.upload(f"{path}/versions", "Plan neu.txt", b"Pumpe").body
    assert (second["version"], rita.get(f"{site}/attachments").body) == (2, [second])
    assert rita.get(f"{path}/versions").body == [second, document]
    assert rita.delete(path).status == 204
    assert rita.delete(f"{site}/attachments/{second['key']}").status == 204
    assert rita.get(f"{site}/photo").body["code"] == "no-photo"
    photo = rita.upload(f"{site}/photo", "Haus.png", a_picture()).body
    assert rita.get(f"{site}/photo").body == photo
    assert rita.get(f"{site}/photo/small").body.startswith(b"\xff\xd8\xff")
    assert rita.delete(f"{site}/photo").status == 204


def _identity(world: World, rita: Caller, reseller: str) -> None:
    """Each part is looked at in tests/identity."""
    base = f"/levels/{reseller}/identity-provider"
    given = {"name": "Zweite", "issuer": "http://127.0.0.1:9", "client_id": "furka", "secret": "x"}
    key = rita.patch(base, {**given, "domains": ["zweite.example"]}).body["key"]
    assert rita.get(base).body["key"] == key
    assert not rita.post(f"{base}/try").body["works"]  # nobody is there
    SocialAccount.objects.create(user=world.rita, provider=key, uid="rita")
    world.rita.set_password(PASSWORD)
    world.rita.save()
    own = in_session(world.rita)
    assert [each["key"] for each in own.get("/me/organisations").body["items"]] == [key]
    assert own.delete(f"/me/organisations/{key}").status == 204
    assert rita.delete(base).status == 204
    assert rita.get("/held-back").body == {"items": []}
    assert len(rita.items("/me/access")) >= 1


def _particulars(rita: Caller, site: str) -> None:
    """Each part is looked at in test_particulars."""
    base = f"/levels/{site}"
    assert rita.patch(f"{base}/labels", {"labels": ["Pikett"]}).body == rita.get(f"{base}/labels").body
    noted = rita.patch(f"{base}/particulars", {"town": "Musterwil"}).body
    assert rita.get(f"{base}/particulars").body == noted
    contact = rita.post(f"{base}/contacts", {"name": "Abwart"}).body["key"]
    changed = rita.patch(f"{base}/contacts/{contact}", {"name": "Abwartin"}).body
    assert changed in rita.get(f"{base}/contacts").body
    assert rita.delete(f"{base}/contacts/{contact}").status == 204


def _places(rita: Caller, nora: Caller, reseller: str, theirs: str, alone: str) -> None:
    """Each part is looked at in test_places."""
    customer = rita.post(f"/levels/{reseller}/customers", {"name": "Gemeinde Neudorf"}).body["key"]
    site = rita.post(f"/levels/{reseller}/sites", {"name": "Halle"}).body["key"]
    assert rita.get(f"/levels/{site}/move", target=customer).body["lose"] == 0
    assert rita.post(f"/levels/{site}/move", {"target": customer}).status == 200
    made = [rita.post(f"/levels/{site}/offers", {"to": to}).body["key"] for to in (theirs, "x@example.org")]
    assert len(rita.items(f"/levels/{site}/offers")) == 2
    assert nora.post(f"/offers/{made[0]}/decline").status == 204
    assert rita.post(f"/offers/{made[1]}/withdraw").status == 204
    asked = nora.post(f"/levels/{theirs}/questions", {"to": site}).body["key"]
    assert rita.get(f"/offers/{asked}").body["to_answer"]
    assert rita.post(f"/offers/{asked}/accept", {}).status == 200
    assert nora.items("/offers") == []
    asked = rita.post(f"/levels/{reseller}/questions", {"to": alone}).body["key"]
    assert nora.post(f"/offers/{asked}/accept", {}).status == 200
    assert nora.post(f"/levels/{alone}/leave").status == 204
    assert rita.post(f"/levels/{customer}/archive").status == 204
    assert rita.delete(f"/levels/{customer}/archive").status == 204
    assert rita.items(f"/levels/{customer}/hanging")
    assert rita.post(f"/levels/{customer}/delete", {"name": "Gemeinde Neudorf"}).status == 204
    assert len(rita.items(f"/levels/{reseller}/bin")) == len(rita.items("/bin")) == 1
    assert rita.post(f"/bin/{customer}/restore").status == 200


def _tokens(session: Caller) -> None:
    made = session.post("/tokens", {"name": "Leitsystem", "expires_at": UNTIL, "rights": ["look"]}).body
    assert (made["rights"], made["level"], made["last_used_at"]) == (["look"], None, None)
    assert [item["name"] for item in session.items("/tokens")] == ["Leitsystem"]
    assert session.delete(f"/tokens/{made['key']}").status == 204
    assert session.get("/me").body["email"] == "rita@example.org"
    _account(session)


def _email_and_end(rita: Caller) -> None:
    path = "/me/email-change"
    assert rita.get(path).body is None
    assert rita.post(path, {"email": "no address"}).body["code"] == "email-wrong"
    waiting = rita.post(path, {"email": "Rita@new.example"}).body
    assert (waiting["new_email"], waiting["new_confirmed"], waiting["done_at"]) == (
        "rita@new.example",
        False,
        None,
    )
    assert rita.get(path).body == waiting
    assert rita.delete(path).status == 204
    assert rita.get("/me/closing").body["owned_alone"][0]["name"] == "Muster AG"
    assert rita.post("/me/closing", {"email": "rita@example.org"}).status == 409
    fremd = in_session(Person.objects.get(email="fremd@example.org"))
    assert fremd.post("/me/closing", {"email": "rita@example.org"}).body["code"] == "email-differs"
    assert fremd.post("/me/closing", {"email": "fremd@example.org"}).body["until"] == "2026-12-08T13:00:00Z"
    assert fremd.get("/me").status == 401
    # Whoever logs in again in time takes it back; a closed account reaches nothing else, and no token does it.
    again = in_session(Person.objects.get(email="fremd@example.org"))
    assert again.get("/me").status == 401
    assert again.delete("/me/closing").status == 204
    assert again.get("/me").status == 200
    assert again.delete("/me/closing").body["code"] == "too-late"
    assert rita.delete("/me/closing").body["code"] == "too-late"


def test_what_the_pages_ask_a_second_proof_for_needs_one_here_too(world: World) -> None:
    world.rita.set_password(PASSWORD)
    world.rita.save()
    long_ago = in_session(world.rita, just_now=False)
    for method, path, body in (
        ("POST", "/me/email-change", {"email": "x@example.org"}),
        ("POST", "/me/closing", {"email": "rita@example.org"}),
        ("GET", "/me/export", None),
        ("POST", "/tokens", {"name": "x", "expires_at": UNTIL}),
    ):
        assert long_ago.call(method, path, body).body["code"] == "proof-needed"
        assert as_person(world.rita).call(method, path, body).body["code"] == "token-not-enough"
    assert long_ago.get("/me").status == 200


def _account(session: Caller) -> None:
    changed = session.patch("/me/details", {"mobile": "+41 79 123 45 67", "language": "en"}).body
    assert (changed["name"], changed["mobile"], changed["language"]) == ("Rita", "+41 79 123 45 67", "en")
    assert session.get("/me/details").body == changed
    assert session.patch("/me/details", {"mobile": "call me"}).body["code"] == "particulars-wrong"
    chosen = session.patch("/me/notices", {"wanted": ["access-ending"]}).body["items"]
    assert {item["key"] for item in chosen if item["wanted"]} == {
        "access-ending",
        "emergency-access",
        "security",
    }
    assert session.get("/me/notices").body["items"] == chosen
    assert session.get("/me/export").body["kinds"]["person"][0]["email"] == "rita@example.org"
    _email_and_end(session)
    elsewhere = in_session(Person.objects.get(email="rita@example.org"))
    elsewhere.client.get("/account/me/")  # a session in use is noted
    logins = session.get("/me/logins").body["items"]
    assert [session.delete(f"/me/logins/{login['key']}").status for login in logins] == [204, 204]
    assert elsewhere.get("/me").status == 401


def _lists(rita: Caller) -> None:
    found = rita.get("/search", q="zuhlwerk schul").body["items"]
    assert found == []
    [level, *_rest] = rita.get("/search", q="schulhaus mus", limit=3).body["items"]
    assert (level["what"], level["name"], level["level"]["kind"]) == ("level", "Schulhaus Muster", "site")
    top = level["level"]["key"]
    view = rita.post(f"/levels/{top}/views", {"listing": "sites", "name": "Alle", "shared": True}).body
    assert rita.get(f"/levels/{top}/views").body["items"] == [view]
    assert rita.patch(f"/levels/{top}/views/{view['key']}", {"first": True}).body["first"]
    assert rita.delete(f"/levels/{top}/views/{view['key']}").status == 204
    [reseller, *_others] = rita.items("/levels")
    bulk = {"filter": {"q": "schul"}, "switch": {"service": "connect", "on": True}}
    assert rita.post(f"/levels/{reseller['key']}/bulk", bulk).body["done"]
    _imports(rita, reseller["key"])


def _imports(rita: Caller, reseller: str) -> None:
    rows = [
        {"customer": "Klinik", "site": "Haus A", "reference": "A-1"},
        {"site": "Nirgends", "time_zone": "X"},
    ]
    run = rita.post(f"/levels/{reseller}/imports", {"rows": rows}).body
    assert (run["state"], run["counts"]["new"], run["counts"]["faulty"]) == ("checked", 1, 1)
    path = f"/imports/{run['key']}"
    assert rita.items(f"/levels/{reseller}/imports") == [run] == [rita.get(path).body]
    [faulty] = rita.items(f"{path}/rows", what="faulty")
    assert (faulty["number"], faulty["faults"][0]["code"]) == (3, "zone-unknown")
    assert rita.post(f"{path}/apply", {}).status == 409
    assert rita.patch(path, {"site": 2, "customer": 0, "reference": 3}).body["counts"]["new"] == 2
    assert rita.post(f"{path}/apply", {}).body["state"] == "applied"
    assert rita.delete(path).status == 204


def _levels(rita: Caller, reseller: str) -> str:
    customer = rita.post(f"/levels/{reseller}/customers", {"name": "Gemeinde Neu"}).body
    site = rita.post(
        f"/levels/{customer['key']}/sites", {"name": "Schwimmbad", "time_zone": "Europe/Paris"}
    ).body
    assert (site["state"]["word"], site["state"]["since"]) == ("without-gateway", None)
    assert site["parent"] == {"key": customer["key"], "kind": "customer", "name": "Gemeinde Neu"}
    assert site["created_at"] == "2026-11-24T13:00:00Z"
    assert [item["name"] for item in rita.items("/levels")] == ["Muster AG", "Zweite AG"]
    assert [item["key"] for item in rita.items(f"/levels/{reseller}/customers")] == [customer["key"]]
    assert [item["key"] for item in rita.items(f"/levels/{reseller}/sites")] == [site["key"]]
    changed = rita.patch(
        f"/levels/{site['key']}", {"name": "Hallenbad", "time_zone": "Europe/Zurich", "lease_minutes": 30}
    ).body
    assert (changed["name"], changed["time_zone"], changed["lease_minutes"]) == (
        "Hallenbad",
        "Europe/Zurich",
        30,
    )
    assert rita.patch(f"/levels/{site['key']}", {"lease_minutes": None}).body["lease_minutes"] is None
    assert rita.get(f"/levels/{site['key']}").body["name"] == "Hallenbad"
    return str(site["key"])


def _sites(rita: Caller, site: str) -> None:
    assert rita.get(f"/sites/{site}/claim-code").body["code"] == "no-claim-code"
    code = rita.post(f"/sites/{site}/claim-code", {"minutes": 60}).body
    assert code["valid_until"] == "2026-11-24T14:00:00Z"
    assert rita.get(f"/sites/{site}/claim-code").body == code
    assert rita.get(f"/sites/{site}/state").body == {
        "state": {"word": "without-gateway", "since": None, "cut_by": None, "cut_at": None},
        "gateway": None,
    }
    assert rita.delete(f"/sites/{site}/gateway").status == 204
    network = rita.post(f"/sites/{site}/networks", {"subnet": "192.168.7.0/24", "name": "Technik"}).body
    device = rita.post(
        f"/sites/{site}/devices",
        {"name": "Pumpe", "address": "192.168.7.9", "kind": "controller", "web": True},
    ).body
    assert device["virtual_address"] == network["virtual_subnet"].replace(".0/24", ".9")
    assert rita.items(f"/sites/{site}/networks") == [network]
    assert rita.items(f"/sites/{site}/devices") == [device]
    _equipment(rita, site, network, device)
    assert rita.delete(f"/sites/{site}/devices/{device['key']}").status == 204
    assert rita.delete(f"/sites/{site}/networks/{network['key']}").status == 204
    assert rita.delete(f"/sites/{site}/networks/{network['key']}").status == 404


def _equipment(rita: Caller, site: str, network: dict[str, Any], device: dict[str, Any]) -> None:
    """What is known of a network and a device is changed; what is not named stays."""
    path = f"/sites/{site}/networks/{network['key']}"
    assert rita.patch(path, {"vlan": 20, "note": "Schrank 2"}).body["vlan"] == 20
    changed = rita.patch(path, {"name": "Leittechnik"}).body
    assert changed == {**network, "name": "Leittechnik", "vlan": 20, "note": "Schrank 2"}
    assert rita.patch(path, {"vlan": None}).body["vlan"] is None
    path = f"/sites/{site}/devices/{device['key']}"
    ports = [{"number": 502, "protocol": "tcp", "name": "Modbus"}]
    facts = {"mac": "00:1a:2b:3c:4d:5e", "ports": ports, "link": "/login", "note": "Keller"}
    assert rita.patch(path, facts).body == {**device, **facts}
    assert rita.patch(path, {"name": "Netzpumpe"}).body == {**device, **facts, "name": "Netzpumpe"}
    assert rita.patch(f"{path}/labels", {"labels": ["Wärme"]}).body["labels"] == ["Wärme"]
    several = {"devices": [device["key"]], "add": [], "remove": ["Wärme"]}
    assert rita.post(f"/sites/{site}/device-labels", several).body == {"changed": 1}
    refused = rita.patch(path, {"link": "javascript:alert(1)"})
    assert (refused.status, refused.body["code"]) == (422, "link-wrong")


def _people(rita: Caller, site: str) -> None:
    answers = []
    for name, answer in (("Ja", "accept"), ("Kurz", "accept"), ("Nein", "decline")):
        somebody = as_person(person(name))
        granted = rita.post(
            f"/levels/{site}/grants", {"email": f"{name}@example.org", "role": "supporter"}
        ).body
        secret = granted["invitation_link"].rstrip("/").rpartition("/")[2]
        assert somebody.get(f"/invitations/{secret}").body["level"]["key"] == site
        answers.append(somebody.post(f"/invitations/{secret}/{answer}").status)
        assert somebody.get(f"/invitations/{secret}").status == 404
        if name == "Kurz":
            [own] = somebody.items("/grants")
            assert somebody.delete(f"/grants/{own['key']}").status == 204
    assert answers == [200, 200, 204]
    waiting = rita.post(f"/levels/{site}/grants", {"email": "spaet@example.org", "role": "viewer"}).body
    assert rita.post(f"/levels/{site}/grants/{waiting['key']}/mail").status == 204
    assert rita.delete(f"/levels/{site}/grants/{waiting['key']}").status == 204
    assert rita.post(f"/levels/{site}/grants/{waiting['key']}/mail").status == 404
    [grant] = [item for item in rita.items(f"/levels/{site}/grants") if item["name"] == "Ja"]
    full = rita.get(f"/levels/{site}/grants/{grant['key']}").body
    assert (full["state"], full["invitation_link"]) == ("active", None)
    _changes(rita, f"/levels/{site}/grants", grant["key"], full["version"])
    assert rita.delete(f"/levels/{site}/grants/{grant['key']}").status == 204
    ended = [item["state"] for item in rita.items(f"/levels/{site}/grants", ended=True)]
    assert sorted(ended) == ["declined", "revoked", "revoked", "withdrawn", "withdrawn", "withdrawn"]
    assert [item["email"] for item in rita.items(f"/levels/{site}/grants", above=True)] == [
        "rita@example.org"
    ]


def _changes(rita: Caller, grants: str, key: str, version: int) -> None:
    until = {"valid_until": "2026-11-24T17:00:00Z", "version": version}
    changed = rita.patch(f"{grants}/{key}", {"role": "viewer", **until}).body
    assert (changed["role"], changed["valid_until"]) == ("viewer", "2026-11-24T17:00:00Z")
    again = rita.patch(f"{grants}/{key}", {"role": "supporter", **until})
    assert (again.status, again.body["code"]) == (409, "changed-meanwhile")
    longer = rita.post(f"{grants}/{key}/extend", {"minutes": 60, "version": changed["version"]}).body
    assert longer["valid_until"] == "2026-11-24T18:00:00Z"
    assert rita.post(f"{grants}/{key}/pause", {}).body["state"] == "paused"
    assert rita.post(f"{grants}/{key}/resume", {}).body["state"] == "active"
    several = {"grants": [key], "act": "extend", "minutes": 30}
    assert rita.post(f"{grants}/several", several).body == {"people": ["Ja"]}
    two = {"emails": ["eins@example.org", "zwei@example.org"], "role": "viewer"}
    invited = rita.post(f"{grants}/invitations", two).body
    assert [each["email"] for each in invited] == two["emails"]
    assert rita.post(
        f"{grants}/several", {"grants": [each["key"] for each in invited], "act": "revoke"}
    ).body == {"people": two["emails"]}
    assert rita.post(f"{grants}/{invited[0]['key']}/pause", {}).body["code"] == "ended"
    _extension(rita, as_person(Person.objects.get(name="Ja")), grants.removesuffix("/grants"), key)


def _extension(rita: Caller, somebody: Caller, level: str, key: str) -> None:
    asked = somebody.post(f"/grants/{key}/extension", {"reason": "Ersatzteil fehlt"}).body
    assert (asked["outcome"], asked["valid_until"]) == ("open", None)
    assert somebody.post(f"/grants/{key}/extension", {"reason": "Noch einmal"}).status == 409
    assert somebody.delete(f"/extensions/{asked['key']}").status == 204
    asked = somebody.post(f"/grants/{key}/extension", {"reason": "Ersatzteil fehlt"}).body
    assert [item["key"] for item in rita.items(f"{level}/extensions")] == [asked["key"]]
    given = {"granted": True, "valid_until": "2026-11-25T18:00:00Z", "answer": "Gern"}
    assert rita.post(f"{level}/extensions/{asked['key']}/answer", given).body["outcome"] == "granted"
    [own] = [item for item in somebody.items("/grants") if item["key"] == key]
    assert own["valid_until"] == "2026-11-25T18:00:00Z"
    assert rita.items(f"{level}/extensions") == []


def _user_link(rita: Caller, site: str) -> None:
    until = {"link_until": "2026-12-01T12:00:00Z"}
    made = rita.post(f"/sites/{site}/user-links", {**until, "role": "site-operator"}).body
    assert (made["relation"], made["email"], made["rights"]) == ("site_user", "", ["connect.use", "look"])
    secret = made["invitation_link"].rstrip("/").rpartition("/")[2]
    first, second = as_person(person("Erste")), as_person(person("Zweite"))
    assert first.post(f"/invitations/{secret}/accept").body["email"] == "erste@example.org"
    late = second.post(f"/invitations/{secret}/accept")
    assert (late.status, late.body["code"]) == (409, "link-used")
    assert rita.delete(f"/levels/{site}/grants/{made['key']}").status == 204


def _roles(rita: Caller, reseller: str, site: str) -> None:
    roles = f"/levels/{reseller}/roles"
    role = rita.post(roles, {"name": "Pikett", "rights": ["connect.use"]}).body
    assert (role["name"], role["rights"]) == ("Pikett", ["connect.use", "look"])
    assert rita.post(roles, {"name": "pikett", "rights": ["look"]}).body["code"] == "name-taken"
    [below] = rita.items(f"/levels/{site}/roles")
    assert (below["key"], below["level"]["key"]) == (role["key"], reseller)
    grant = rita.post(f"/levels/{site}/grants", {"email": "p@example.org", "role": role["key"]}).body
    more = {"name": "Pikett", "rights": ["connect.use", "journal"]}
    assert rita.patch(f"{roles}/{role['key']}", more).body["rights"] == ["connect.use", "journal", "look"]
    assert "journal" in rita.get(f"/levels/{site}/grants/{grant['key']}").body["rights"]
    assert rita.post(f"{roles}/{role['key']}/removal", {}).body["code"] == "role-in-use"
    assert rita.post(f"{roles}/{role['key']}/removal", {"replacement": "viewer"}).status == 204
    assert rita.get(f"/levels/{site}/grants/{grant['key']}").body["role"] == "viewer"
    assert rita.delete(f"/levels/{site}/grants/{grant['key']}").status == 204


def _access(rita: Caller, site: str, sonja: str) -> None:
    path = f"/levels/{site}/access"
    assert [item["person"]["name"] for item in rita.items(path)] == ["Karl", "Max", "Rita", "Sonja"]
    remote = rita.items(path, right="connect.use", at="2026-11-24T13:45:00+01:00")
    assert [item["person"]["name"] for item in remote] == ["Karl", "Rita", "Sonja"]
    [reached] = rita.items(f"{path}/people/{sonja}")
    assert (reached["level"]["key"], reached["inherited"], reached["granted_by"]) == (site, False, "Rita")
    assert rita.get(f"{path}/people/000000000000").status == 404
    assert rita.get(path, at="2027-01-01T00:00:00Z").body["fields"].keys() == {"at"}
    assert rita.get(path, right="fly").body["code"] == "right-unknown"
    record = rita.post(f"{path}/records", {"person": sonja, "at": "2026-11-24T12:00:00Z"}).body
    text = json.dumps(record["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert (record["kind"], record["hash"]) == ("person", hashlib.sha256(text.encode()).hexdigest())
    assert rita.post(f"{path}/records", {"right": "connect.use"}).body["kind"] == "level"
    assert rita.get(f"{path}/records/{record['hash'][:16]}").body["moment"] == "2026-11-24T12:00:00Z"
    assert rita.get(f"{path}/records/{'0' * 16}").body["code"] == "record-unknown"
    assert reached["part"] is None


def _reviews(rita: Caller, session: Caller, site: str) -> None:
    path = f"/levels/{site}/reviews"
    assert rita.patch(f"/levels/{site}/review-plan", {"months": 6}).body["months"] == 6
    assert rita.get(f"/levels/{site}/review-plan").body["next_at"] == "2027-05-24T13:00:00Z"
    begun = rita.post(path).body
    assert (begun["open"], begun["hash"]) == (2, "")
    assert rita.post(path).body["code"] == "review-open"
    accesses = f"{path}/{begun['key']}/accesses"
    asked = {item["access"]["person"]["name"]: item["grant"] for item in rita.items(accesses)}
    assert list(asked) == ["Max", "Sonja"]
    kept = rita.post(f"{accesses}/{asked['Sonja']}", {"answer": "keep", "remark": "Störung"}).body
    assert (kept["answer"], kept["answered_by"], kept["remark"]) == ("keep", "Rita", "Störung")
    wrong = rita.post(f"{accesses}/{asked['Max']}", {"answer": "shorten"})
    assert (wrong.status, list(wrong.body["fields"])) == (422, ["until"])
    assert rita.get(f"{path}/000000000000/accesses").status == 404
    assert [item["open"] for item in rita.items(path)] == [1]
    signature = f"{path}/{begun['key']}/signature"
    assert session.post(signature).body["code"] == "unanswered"
    assert rita.post(f"{accesses}/{asked['Max']}", {"answer": "keep"}).status == 200
    assert session.post(signature).body["signed_by"] == "Rita"


def _limits(world: World) -> None:
    karl, sonja = as_person(world.karl), as_person(world.sonja)
    path = f"/levels/{world.ours.school.key}"
    limits = karl.patch(f"{path}/limits", {"approval": ["connect.use"], "emergency": True}).body
    assert limits == sonja.get(f"{path}/limits").body
    assert as_person(world.rita).patch(f"{path}/limits", {}).status == 403
    _releases(karl, sonja, f"/sites/{world.ours.school.key}/releases")
    _connections(world)
    _cloud(world)
    wish = {"rights": ["connect.use"], "minutes": 60, "reason": "Störung"}
    first = sonja.post(f"{path}/requests", wish).body
    assert [item["key"] for item in karl.items(f"{path}/requests")] == [first["key"]]
    assert (
        karl.post(f"{path}/requests/{first['key']}/decline", {"answer": "nein"}).body["stage"] == "declined"
    )
    second = sonja.post(f"{path}/requests", wish).body["key"]
    assert sonja.post(f"/requests/{second}/withdraw").status == 204
    third = sonja.post(f"{path}/requests", wish).body["key"]
    assert karl.post(f"{path}/requests/{third}/approve", {"minutes": 30}).body["given_minutes"] == 30
    assert sonja.post(f"/requests/{third}/begin").body["stage"] == "running"
    assert sonja.post(f"/requests/{third}/end").status == 204
    entered = sonja.post(f"{path}/emergency", wish).body
    assert (entered["emergency"], entered["stage"]) == (True, "running")
    said = sonja.post(f"/requests/{entered['key']}/justification", {"justification": "Rohrbruch"}).body
    assert said["justified_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert len(sonja.items("/requests")) == 4
    assert karl.patch(f"{path}/limits", {}).body["approval"] == []


def _releases(karl: Caller, sonja: Caller, path: str) -> None:
    made = karl.post(path, {"email": "sonja@example.org", "minutes": 30}).body
    assert len(made["pin"]) == 6
    assert [item["key"] for item in karl.get(path).body["items"]] == [made["key"]]
    assert [item["minutes"] for item in sonja.get("/releases").body["items"]] == [30]
    assert karl.delete(f"{path}/{made['key']}").status == 204


def _cloud(world: World) -> None:
    rita, incident = as_person(world.rita), an_incident(HubKind.HUB, world.hub, NOW - timedelta(minutes=1))
    state = rita.get("/cloud").body
    assert (state["state"], state["incidents"], state["touched"]["number"]) == ("bad", [incident.key], 2)
    of_customer = rita.get(f"/levels/{world.ours.customer.key}/cloud").body
    assert [each["name"] for each in of_customer["touched"]["sites"]] == ["Schulhaus Muster"]
    assert [each["key"] for each in rita.items("/cloud/incidents?running=true")] == [incident.key]
    olga = person("Olga")
    open_operator_session(program("command line", NOW), olga, "a test")
    root = f"/levels/{operator().key}/cloud/incidents/{incident.key}"
    said = {"stage": "identified", "texts": {"de": "Die Platte ist voll."}}
    assert as_person(olga).post(f"{root}/updates", said).status == 201
    assert as_person(olga).post(f"{root}/post-mortem", {"de": "Zu wenig Platz."}).status == 204
    read = rita.get(f"/cloud/incidents/{incident.key}").body
    assert [each["texts"] for each in read["updates"]] == [said["texts"]]
    assert Client().get("/api/v1/status").status_code == 404
    with override_settings(PUBLIC_STATUS=True):
        assert "touched" not in Client().get("/api/v1/status").json()


def _connections(world: World) -> None:
    karl, sonja, site = as_person(world.karl), as_person(world.sonja), f"/sites/{world.ours.school.key}"
    row = a_connection(world)
    [item] = karl.items(f"/levels/{world.ours.school.key}/connections?running=true&way=tunnel")
    assert (item["key"], item["person"], item["bytes_from_site"]) == (row.key, "Sonja", 2_900_000)
    assert karl.post(f"{site}/connections/{row.key}/end", {"minutes": 5}).status == 204
    [kept] = karl.get(f"{site}/kept-out").body["items"]
    assert [each["by"] for each in sonja.get("/absences").body["items"]] == ["Karl"]
    assert sonja.delete(f"/absences/{kept['key']}").status == 404
    assert karl.delete(f"{site}/kept-out/{kept['key']}").status == 204
    assert [each["key"] for each in sonja.items("/connections")] == [row.key]
    assert sonja.post(f"/connections/{row.key}/end").status == 204
    [left] = sonja.get("/absences").body["items"]
    assert left["left"]
    limits = f"/levels/{world.ours.school.key}/limits"
    assert sonja.delete(f"/absences/{left['key']}").status == 204
    assert karl.patch(f"{site}/traffic-budget", {"megabytes": 100}).body["stands"] == "ok"
    assert karl.get(f"{site}/traffic").body["megabytes"] == 100
    assert [each["what"] for each in karl.items(f"{site}/gateway-log")] == ["linked"]
    before = karl.get(limits).body
    assert karl.patch(limits, {"confirm": True, "confirm_reason": True}).body["confirm"]
    assert sonja.post(f"{site}/confirmation", {}).body["code"] == "reason-missing"
    confirmed = sonja.post(f"{site}/confirmation", {"reason": "Pumpe"}).body
    assert [each["key"] for each in sonja.get("/confirmations").body["items"]] == [confirmed["key"]]
    assert sonja.delete(f"/confirmations/{confirmed['key']}").status == 204
    assert karl.patch(limits, before).body == before


def _own(rita: Caller) -> None:
    own = rita.items("/grants")
    assert [grant["level"]["name"] for grant in own] == ["Muster AG", "Zweite AG"]
    last = rita.delete(f"/grants/{own[0]['key']}")
    assert (last.status, last.body["code"]) == (409, "last-owner")
    profile = rita.post("/profiles", {"name": "Tablet", "public_key": public_key()}).body
    assert "PrivateKey = PRIVATE_KEY\n" in profile["configuration"]
    assert [item["name"] for item in rita.items("/profiles")] == ["Laptop", "Tablet"]
    assert "PresharedKey = PRESHARED_KEY\n" not in profile["configuration"]
    assert "PresharedKey = PRESHARED_KEY\n" in rita.items("/profiles")[1]["configuration"]
    _plant_and_keys(rita)
    assert rita.delete(f"/profiles/{profile['key']}").status == 204
    assert rita.delete(f"/profiles/{profile['key']}").status == 204
    assert [item["site"]["name"] for item in rita.items("/reachable")] == [
        "Schulhaus Muster",
        "Werkhof Muster",
    ]


def _plant_and_keys(rita: Caller) -> None:
    wish = {"name": "Werkzeug", "public_key": public_key(), "names": "app", "real_addresses": True}
    tool = rita.post("/profiles", wish).body
    assert ("DNS = " in tool["configuration"], tool["plant"]) == (True, None)
    path = f"/profiles/{tool['key']}"
    [first, *_] = rita.items("/reachable")
    assert first["devices"][0]["hostname"] == "heizung.schulhaus-muster.gemeinde-muster.furka.internal"
    assert rita.patch(path, {"site": first["site"]["key"]}).body["plant"] == first["site"]
    assert rita.patch(path, {"site": None}).body["plant"] is None
    assert rita.post(f"/sites/{first['site']['key']}/gateway/key").status == 204
    assert rita.patch(path, {"site": "0123456789ab"}).body["code"] == "not-there"
    fresh = public_key()
    again = rita.post(f"{path}/keys", {"public_key": fresh}).body
    assert (again["public_key"], again["address"]) == (fresh, tool["address"])
    assert again["configuration"] != tool["configuration"]
    assert rita.delete(path).status == 204


def _services_and_events(rita: Caller, site: str) -> None:
    path = f"/levels/{site}/services"
    assert rita.patch(f"{path}/connect", {"enabled": False}).body == {"enabled": False}
    assert rita.get(f"{path}/connect").body == {"enabled": False}
    assert [(item["key"], item["settings"]) for item in rita.items(path)] == [("connect", {"enabled": False})]
    newest = rita.get(f"/levels/{site}/events", limit=1).body["items"][0]
    assert (newest["action"], newest["before"], newest["after"]) == (
        "connect.configured",
        {"enabled": True},
        {"enabled": False},
    )


def test_revoking_twice_is_no_fault_and_ends_it_at_once(world: World) -> None:
    rita, path = as_person(world.rita), f"/levels/{world.ours.school.key}/grants"
    sonja = as_person(world.sonja)
    [grant] = [item for item in rita.items(path) if item["name"] == "Sonja"]
    assert [item["site"]["key"] for item in sonja.items("/reachable")] == [world.ours.school.key]

    assert rita.delete(f"{path}/{grant['key']}").status == 204
    assert rita.delete(f"{path}/{grant['key']}").status == 204

    assert sonja.items("/reachable") == []
    assert rita.delete(f"{path}/000000000000").status == 404
    ended = rita.items(f"/levels/{world.ours.school.key}/events", action="grant.revoked")
    assert [event["before"]["person"] for event in ended] == ["sonja@example.org"]


def test_changes_of_a_level_are_all_made_or_none(world: World) -> None:
    karl, tech = as_person(world.karl), person("Tech")
    let_in(world.ours.school, tech, Terms(role="technician"), world.karl)
    path = f"/levels/{world.ours.school.key}"

    refused = as_person(tech).patch(path, {"time_zone": "Europe/Paris", "lease_minutes": 5})
    wrong = karl.patch(path, {"name": "Neuer Name", "time_zone": "Europe/Atlantis"})

    assert (refused.status, wrong.status, list(wrong.body["fields"])) == (403, 422, ["time_zone"])
    level = karl.get(path).body
    assert (level["name"], level["time_zone"]) == ("Schulhaus Muster", "Europe/Zurich")
    assert karl.items(f"{path}/events", action="node.") == []


def test_invited_person_is_the_only_one_who_can_accept(world: World) -> None:
    rita = as_person(world.rita)
    body = {
        "email": world.fremd.email,
        "rights": ["look", "connect.use"],
        "valid_until": "2026-11-24T18:00:00+01:00",
        "windows": [{"weekdays": [0, 1], "begins": "08:00", "ends": "24:00"}],
        "reason": "Störung",
    }
    invited = rita.post(f"/levels/{world.ours.depot.key}/grants", body).body
    secret = invited["invitation_link"].rstrip("/").rpartition("/")[2]
    assert (invited["state"], invited["valid_until"]) == ("invited", "2026-11-24T17:00:00Z")

    refused = as_person(world.max).post(f"/invitations/{secret}/accept")
    accepted = as_person(world.fremd).post(f"/invitations/{secret}/accept").body

    assert (refused.status, refused.body["code"]) == (403, "someone-else")
    assert (accepted["state"], accepted["windows"]) == ("active", body["windows"])
    second = as_person(world.fremd).post(f"/invitations/{secret}/accept")
    assert (second.status, second.body["code"]) == (404, "invitation-gone")


def test_nobody_invites_to_more_than_they_hold(world: World) -> None:
    lead = person("Lead")
    let_in(
        world.ours.school,
        lead,
        Terms(rights=("people", "connect.use"), valid_until=TONIGHT, depth=1),
        world.rita,
    )
    path, caller = f"/levels/{world.ours.school.key}/grants", as_person(lead)

    longer = caller.post(path, {"email": "x@example.org", "rights": ["connect.use"]})
    more = caller.post(
        path, {"email": "x@example.org", "role": "technician", "valid_until": "2026-11-24T17:00:00Z"}
    )

    assert (longer.status, longer.body["code"], list(longer.body["fields"])) == (422, "time", ["valid_until"])
    assert (more.status, more.body["code"], list(more.body["fields"])) == (422, "rights", ["rights"])


def test_token_of_fewer_rights_passes_on_no_more(world: World) -> None:
    caller = as_person(world.rita, rights=("people", "look"))

    refused = caller.post(
        f"/levels/{world.ours.school.key}/grants", {"email": "x@example.org", "rights": ["connect.use"]}
    )

    assert (refused.status, refused.body["code"]) == (422, "rights")


@pytest.mark.parametrize("name", ["rita", "karl", "sonja", "max", "nora", "ernst", "fremd"])
def test_reachable_is_exactly_what_the_plan_opens(world: World, name: str) -> None:
    somebody: Person = getattr(world, name)
    if not somebody.profiles.exists():
        a_profile(somebody, at=NOW)
    profile = somebody.profiles.get()

    found = as_person(somebody).items("/reachable")

    plan = plan_since(world.hub, 0, NOW)
    doors = [entry for entry in plan.entries if isinstance(entry, Door) and entry.profile == profile.key]
    open_now = {(door.site_name, _text(door.not_after)) for door in doors if door.open_at(NOW)}
    assert {(item["site"]["key"], item["until"]) for item in found} == open_now


def test_what_begins_when_something_ends_belongs_to_it(world: World) -> None:
    later = TONIGHT + timedelta(hours=2)
    terms = Terms(role="supporter", valid_from=TONIGHT, valid_until=later)
    let_in(world.ours.school, world.sonja, terms, world.rita)

    [item] = as_person(world.sonja).items("/reachable")

    assert item["until"] == _text(later)


def test_person_gives_up_what_is_theirs_and_nothing_else(world: World) -> None:
    sonja, rita = as_person(world.sonja), as_person(world.rita)
    [own] = sonja.items("/grants")
    others = [grant["key"] for grant in rita.items("/grants")]

    assert sonja.delete(f"/grants/{others[0]}").status == 404
    assert sonja.delete(f"/grants/{own['key']}").status == 204

    assert (sonja.items("/grants"), sonja.items("/reachable")) == ([], [])


def test_service_that_is_off_opens_nothing(world: World) -> None:
    rita, path = as_person(world.rita), f"/levels/{world.ours.school.key}/services/connect"

    assert rita.patch(path, {"enabled": "no"}).body["fields"] == {"enabled": ["This must be true or false."]}
    assert rita.patch(path, {"colour": "red"}).body["fields"] == {"colour": ["This field is not known."]}
    assert rita.patch(path, {"enabled": False}).status == 200

    assert [item["site"]["name"] for item in rita.items("/reachable")] == ["Werkhof Muster"]
    assert rita.patch(f"/levels/{world.ours.customer.key}/services/connect", {"enabled": True}).status == 404


def test_events_are_chosen_by_action_and_time(world: World) -> None:
    rita, path = as_person(world.rita), f"/levels/{world.ours.reseller.key}/events"
    rita.patch(f"/levels/{world.ours.depot.key}", {"name": "Lager"})

    everything = rita.items(path, limit=7)

    assert [event["number"] for event in everything] == list(range(len(everything), 0, -1))
    assert [event["action"] for event in rita.items(path, since="2026-11-24T13:00:00Z")] == ["node.renamed"]
    granted = [event for event in everything if event["action"].startswith("grant.")]
    assert rita.items(path, action="grant.") == granted
    assert as_person(world.nora).get(path).status == 404


def test_lists_come_in_parts_without_gaps_and_repeats(world: World) -> None:
    rita, reseller = as_person(world.rita), world.ours.reseller
    for number in range(5):
        tree.create_site(by(world.rita), reseller, f"Anlage {number % 2}")

    whole = rita.items(f"/levels/{reseller.key}/sites")

    assert [item["name"] for item in whole] == sorted(item["name"] for item in whole)
    assert len({item["key"] for item in whole}) == 7
    for limit in (1, 2, 3, 7):
        assert rita.items(f"/levels/{reseller.key}/sites", limit=limit) == whole
    assert rita.items("/reachable", limit=1) == rita.items("/reachable")


def _more_sites(world: World, numbers: range) -> None:
    for number in numbers:
        site = tree.create_site(by(world.rita), world.ours.reseller, f"Anlage {number}")
        sites.add_network(by(world.rita), site, "192.168.1.0/24")
        sites.add_device(by(world.rita), site, "Regler", "192.168.1.20")
        a_gateway(site, world.rita, NOW)


def _more_customers(world: World, numbers: range) -> None:
    for number in numbers:
        tree.create_customer(by(world.rita), world.ours.reseller, f"Kunde {number}")


def _more_levels(world: World, numbers: range) -> None:
    for number in numbers:
        tree.open_level(by(world.rita), Kind.CUSTOMER, f"Eigener {number}")


def _more_grants(world: World, numbers: range) -> None:
    for number in numbers:
        let_in(world.ours.school, person(f"Neu{number}"), Terms(role="supporter"), world.rita)
        invite(by(world.rita), world.ours.school, f"offen{number}@example.org", Terms(role="supporter"))


def _more_owners(world: World, numbers: range) -> None:
    for number in numbers:
        let_in(world.ours.customer, person(f"Neu{number}"), Terms(role="viewer"), world.rita)


def _more_in_site(world: World, numbers: range) -> None:
    for number in numbers:
        sites.add_network(by(world.rita), world.ours.school, f"192.168.{number + 2}.0/24")
        sites.add_device(by(world.rita), world.ours.school, f"Gerät {number}", f"192.168.1.{number + 20}")


def _more_profiles(world: World, numbers: range) -> None:
    for number in numbers:
        a_profile(world.rita, f"Gerät {number}", NOW)


More = Callable[[World, range], None]


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/levels", _more_levels),
        ("/grants", _more_levels),
        ("/levels/{reseller}/customers", _more_customers),
        ("/levels/{reseller}/sites", _more_sites),
        ("/levels/{school}/grants", _more_grants),
        ("/levels/{school}/grants?above=true", _more_owners),
        ("/levels/{reseller}/events", _more_customers),
        ("/sites/{school}/networks", _more_in_site),
        ("/sites/{school}/devices", _more_in_site),
        ("/profiles", _more_profiles),
        ("/reachable", _more_sites),
    ],
)
def test_longer_lists_need_no_more_queries(world: World, path: str, more: More) -> None:
    caller = as_person(world.rita)
    path = path.format(reseller=world.ours.reseller.key, school=world.ours.school.key)

    def queries() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            answer = caller.get(path)
        assert answer.status == 200
        return len(answer.body["items"]), len(captured)

    more(world, range(1))
    queries()  # the first use of a token is noted
    few, needed = queries()
    more(world, range(1, 4))
    many, needed_then = queries()

    assert needed_then == needed
    assert many > few


def _text(moment: Any) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
