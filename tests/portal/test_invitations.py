"""The other side of an invitation: what it says to whom, how it is answered; the first steps; the page of mails."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from furka.access.rights import LOOK, STRUCTURE
from furka.clock import FakeClock
from furka.outbox.backend import OutboxBackend
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import granting, queries
from furka.tree.granting import Relation, Terms
from furka.tree.models import Kind, Node
from tests.world import NOW, PASSWORD, TONIGHT, World, by, let_in, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


SUPPORTER = Terms(role="supporter", valid_until=TONIGHT, reason="Störung <b>am</b> Kessel")


def link_to(world: World, email: str, terms: Terms = SUPPORTER, node: Node | None = None) -> str:
    grant = granting.invite(by(world.rita), node or world.ours.school, email, terms)
    secret = queries.invitation_secret(grant.series)
    assert secret is not None
    return f"/invitations/{secret}/"


def get(client: Client, address: str, someone: Person | None = None) -> HttpResponse:
    if someone is not None:
        client.force_login(someone)
    return client.get(address, headers={"accept-language": "en"})  # type: ignore[return-value]


def post(client: Client, someone: Person, address: str, data: dict[str, Any] | None = None) -> HttpResponse:
    client.force_login(someone)
    return client.post(address, data or {}, headers={"accept-language": "en"})  # type: ignore[return-value]


def text_of(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().split())


# --- What it says ----------------------------------------------------------------------------------------------------


def test_stranger_reads_who_invites_to_what_until_when(world: World, client: Client) -> None:
    text = text_of(get(client, link_to(world, "neu@example.org")))

    assert ("Rita" in text, "Schulhaus Muster" in text, "Supporter" in text) == (True, True, True)
    assert "Tue 24 Nov 2026, 18:00 CET" in text
    assert ("Störung &lt;b&gt;am" in text, "<b>am" in text) == (True, False)
    assert ("/accept/" in text, "/decline/" in text) == (False, False)


def test_ways_to_log_in_lead_back_and_know_the_address(world: World, client: Client) -> None:
    link = link_to(world, "neu+1@example.org")
    text = text_of(get(client, link)).replace("&amp;", "&")
    signup, login = (re.search(rf'href="(/account/{name}/\?[^"]+)"', text) for name in ("signup", "login"))
    assert signup is not None
    assert login is not None

    assert parse_qs(urlsplit(signup[1]).query) == {"next": [link], "email": ["neu+1@example.org"]}
    assert parse_qs(urlsplit(login[1]).query) == {"next": [link]}
    form = text_of(get(client, signup[1]))
    assert ('value="neu+1@example.org"' in form, f'value="{link}"' in form) == (True, True)


def test_whoever_opens_an_account_for_it_comes_back_to_it(world: World, client: Client) -> None:
    link = link_to(world, "neu@example.org")
    given = {"name": "Neu", "email": "neu@example.org", "password1": PASSWORD, "next": link}
    client.post("/account/signup/", given)
    confirmation = re.search(r"/account/confirm-email/\S+", str(mail.outbox[-1].body))
    assert confirmation is not None

    answer = client.post(confirmation[0])

    assert (answer.status_code, answer.headers["Location"]) == (302, link)
    assert "/accept/" in text_of(get(client, link))
    assert EmailAddress.objects.get(email="neu@example.org").verified


def test_someone_elses_invitation_says_so_and_offers_to_log_out(world: World, client: Client) -> None:
    link = link_to(world, "neu@example.org")
    text = text_of(get(client, link, world.fremd))

    assert ("neu@example.org" in text, "fremd@example.org" in text) == (True, True)
    assert ("/accept/" in text, 'action="/account/logout/"' in text) == (False, True)
    assert client.post("/account/logout/", {"next": link}).headers["Location"] == link


def test_someone_elses_invitation_can_not_be_accepted(world: World, client: Client) -> None:
    link = link_to(world, "neu@example.org")
    assert post(client, world.fremd, f"{link}accept/").status_code == 403
    assert by(world.fremd).may(LOOK, world.ours.school.place) is False


def test_reading_an_invitation_answers_nothing(world: World, client: Client) -> None:
    link = link_to(world, "fremd@example.org")
    assert get(client, f"{link}accept/", world.fremd).status_code == 405
    assert get(client, link, world.fremd).status_code == 200
    assert by(world.fremd).may(LOOK, world.ours.school.place) is False


def test_invitation_is_in_no_cache(world: World, client: Client) -> None:
    answer = get(client, link_to(world, "neu@example.org"))
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("secret", ["unknown", "x" * 300])
def test_link_that_never_was_leads_nowhere(world: World, client: Client, secret: str) -> None:
    assert get(client, f"/invitations/{secret}/").status_code == 404
    assert post(client, world.fremd, f"/invitations/{secret}/accept/").status_code == 404
    assert post(client, world.fremd, f"/invitations/{secret}/decline/").status_code == 404


def test_link_that_is_too_late_says_whom_to_ask(world: World, client: Client, fake_clock: FakeClock) -> None:
    link = link_to(world, "fremd@example.org")
    fake_clock.advance(timedelta(hours=5))

    answer = get(client, link, world.fremd)

    assert (answer.status_code, "ask Rita for a new one" in text_of(answer)) == (410, True)
    assert post(client, world.fremd, f"{link}accept/").status_code == 410
    assert by(world.fremd, NOW + timedelta(hours=5)).may(LOOK, world.ours.school.place) is False


# --- Answering -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "leads_to"),
    [
        (SUPPORTER, "/access/"),
        (Terms(role="viewer"), "level"),
        (Terms(role="technician"), "level"),
        (Terms(role="owner", relation=Relation.STAFF, depth=None), "level"),
    ],
)
def test_accepting_leads_to_what_one_can_do_now(
    world: World, client: Client, terms: Terms, leads_to: str
) -> None:
    link = link_to(world, "fremd@example.org", terms)
    answer = post(client, world.fremd, f"{link}accept/")

    level = f"/levels/{world.ours.school.key}/"
    assert answer.headers["Location"] == (level if leads_to == "level" else leads_to)
    assert get(client, answer.headers["Location"]).status_code == 200
    assert by(world.fremd).may(LOOK, world.ours.school.place)


def test_accepted_link_says_that_it_was_answered(world: World, client: Client) -> None:
    link = link_to(world, "fremd@example.org")
    first, second = (post(client, world.fremd, f"{link}accept/") for _ in range(2))

    assert (first.status_code, second.status_code) == (302, 404)
    assert "already answered" in text_of(get(client, link))
    assert by(world.fremd).may(USE_REMOTE_ACCESS, world.ours.school.place)


def test_declined_invitation_lets_nobody_in(world: World, client: Client) -> None:
    link = link_to(world, "fremd@example.org")
    assert post(client, world.fremd, f"{link}decline/").status_code == 302
    assert by(world.fremd).may(LOOK, world.ours.school.place) is False
    assert get(client, link).status_code == 404


def test_access_is_given_back(world: World, client: Client, fake_clock: FakeClock) -> None:
    [grant] = queries.grants_of(by(world.sonja))
    fake_clock.advance(timedelta(minutes=1))

    assert post(client, world.max, f"/access/granted/{grant.key}/leave/").status_code == 404
    assert post(client, world.sonja, f"/access/granted/{grant.key}/leave/").status_code == 302

    assert by(world.sonja, NOW + timedelta(minutes=1)).may(LOOK, world.ours.school.place) is False
    assert "Schulhaus" not in text_of(get(client, "/access/granted/", world.sonja))


def test_own_access_costs_the_same_with_one_and_with_three(world: World, client: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as made:
            get(client, "/access/granted/")
        return len(made)

    client.force_login(world.sonja)
    cost()
    with_one = cost()
    for node in (world.ours.depot, world.theirs.depot):
        let_in(node, world.sonja, SUPPORTER, world.rita if node == world.ours.depot else world.nora)
    assert cost() == with_one


# --- First steps -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.RESELLER, Kind.CUSTOMER])
def test_level_is_opened_and_owned(world: World, client: Client, kind: Kind) -> None:
    answer = post(client, world.fremd, "/welcome/", {"kind": kind, "name": "Meine Firma"})

    node = Node.objects.everything("a test").get(name="Meine Firma")
    assert answer.headers["Location"] == f"/levels/{node.key}/"
    assert (node.kind, by(world.fremd).may(STRUCTURE, node.place)) == (kind, True)


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"kind": "customer", "name": " "}, 'value="customer" id="id_kind_1" required checked'),
        ({"kind": "operator", "name": "Meine Firma"}, 'value="Meine Firma"'),
        ({}, 'name="name"'),
    ],
)
def test_level_that_can_not_be_opened_loses_nothing(
    world: World, client: Client, data: dict[str, str], kept: str
) -> None:
    answer = post(client, world.fremd, "/welcome/", data)
    assert (answer.status_code, kept in text_of(answer)) == (422, True)
    assert queries.entrances(by(world.fremd)) == []


def test_form_sent_twice_opens_one_level(world: World, client: Client) -> None:
    data = {"kind": "reseller", "name": "Einmal AG", "once": "mark"}
    first, second = (post(client, world.fremd, "/welcome/", data) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert Node.objects.everything("a test").filter(name="Einmal AG").count() == 1


def test_welcome_names_the_invitations_that_wait(world: World, client: Client) -> None:
    link = link_to(world, "fremd@example.org")
    link_to(world, "neu@example.org", node=world.ours.depot)

    text = text_of(get(client, "/welcome/", world.fremd))

    assert (link in text, "Schulhaus Muster" in text, "Werkhof" in text) == (True, True, False)


def test_pages_of_ones_own_are_for_those_who_are_logged_in(world: World, client: Client) -> None:
    for address in ("/welcome/", "/access/granted/", "/invitations/x/accept/"):
        assert get(client, address).headers["Location"].startswith("/account/login/")


# --- Mails of this installation --------------------------------------------------------------------------------------


@pytest.fixture
def _mails(db: None, settings: Settings) -> None:
    settings.OUTBOX_PAGE = True
    text = "Hello <script>alert(1)</script>\nhttp://127.0.0.1:8000/invitations/abc-_x/\n"
    message = mail.EmailMessage("First & <b>best</b>", text, to=["neu@example.org"])
    OutboxBackend().send_messages([message])
    OutboxBackend().send_messages([mail.EmailMessage("Second", "Later", to=["neu@example.org"])])


def outbox(client: Client, rest: str = "") -> HttpResponse:
    return client.get(f"/outbox/{rest}", headers={"host": "127.0.0.1"})  # type: ignore[return-value]


@pytest.mark.usefixtures("_mails")
def test_mails_are_shown_newest_first_with_links_to_click(client: Client) -> None:
    text = outbox(client).content.decode()
    link = "http://127.0.0.1:8000/invitations/abc-_x/"

    assert text.index("Second") < text.index("First &amp;")
    assert re.search(rf'<a href="{link}"[^>]*>{link}</a>', text)
    assert ("<script>alert" in text, "<b>best" in text) == (False, False)


@pytest.mark.usefixtures("_mails")
def test_mails_are_fetched_anew_alone(client: Client) -> None:
    text = text_of(outbox(client, "?part=mails"))
    assert ("<html" in text, 'hx-trigger="every' in text) == (False, True)


@pytest.mark.usefixtures("_mails")
def test_mails_are_not_there_on_other_installations(client: Client, settings: Settings) -> None:
    settings.OUTBOX_PAGE = False
    assert outbox(client).status_code == 404


def test_whoever_has_access_is_offered_another_level(world: World, client: Client) -> None:
    assert "Open another level" in text_of(get(client, "/welcome/", world.sonja))
    assert "Welcome, Neu" in text_of(get(client, "/welcome/", person("Neu")))
