"""May this person reach that device on that port now, and why? Each answer with the grant and everything on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import cast

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from furka.access.narrowing import Narrowing, PortNumber
from furka.access.policy import Reason
from furka.access.windows import WeeklyWindow
from furka.catalogue.operations import configure
from furka.clock import FakeClock
from furka.errors import Invalid, NotThere
from furka.people.models import Person
from furka.services.connect import operations as connect
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.services.connect.queries import profiles_of
from furka.services.connect.why import Answer, answer, asked, people_to_ask_about
from furka.services.connect.why_words import lead_words
from furka.sites.models import Device, Gateway
from furka.sites.operations import add_device
from furka.sites.queries import devices_of
from furka.tree import ceilings, changing, granting, lifecycle, requesting
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Terms
from furka.tree.leads import Lead
from furka.tree.models import Node
from furka.tree.queries import GrantView, grant_of_key, grants_on
from furka.tree.requesting import Wish
from furka.tunnel.models import Hub
from tests.api.caller import as_person
from tests.world import NOW, TONIGHT, World, by, let_in

pytestmark = pytest.mark.django_db

WEB = PortNumber("tcp", 80)


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock, world: World) -> None:
    """Everything happens at NOW; the gateway of the school is online."""
    Hub.objects.update(seen_at=NOW)
    here = Gateway.objects.everything("test").filter(node=world.ours.school)
    here.update(online=True, handshake_at=NOW, online_changed_at=NOW)


def heating(world: World) -> Device:
    return devices_of(by(world.rita), world.ours.school)[0].device


def ask(
    world: World, whom: Person, asker: Person | None = None, device: str = "", port: PortNumber = WEB
) -> Answer:
    """What is answered about a port of the heating (or another device) at the school."""
    me = by(asker or world.rita)
    return answer(me, asked(me, world.ours.school, whom.key, device or heating(world).key, "", port))


def states(found: Answer) -> dict[str, str]:
    return {check.what: check.code for check in found.checks}


def grant_key(world: World, whom: Person, node: Node | None = None) -> str:
    views = grants_on(by(world.rita), node or world.ours.school)
    return next(view.key for view in views if view.email == whom.email)


def change(world: World, whom: Person, **terms: object) -> None:
    row = grant_of_key(by(world.rita), world.ours.school, grant_key(world, whom))
    assert row is not None
    changing.change(by(world.rita), row, replace(changing.terms_of(row), **terms))  # type: ignore[arg-type]


def test_who_may_is_told_with_the_grant_that_allows_it(world: World) -> None:
    found = ask(world, world.sonja)
    assert (found.word, found.why.decision.allowed, found.why.until) == ("yes", True, TONIGHT)
    [lead] = found.why.leads
    assert (lead.code, lead.grant.granted_by, lead.grant.reason) == ("leads", "Rita", "Störung")
    assert states(found)["end"] == "not-connected"
    # Through a level above, and until revoked.
    found = ask(world, world.karl)
    assert (found.why.decision.allowed, found.why.until) == (True, None)
    assert [lead.grant.node.pk for lead in found.why.leads] == [world.ours.customer.pk]


def test_who_may_not_is_told_what_is_missing(world: World) -> None:
    assert (ask(world, world.max).why.decision.reason, ask(world, world.max).word) == ("right-missing", "no")
    gone = ask(world, world.ernst)
    assert (gone.why.decision.reason, [lead.code for lead in gone.why.leads]) == ("not-visible", ["expired"])

    row = grant_of_key(by(world.rita), world.ours.school, grant_key(world, world.sonja))
    assert row is not None
    changing.pause(by(world.rita), row)
    assert [lead.code for lead in ask(world, world.sonja).why.leads] == ["paused"]


def test_windows_say_when_it_opens_by_itself(world: World) -> None:
    hours = (WeeklyWindow(frozenset({1}), time(16), time(17)),)
    change(world, world.sonja, windows=hours)
    found = ask(world, world.sonja)
    assert found.why.opens_at is not None
    assert found.why.opens_at > NOW
    [lead] = found.why.leads
    assert (lead.code, lead.opens_at) == ("not-now", found.why.opens_at)


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        (CeilingTerms(rights=("look",)), "ceiling"),
        (CeilingTerms(approval=(USE_REMOTE_ACCESS.key,)), "approval"),
        (CeilingTerms(two_factor=True), "two-factor"),
    ],
)
def test_what_an_owner_wants_is_told_with_the_level(world: World, terms: CeilingTerms, reason: str) -> None:
    if terms.two_factor:
        # Whoever sets it must have one.
        Authenticator.objects.create(user=world.karl, type=Authenticator.Type.TOTP, data={})
    ceilings.set_ceiling(by(world.karl), world.ours.customer, terms)
    found = ask(world, world.sonja, world.karl)
    assert (found.why.decision.reason, found.word) == (reason, "no")
    assert {(each.level.pk, each.reason) for each in found.why.closings} == {(world.ours.customer.pk, reason)}
    assert [lead.code for lead in found.why.leads] == [reason]


def test_a_request_that_waits_is_told(world: World) -> None:
    terms = CeilingTerms(approval=(USE_REMOTE_ACCESS.key,))
    ceilings.set_ceiling(by(world.karl), world.ours.school, terms)
    row = requesting.ask(by(world.sonja), world.ours.school, Wish((USE_REMOTE_ACCESS.key,), 60, "Störung"))
    found = ask(world, world.sonja, world.karl)
    assert found.why.request is not None
    assert found.why.request.key == row.key


def test_a_part_leads_to_its_devices_and_ports_only(world: World) -> None:
    camera = add_device(by(world.rita), world.ours.school, "Kamera", "192.168.1.20", "camera", web=True)
    part = Narrowing(devices=frozenset({heating(world).key}), ports=frozenset({WEB}))
    change(world, world.sonja, narrowing=part)
    assert ask(world, world.sonja).why.decision.allowed
    for found in (
        ask(world, world.sonja, device=camera.key),
        ask(world, world.sonja, port=PortNumber("tcp", 502)),
    ):
        assert found.why.decision.reason == "narrowed"
        assert [lead.code for lead in found.why.leads] == ["narrowed"]
    me = by(world.rita)
    anywhere = answer(me, asked(me, world.ours.school, world.sonja.key, heating(world).key))
    assert (anywhere.why.decision.reason, anywhere.ports) == ("narrowed", (WEB,))


def test_everything_on_the_way_is_looked_at(world: World) -> None:
    school, rows = world.ours.school, Gateway.objects.everything("test")
    here = rows.filter(node=school)
    configure(by(world.rita), school, "connect", {"enabled": False})
    found = ask(world, world.sonja)
    assert (found.word, found.why.decision.allowed, states(found)["service"]) == ("no", True, "service-off")
    configure(by(world.rita), school, "connect", {"enabled": True})

    here.update(online=False)
    assert (ask(world, world.sonja).word, states(ask(world, world.sonja))["gateway"]) == (
        "no",
        "gateway-offline",
    )
    here.update(handshake_at=None)
    assert states(ask(world, world.sonja))["gateway"] == "never-connected"
    here.update(online=True, handshake_at=NOW, cut_by="network", cut_at=NOW)
    assert states(ask(world, world.sonja))["switch"] == "cut-at-the-plant"
    here.update(cut_by="", missing_networks=["192.168.1.0/24"])
    assert (ask(world, world.sonja).word, states(ask(world, world.sonja))["network"]) == (
        "unknown",
        "network-not-seen",
    )
    here.update(missing_networks=[])
    Hub.objects.update(seen_at=NOW - timedelta(minutes=5))
    assert (ask(world, world.sonja).word, states(ask(world, world.sonja))["gateway"]) == (
        "unknown",
        "hub-silent",
    )
    here.update(released_at=NOW)
    assert states(ask(world, world.sonja))["gateway"] == "without-gateway"


def test_ones_own_devices_count(world: World) -> None:
    profiles_of(by(world.sonja))[0].__class__.objects.filter(person=world.sonja).update(online=True)
    assert states(ask(world, world.sonja))["end"] == "connected"
    connect.revoke_profile(by(world.sonja), profiles_of(by(world.sonja))[0].key)
    # The heating has a page of its own, which needs no device of the person.
    assert (ask(world, world.sonja).word, states(ask(world, world.sonja))["end"]) == (
        "yes",
        "only-in-browser",
    )
    Hub.objects.update(pages="")
    assert states(ask(world, world.sonja))["end"] == "all-blocked"
    assert states(ask(world, world.karl))["end"] == "no-profile"


def test_an_archived_site_is_told(world: World) -> None:
    lifecycle.archive(by(world.rita), world.ours.school)
    school = (
        Node.objects.everything("test").select_related("reseller", "customer").get(pk=world.ours.school.pk)
    )
    me = by(world.rita)
    found = answer(me, asked(me, school, world.sonja.key, heating(world).key, "", WEB))
    assert (found.word, found.why.decision.reason) == ("no", "archived")


def test_one_asks_about_oneself_and_who_administers_people_about_others(world: World) -> None:
    assert ask(world, world.sonja, world.sonja).word == "yes"
    assert [person.pk for person in people_to_ask_about(by(world.sonja), world.ours.school)] == [
        world.sonja.pk
    ]
    for asker in (world.sonja, world.max):
        with pytest.raises(NotThere):
            ask(world, world.karl, asker)
    # Whoever never held anything here is nobody's business.
    for stranger in (world.fremd, world.nora):
        with pytest.raises(NotThere):
            ask(world, stranger)
    names = {person.name for person in people_to_ask_about(by(world.rita), world.ours.school)}
    assert names == {"Rita", "Karl", "Sonja", "Max"}


def test_an_address_is_asked_about_in_the_plant_or_in_the_tunnel(world: World) -> None:
    me, school = by(world.rita), world.ours.school
    for text in ("192.168.1.77", str(devices_of(me, school)[0].reached_at).rsplit(".", 1)[0] + ".77"):
        found = asked(me, school, world.sonja.key, "", text, WEB)
        assert (str(found.address), found.device) == ("192.168.1.77", None)
        assert answer(me, found).why.decision.allowed
    assert asked(me, school, "", "", "192.168.1.10").device == heating(world)
    for wrong in ("10.9.9.9", "127.0.0.1", "heizung", ""):
        with pytest.raises(Invalid):
            asked(me, school, "", "", wrong, WEB)
    # Whoever sees a part learns nothing about the rest of it.
    add_device(me, school, "Kamera", "192.168.1.20", "camera", web=True)
    change(world, world.sonja, narrowing=Narrowing(devices=frozenset({heating(world).key})))
    for hidden in ("192.168.1.20", "192.168.1.99"):
        with pytest.raises(Invalid) as refused:
            asked(by(world.sonja), school, "", "", hidden, WEB)
        assert refused.value.fields.keys() == {"address"}


def test_an_invitation_that_nobody_has_accepted_is_told(world: World) -> None:
    change_of_mind = Terms(role="supporter")
    granting.invite(by(world.rita), world.ours.school, world.max.email, change_of_mind)
    assert {lead.code for lead in ask(world, world.max).why.leads} == {"right-missing", "invited"}


def test_the_page_and_the_api_say_the_same(world: World, client: Client) -> None:
    client.force_login(world.rita)
    path = f"/levels/{world.ours.school.key}/services/connect/why/"
    assert client.get(path).status_code == 200
    query = {"person": world.sonja.key, "device": heating(world).key, "protocol": "tcp", "port": "80"}
    page = client.get(path, query)
    told = as_person(world.rita).get(
        f"/sites/{world.ours.school.key}/connect/why",
        person=world.sonja.key,
        device=heating(world).key,
        port="tcp/80",
    )
    assert (page.status_code, told.status) == (200, 200)
    assert (page.context["answer"].word, told.body["word"], told.body["reason"]) == ("yes", "yes", "granted")
    assert (page.context["verdict"], told.body["sentence"]) == (
        "Ja, das ist jetzt erreichbar.",
        "Yes, this is reached now.",
    )
    assert client.get(path, {"person": world.sonja.key}).status_code == 422
    assert client.get(path, {**query, "port": "99999"}).status_code == 422
    # Each reason that there is has its words.
    configure(by(world.rita), world.ours.school, "connect", {"enabled": False})
    assert client.get(path, query).context["answer"].word == "no"


def test_a_second_grant_that_leads_there_is_enough(world: World) -> None:
    row = grant_of_key(by(world.rita), world.ours.school, grant_key(world, world.sonja))
    assert row is not None
    changing.pause(by(world.rita), row)
    let_in(world.ours.customer, world.sonja, Terms(role="supporter"), world.karl)
    found = ask(world, world.sonja)
    assert (found.word, [lead.code for lead in found.why.leads]) == ("yes", ["leads", "paused"])


def test_every_reason_of_the_policy_has_its_words() -> None:
    for reason in set(Reason) - {Reason.GRANTED}:
        assert lead_words(Lead(cast("GrantView", None), reason), "Europe/Zurich") not in ("", str(reason))
