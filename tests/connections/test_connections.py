"""Who is and was inside: what hubs report becomes rows; ending one closes every door of that person there."""

from __future__ import annotations

import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from openpyxl import load_workbook

from furka.access.policy import Reason
from furka.access.rights import PEOPLE
from furka.connections.models import Connection
from furka.connections.operations import end_connection
from furka.connections.queries import Sought, connections_of, own_connections, running
from furka.dispatch.models import PlanEntry
from furka.errors import Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.people.models import Person
from furka.people.notices import choose
from furka.portal.connections_export import _batch
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import keeping_out, moving
from furka.tree.models import Node
from furka.tree.own_limits import held_back
from tests.portal.pages import count_queries, page, text_of, url
from tests.world import NOW, World, a_connection, an_open_page, by

pytestmark = pytest.mark.usefixtures("fake_clock")

MINUTE = timedelta(minutes=1)


def doors(site: Node, person: Person) -> list[tuple[int, int | None]]:
    """When the doors of somebody there open and close, in minutes from now."""
    rows = PlanEntry.objects.filter(gone=False, site_id=site.pk, person_id=person.pk, key__startswith="door/")
    found = []
    for row in rows:
        begin = int(row.key.split("/")[3]) / 1000 - NOW.timestamp()
        found.append((round(begin / 60), None if row.not_after is None else (row.not_after - NOW) // MINUTE))
    return sorted(found)


def test_what_passes_is_seen_while_it_runs_and_stays_when_it_has_ended(world: World) -> None:
    school = world.ours.school
    began = a_connection(world)
    a_connection(world, bytes=5_000_000, answered_bytes=4_900_000)
    [row] = running(connections_of(by(world.karl), school))
    assert (row.pk, row.to_site, row.from_site, row.begun_with) == (began.pk, 100_000, 4_900_000, "Laptop")
    assert (row.customer_id, row.reseller_id) == (school.customer_id, school.reseller_id)

    a_connection(world, bytes=6_000_000, answered_bytes=5_000_000, ended_at=NOW, ended_by="idle")
    assert running(connections_of(by(world.karl), school)) == []
    [row] = connections_of(by(world.karl), world.ours.customer)
    assert (row.bytes, row.ended_at, row.ended_by) == (6_000_000, NOW, "idle")
    said = Event.objects.filter(action__startswith="access.").order_by("id").values_list("action", flat=True)
    assert list(said) == ["access.began", "access.ended"]


def test_an_end_lasts_as_long_as_was_said_and_closes_tunnel_and_page(world: World) -> None:
    sonja, school = by(world.sonja), world.ours.school
    an_open_page(sonja, school)
    assert len(doors(school, world.sonja)) == 2
    end_connection(by(world.karl), a_connection(world), 15 * MINUTE)

    decision = by(world.sonja).decide(USE_REMOTE_ACCESS, school.place)
    assert (decision.allowed, decision.reason) == (False, Reason.KEPT_OUT)
    assert doors(school, world.sonja) == [(15, 240)]  # the kernel opens it again by itself
    assert by(world.sonja, NOW + 15 * MINUTE).may(USE_REMOTE_ACCESS, school.place)
    [waits] = held_back(by(world.sonja), USE_REMOTE_ACCESS)
    assert (waits.node, waits.reason, waits.opens_at) == (school, Reason.KEPT_OUT, NOW + 15 * MINUTE)
    assert Event.objects.get(action="connection.cut").after["name"] == "Sonja"
    assert [letter.to for letter in mail.outbox][-1] == [world.sonja.email]


def test_whoever_administers_people_lets_in_again_and_nobody_else(world: World) -> None:
    school = world.ours.school
    end_connection(by(world.rita), a_connection(world))
    [row] = keeping_out.kept_out_of(by(world.karl), school)
    assert keeping_out.kept_out_of(by(world.nora), school) == []
    for stranger in (world.sonja, world.max):
        with pytest.raises(Refused):
            keeping_out.let_back_in(by(stranger), row)
    with pytest.raises(NotThere):
        keeping_out.come_back(by(world.sonja), row.key)
    assert doors(school, world.sonja) == []

    keeping_out.let_back_in(by(world.karl), row)
    assert doors(school, world.sonja) == [(-1440, 240)]
    assert keeping_out.kept_out_of(by(world.karl), school) == []


def test_everybody_leaves_and_comes_back_by_themselves(world: World) -> None:
    school = world.ours.school
    end_connection(by(world.sonja), a_connection(world))
    assert not by(world.sonja).may(USE_REMOTE_ACCESS, school.place)
    [row] = keeping_out.own_absences(by(world.sonja))

    # Whoever is kept out by somebody else can't make it their own by leaving.
    keeping_out.keep_out(by(world.karl), school, world.sonja, [USE_REMOTE_ACCESS], MINUTE)
    with pytest.raises(NotThere):
        keeping_out.come_back(by(world.sonja), keeping_out.own_absences(by(world.sonja))[0].key)
    keeping_out.leave(by(world.sonja), school, [USE_REMOTE_ACCESS])
    [theirs] = keeping_out.own_absences(by(world.sonja))
    assert not keeping_out.is_own(theirs)

    keeping_out.let_back_in(by(world.karl), theirs)
    keeping_out.leave(by(world.sonja), school, [USE_REMOTE_ACCESS])
    [row] = keeping_out.own_absences(by(world.sonja))
    keeping_out.come_back(by(world.sonja), row.key)
    assert by(world.sonja).may(USE_REMOTE_ACCESS, school.place)
    acts = (
        Event.objects.filter(action__startswith="connection.").order_by("id").values_list("action", flat=True)
    )
    assert list(acts) == [
        "connection.left",
        "connection.cut",
        "connection.allowed",
        "connection.left",
        "connection.back",
    ]


def test_owners_can_be_kept_out_too_and_still_administer(world: World) -> None:
    school = world.ours.school
    keeping_out.keep_out(by(world.rita), school, world.karl, [USE_REMOTE_ACCESS])
    karl = by(world.karl)
    assert (karl.may(USE_REMOTE_ACCESS, school.place), karl.may(PEOPLE, school.place)) == (False, True)
    [row] = keeping_out.kept_out_of(karl, school)
    keeping_out.let_back_in(karl, row)
    assert by(world.karl).may(USE_REMOTE_ACCESS, school.place)


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(days=31)])
def test_a_break_is_neither_nothing_nor_for_ever(world: World, lasts: timedelta) -> None:
    with pytest.raises(Invalid):
        end_connection(by(world.karl), a_connection(world), lasts)


