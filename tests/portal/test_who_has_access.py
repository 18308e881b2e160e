"""Wer hat Zugriff?: the pages, the tables and the prints."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from furka.clock import FakeClock
from furka.journal.models import Event
from furka.people.models import Person
from furka.tree.granting import Terms
from tests.portal.pages import count_queries, page, text_of, url
from tests.world import NOW, World, let_in, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def of_person(world: World, someone: Person, rest: str = "") -> str:
    return url(world.ours.school, f"access/people/{someone.key}/{rest}")


def test_page_says_who_why_and_until_when(world: World, client: Client) -> None:
    text = text_of(page(client, world.karl, url(world.ours.school, "access/")))

    for said in ("4 people", "given by Rita: Störung", "from above", "Gemeinde Muster", "around the clock"):
        assert said in text
    assert f"/levels/{world.ours.reseller.key}/" not in text  # Karl may not see that level, only its name
    assert "Muster AG" in text


def test_page_asks_for_a_right_a_person_and_a_moment(world: World, client: Client) -> None:
    address = url(world.ours.school, "access/")
    remote = text_of(page(client, world.karl, address + "?right=connect.use"))
    sonja = text_of(page(client, world.karl, address + "?q=SONJA"))
    then = text_of(page(client, world.karl, address + "?at=2026-11-24T12:30"))

    assert ("max@example.org" in remote, "sonja@example.org" in remote) == (False, True)
    assert ("max@example.org" in sonja, "sonja@example.org" in sonja) == (False, True)
    assert ("ernst@example.org" in then, "This is how it was on" in then) == (True, True)


def test_page_and_print_say_what_was_not_noted_yet(world: World, client: Client) -> None:
    noted = MigrationRecorder.Migration.objects.filter(name="0010_absences_and_strong_times")
    noted.update(applied=NOW - timedelta(hours=1))
    address = url(world.ours.school, "access/")
    early = text_of(page(client, world.karl, address + "?at=2026-11-24T12:30"))
    late = text_of(page(client, world.karl, address + "?at=2026-11-24T13:30"))
    assert ["it was not noted" in text for text in (early, late)] == [True, False]
    client.force_login(world.karl)
    assert client.post(address + "print/?at=2026-11-24T12:30").status_code == 200


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("at=2027-01-01T00:00", "This moment lies in the future."),
        ("at=yesterday", "Please enter a date and a time"),
        ("right=fly", "Select a valid choice"),
    ],
)
def test_wrong_questions_are_answered_beside_the_field(
    world: World, client: Client, query: str, said: str
) -> None:
    answer = page(client, world.karl, url(world.ours.school, f"access/?{query}"))
    assert (answer.status_code, said in text_of(answer)) == (422, True)
    for rest in (f"access/export/csv?{query}", f"access/people/{world.sonja.key}/export/csv?{query}"):
        assert page(client, world.karl, url(world.ours.school, rest)).status_code in (200, 404)


def test_page_of_a_person_says_what_they_reach(world: World, client: Client) -> None:
    text = text_of(page(client, world.karl, of_person(world, world.sonja)))
    assert ("What can Sonja reach?" in text, "Schulhaus Muster" in text, "given by Rita" in text) == (
        True,
        True,
        True,
    )
    assert page(client, world.karl, of_person(world, world.nora)).status_code == 404
    assert page(client, world.max, of_person(world, world.sonja)).status_code == 403


def test_table_holds_no_formula(world: World, client: Client) -> None:
    evil = person("=1+1", "evil@example.org")
    let_in(world.ours.school, evil, Terms(role="viewer", reason="@SUM(A1)"), world.karl)
    answer = page(client, world.karl, url(world.ours.school, "access/export/csv"))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))

    assert rows[0][:2] == ["Name", "E-mail address"]
    [row] = [row for row in rows if row[1] == "evil@example.org"]
    assert (row[0], row[rows[0].index("Reason")]) == ("'=1+1", "'@SUM(A1)")
    reached = page(client, world.karl, of_person(world, evil, "export/csv"))
    assert b"Schulhaus Muster" in b"".join(reached.streaming_content)


def test_print_carries_a_checksum_that_can_be_checked(world: World, client: Client) -> None:
    address = url(world.ours.school, "access/")
    client.force_login(world.karl)
    answer = client.post(f"{address}print/")

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    digest = Event.objects.get(action="record.taken").after["hash"]
    genuine = text_of(page(client, world.karl, f"{address}?hash={digest}"))
    false = text_of(page(client, world.karl, f"{address}?hash={'0' * 64}"))
    assert ("Genuine: printed by Karl" in genuine, "No print with this checksum" in false) == (True, True)
    events = text_of(page(client, world.karl, url(world.ours.school, "events/")))
    assert "Record of who has access printed" in events


def test_print_of_a_person_is_noted_with_the_person(world: World, client: Client) -> None:
    client.force_login(world.karl)
    assert client.post(of_person(world, world.sonja, "print/")).content.startswith(b"%PDF-")
    assert Event.objects.get(action="record.taken").after["person"] == "sonja@example.org"


def test_queries_do_not_grow_with_the_people(world: World, client: Client) -> None:
    addresses = [
        url(world.ours.school, "access/"),
        url(world.ours.reseller, f"access/people/{world.sonja.key}/"),
    ]
    few = [count_queries(client, world.rita, address) for address in addresses]
    for number in range(5):
        let_in(world.ours.school, person(f"Neu{number}"), Terms(role="viewer"), world.rita)
        let_in(world.ours.depot, world.sonja, Terms(role="viewer"), world.rita)

    assert [count_queries(client, world.rita, address) for address in addresses] == few


def test_everybody_is_said_once_however_many_grants(world: World, client: Client) -> None:
    let_in(world.ours.school, world.sonja, Terms(role="viewer"), world.karl)
    text = text_of(page(client, world.karl, url(world.ours.school, "access/")))
    assert "4 people" in text
    assert len(re.findall("mailto:sonja@example.org", text)) == 2


def test_moment_is_on_the_clock_of_the_level(world: World, client: Client, fake_clock: FakeClock) -> None:
    """14:00 in Zurich is 13:00 UTC; the page says that it is over."""
    fake_clock.advance(timedelta(minutes=5))
    text = text_of(page(client, world.karl, url(world.ours.school, "access/?at=2026-11-24T14:00")))
    assert "This is how it was on Tue 24 Nov 2026, 14:00" in text
