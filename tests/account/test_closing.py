"""The end of an account: what it opens ends at once, it can be taken back, then it is forgotten."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from furka.access.rights import LOOK
from furka.account import closing
from furka.account.export import archive_of
from furka.clock import FakeClock
from furka.dispatch.models import PlanEntry
from furka.errors import Conflict
from furka.gate.tokens import acting_with, issue_token
from furka.journal.chain import verify
from furka.journal.models import Chain, Event
from furka.people.models import Person
from furka.services.connect.queries import profiles_of
from furka.tree import queries
from furka.tree.granting import Relation, Terms
from furka.tree.operation import program
from tests.world import NOW, PASSWORD, World, a_login, by, let_in

OVER = NOW + closing.UNDO


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def fresh(person: Person) -> Person:
    return Person.objects.get(pk=person.pk)


def test_everything_ends_at_once(world: World, client: Client) -> None:
    secret = issue_token(by(world.sonja), "Skript", NOW + timedelta(days=30)).secret
    client.force_login(world.sonja)
    client.get("/account/me/")
    doors = PlanEntry.objects.filter(person_id=world.sonja.pk, gone=False)
    assert doors.exists()
    closing.close_account(by(world.sonja))
    assert queries.grants_of(by(world.sonja)) == []
    assert not by(fresh(world.sonja)).may(LOOK, world.ours.school.place)
    assert [each.revoked_at is None for each in profiles_of(by(world.sonja))] in ([], [False])
    assert acting_with(secret, NOW) is None
    assert not doors.exists()
    assert client.get("/account/me/").status_code == 302
    assert "Ihr Konto ist geschlossen" in [each.subject for each in mail.outbox]


def test_levels_that_nobody_else_owns_come_first(world: World, client: Client) -> None:
    what = closing.consequences(by(world.rita))
    assert [node.name for node in what.owned_alone] == ["Muster AG"]
    with pytest.raises(Conflict, match="Muster AG"):
        closing.close_account(by(world.rita))
    owner = Terms(role="owner", relation=Relation.STAFF, depth=None)
    let_in(world.ours.reseller, world.fremd, owner, world.rita)
    assert closing.consequences(by(world.rita)).owned_alone == ()
    closing.close_account(by(world.rita))
    assert by(world.fremd).may(LOOK, world.ours.reseller.place)
    # Whoever is closing counts as nobody: now the other one is alone.
    assert [node.name for node in closing.consequences(by(world.fremd)).owned_alone] == ["Muster AG"]


def test_page_says_what_happens_in_numbers_and_names_levels(world: World) -> None:
    sonja, rita = sure(world.sonja), sure(world.rita)
    what = sonja.get("/account/close/").context["what"]
    assert (what.accesses, what.devices, what.sessions) == (1, 1, 1)
    assert "Muster AG" in rita.get("/account/close/").content.decode()
    assert sonja.post("/account/close/").status_code == 200
    assert fresh(world.sonja).closing_since is not None


def sure(person: Person) -> Client:
    """Their browser, in which they have just given their password again."""
    person.set_password(PASSWORD)
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    client = Client()
    client.post("/account/login/", {"login": person.email, "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def test_nobody_closes_or_exports_without_a_fresh_proof(world: World, client: Client) -> None:
    world.sonja.set_password(PASSWORD)
    world.sonja.save()
    client.force_login(world.sonja)
    for answer in (client.post("/account/close/"), client.get("/account/data/export/")):
        assert answer.status_code == 302
        assert "/account/reauthenticate/" in answer.headers["Location"]
    assert fresh(world.sonja).closing_since is None


def test_it_can_be_taken_back_by_logging_in(world: World) -> None:
    client = sure(world.sonja)
    closing.close_account(by(world.sonja))
    client.post("/account/login/", {"login": world.sonja.email, "password": PASSWORD})
    assert client.get("/").headers["Location"] == "/account/closed/"
    assert client.get("/api/v1/me").status_code == 401
    assert client.get("/account/closed/").status_code == 200
    client.post("/account/closed/reopen/")
    assert fresh(world.sonja).closing_since is None
    assert client.get("/account/me/").status_code == 200
    assert queries.grants_of(by(world.sonja)) == []  # what had ended stays so


def test_after_two_weeks_nothing_says_who_it_was_but_the_journal(world: World) -> None:
    a_login(world.sonja)
    world.sonja.phone = "044 123 45 67"
    world.sonja.save()
    closing.close_account(by(world.sonja))
    worker = program("worker", OVER - timedelta(seconds=1))
    assert closing.forget_closed(worker) == 0
    assert closing.forget_closed(program("worker", OVER)) == 1
    assert closing.forget_closed(program("worker", OVER)) == 0
    gone = fresh(world.sonja)
    assert (gone.name, gone.phone, gone.is_active, "sonja" in gone.email) == ("", "", False, False)
    rows = [view.email for view in queries.grants_on(by(world.rita), world.ours.school, ended=True)]
    assert not any("sonja" in email for email in rows)
    assert Event.objects.filter(actor_name="Sonja").exists()
    assert [fault for chain in Chain.objects.all() for fault in verify(chain)] == []
    with pytest.raises(Conflict):
        closing.reopen(by(world.sonja), gone)


def test_export_has_what_is_kept_and_no_secrets(world: World) -> None:
    issued = issue_token(by(world.sonja), "=Skript()", NOW + timedelta(days=30))
    with zipfile.ZipFile(io.BytesIO(archive_of(by(world.sonja)))) as archive:
        names = set(archive.namelist())
        everything = b"".join(archive.read(name) for name in names).decode()
        assert {
            "README.txt",
            "person.json",
            "person.csv",
            "access.json",
            "events.csv",
            "devices.json",
        } <= names
        assert json.loads(archive.read("person.json"))[0]["email"] == world.sonja.email
        assert [row["level"] for row in json.loads(archive.read("access.json"))] == ["Schulhaus Muster"]
        assert "'=Skript()" in archive.read("tokens.csv").decode()
    assert issued.secret not in everything
    assert "nora" not in everything


def test_export_page_gives_a_file(world: World) -> None:
    answer = sure(world.sonja).get("/account/data/export/")
    assert answer.headers["Content-Type"] == "application/zip"
    assert "no-store" in answer.headers["Cache-Control"]