def test_what_happened_is_read_by_whoever_had_the_site_then(world: World) -> None:
    a_connection(world, ended_at=NOW, ended_by="idle")
    for someone, seen in ((world.karl, 1), (world.rita, 1), (world.nora, 0), (world.sonja, 0)):
        assert len(connections_of(by(someone), world.ours.school)) == seen
    depot, sonja = world.ours.depot, Person.objects.get(pk=world.sonja.pk)
    Connection.objects.create(
        node=depot,
        reseller_id=depot.reseller_id,
        person=sonja,
        hub=world.hub,
        token="x",
        began_at=NOW,
        told_at=NOW,
    )
    moving.move(by(world.rita), depot, world.ours.customer)
    depot.refresh_from_db()
    assert len(connections_of(by(world.rita), depot)) == 1
    assert len(connections_of(by(world.karl), depot)) == 0


def test_filters_find_what_was_sought(world: World) -> None:
    karl, school = by(world.karl), world.ours.school
    a_connection(world)
    a_connection(world, 7200, ended_at=NOW - timedelta(hours=1), ended_by="closed")
    hour_ago = NOW - timedelta(hours=1)
    for sought, count in (
        (Sought(), 2),
        (Sought(text="sonj"), 2),
        (Sought(text="nobody"), 0),
        (Sought(person=world.sonja.key, site=school.key), 2),
        (Sought(way="page"), 0),
        (Sought(way="tunnel"), 2),
        (Sought(way="relay"), 0),
        (Sought(way="balloon"), 0),
        (Sought(since=hour_ago), 1),
        (Sought(before=hour_ago), 1),
        (Sought(running=True), 1),
    ):
        assert connections_of(karl, school, sought).count() == count, sought
    assert own_connections(by(world.sonja)).count() == 2
    assert own_connections(by(world.karl)).count() == 0


def test_pages_show_end_and_let_in_again(world: World, client: Client) -> None:
    school = world.ours.school
    row = a_connection(world)
    text = text_of(page(client, world.karl, url(school, "connections/")))
    assert ("Sonja" in text, "for 5 min" in text, "2.9 MB" in text) == (True, True, True)
    assert "Schulhaus Muster" in text_of(
        page(client, world.rita, url(world.ours.reseller, "connections/?part=now"))
    )
    assert page(client, world.sonja, url(school, "connections/")).status_code == 403

    client.force_login(world.karl)
    ended = client.post(url(school, f"connections/{row.key}/end/"), {"minutes": "60"})
    assert (ended.status_code, by(world.sonja).may(USE_REMOTE_ACCESS, school.place)) == (302, False)
    [kept] = keeping_out.kept_out_of(by(world.karl), school)
    assert "1 h left" in text_of(page(client, world.karl, url(school, "connections/")))
    assert client.post(url(school, f"connections/kept-out/{kept.key}/let-in/")).status_code == 302
    assert by(world.sonja).may(USE_REMOTE_ACCESS, school.place)


def test_ones_own_page_shows_where_one_is_and_leaves(world: World, client: Client) -> None:
    row = a_connection(world)
    text = text_of(page(client, world.sonja, "/access/"))
    assert ("Where you are inside" in text, f"/access/connections/{row.key}/end/" in text) == (True, True)
    assert client.post(f"/access/connections/{row.key}/end/").status_code == 302
    text = text_of(page(client, world.sonja, "/access/"))
    [absence] = keeping_out.own_absences(by(world.sonja))
    assert ("You left" in text, "Kept out for a while" in text) == (True, False)
    assert client.post(f"/access/absences/{absence.key}/end/").status_code == 302
    assert by(world.sonja).may(USE_REMOTE_ACCESS, world.ours.school.place)
    assert "Schulhaus Muster" in text_of(page(client, world.sonja, "/access/connections/"))


def test_list_goes_out_as_a_table(world: World, client: Client) -> None:
    a_connection(world, ended_at=NOW, ended_by="idle")
    address = url(world.ours.customer, "connections/export/")
    book = load_workbook(io.BytesIO(b"".join(page(client, world.karl, f"{address}xlsx"))))
    head, line = book.worksheets[0].iter_rows(values_only=True)
    assert (head[0], line[0], line[7], line[11]) == (
        "Person",
        "Sonja",
        "2026-11-24 13:55:00+01:00",
        "2900000",
    )
    answer = page(client, world.karl, f"{address}csv?q=nobody")
    assert answer.headers["Content-Disposition"].endswith(f'{world.ours.customer.key}-2026-11-24.csv"')
    text, following = _batch(connections_of(by(world.karl), world.ours.customer), ZoneInfo("UTC"), "")
    assert (text[:6], following) == ("Sonja,", None)
    assert page(client, world.karl, f"{address}pdf").status_code == 404


def test_pages_cost_the_same_however_many_there_are(world: World, client: Client) -> None:
    addresses = [
        (world.rita, url(world.ours.reseller, "connections/")),
        (world.sonja, "/access/connections/"),
    ]
    a_connection(world, 10)
    a_connection(world, 11, ended_at=NOW)
    few = [count_queries(client, who, address) for who, address in addresses]
    for number in range(12, 30):
        a_connection(world, number, **({"ended_at": NOW} if number % 2 else {}))
    assert [count_queries(client, who, address) for who, address in addresses] == few


# --- Owners are told of first access ---------------------------------------------------------------------------------


@pytest.fixture
def told(world: World) -> World:
    """Karl wants to know who enters for the first time."""
    choose(world.karl, ["first-access"])
    return world


def letters() -> list[tuple[str, str]]:
    return [(letter.to[0], str(letter.subject)) for letter in mail.outbox if "Zugriff auf" in letter.subject]


def test_owners_who_chose_it_are_told_of_a_first_access_once(told: World) -> None:
    mail.outbox.clear()
    a_connection(told, 10, ended_at=NOW)
    a_connection(told, 9)
    assert letters() == [(told.karl.email, "Erster Zugriff auf «Schulhaus Muster»")]
    Connection.objects.everything("a test").update(began_at=NOW - timedelta(days=31))
    a_connection(told, 8)
    assert len(letters()) == 2


def test_own_staff_is_no_news_and_nobody_is_told_who_did_not_choose_it(told: World) -> None:
    mail.outbox.clear()
    a_connection(told, 10, profile=told.rita.profiles.get().key)
    assert letters() == [
        (told.karl.email, "Erster Zugriff auf «Schulhaus Muster»")
    ]  # the reseller's, not his own
    choose(told.karl, [])
    a_connection(told, 9)
    assert len(letters()) == 1
    key = told.rita.profiles.get().key
    choose(told.rita, ["first-access"])
    a_connection(told, 8, profile=key, site_name=told.ours.depot.key)
    assert len(letters()) == 1
