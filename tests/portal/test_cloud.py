"""The pages about the state of the cloud: what they say to whom, and that they never say that all is well unseen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from furka.clock import FakeClock
from furka.probes.found import Level
from furka.status.kinds import EVERY, Kind
from furka.status.models import Component, Incident, Part, Result, Span, Update
from furka.status.spans import day_of, hour_of
from furka.tree.operation import program
from furka.tree.queries import operator
from furka.tree.staff import open_operator_session
from tests.portal.pages import page, text_of, url
from tests.status.measured import a_look, an_incident, measure
from tests.world import NOW, World, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def test_the_page_says_that_all_works_and_when_it_was_looked(world: World, client: Client) -> None:
    measure(a_look(Kind.PORTAL), a_look(Kind.HUB, hub=world.hub), at=NOW - EVERY)
    shown = text_of(page(client, world.rita, "/cloud/"))
    assert "The cloud works." in shown
    assert "Hub hub-1" in shown
    assert "100.00 %" in shown


def test_without_looks_nobody_says_that_all_is_well(
    world: World, client: Client, fake_clock: FakeClock
) -> None:
    assert "Nobody knows" in text_of(page(client, world.rita, "/cloud/"))
    measure(a_look(Kind.PORTAL), at=NOW)
    fake_clock.advance(timedelta(minutes=5))
    for address in ("/cloud/", url(world.ours.reseller, "cloud/"), url(world.ours.reseller)):
        shown = text_of(page(client, world.rita, address))
        assert "Nobody knows how the cloud is right now." in shown
        assert "The cloud works." not in shown


def test_a_level_sees_its_own_sites_that_are_touched_and_nobody_elses(world: World, client: Client) -> None:
    an_incident(Kind.HUB, world.hub, at=NOW - 4 * EVERY)
    for who, level, mine, not_mine in (
        (world.rita, world.ours.reseller, "Werkhof Muster", "Nachbar"),
        (world.nora, world.theirs.reseller, "Werkhof Nachbar", "Muster"),
    ):
        shown = text_of(page(client, who, url(level, "cloud/")))
        assert mine in shown
        assert not_mine not in shown
        assert "2 of your sites are touched" in shown
        assert "Does not work" in shown
        key = Incident.objects.get().key
        assert not_mine not in text_of(page(client, who, f"/cloud/incidents/{key}/"))


def test_the_overview_says_it_in_one_line(world: World, client: Client) -> None:
    an_incident(Kind.MAIL, at=NOW - 4 * EVERY)
    shown = text_of(page(client, world.rita, url(world.ours.reseller)))
    assert "A part of the cloud does not work. Mail" in shown


def test_the_operator_says_how_it_goes_in_the_language_of_the_reader(world: World, client: Client) -> None:
    row = an_incident(Kind.MAIL, at=NOW - 4 * EVERY)
    olga = person("Olga")
    open_operator_session(program("command line", NOW), olga, "a test")
    assert "Publish" in text_of(page(client, olga, f"/cloud/incidents/{row.key}/"))
    address = f"/levels/{operator().key}/cloud/incidents/{row.key}/"
    assert client.post(f"{address}say/", {"stage": "identified"}).status_code == 422
    sent = {"stage": "identified", "text_de": "Der Server steht.", "text_en": "The server is down."}
    assert client.post(f"{address}say/", sent).status_code == 302
    assert client.post(f"{address}explain/", {"text_de": "Kabel.", "text_en": "A cable."}).status_code == 302
    for language, said in (("en", "The server is down."), ("de", "Der Server steht."), ("it", "Der Server")):
        client.force_login(world.rita)
        shown = client.get(f"/cloud/incidents/{row.key}/", HTTP_ACCEPT_LANGUAGE=language)
        assert said in text_of(shown)
    assert "Publish" not in text_of(page(client, world.rita, f"/cloud/incidents/{row.key}/"))


def test_incidents_are_found_by_part_and_time(world: World, client: Client) -> None:
    an_incident(Kind.MAIL, at=NOW - timedelta(days=9))
    measure(a_look(Kind.MAIL), at=NOW - timedelta(days=9) + 3 * EVERY, times=4)
    by_part = page(client, world.rita, "/cloud/history/?component=mail")
    assert "Mail</strong>" in text_of(by_part)
    before = (NOW - timedelta(days=12)).date()
    assert "No incident fits." in text_of(page(client, world.rita, f"/cloud/history/?until={before}"))


def test_the_public_page_is_there_only_where_it_is_wanted_and_says_nothing_of_tenants(
    world: World, client: Client, settings: Settings
) -> None:
    an_incident(Kind.HUB, world.hub, at=NOW - 4 * EVERY)
    assert client.get("/status/").status_code == 404
    settings.PUBLIC_STATUS = True
    shown = text_of(client.get("/status/"))
    assert "Hub hub-1" in shown
    assert not any(name in shown for name in ("Muster", "Nachbar", "/levels/", "/cloud/"))


def test_health_is_told_without_login(world: World, client: Client, fake_clock: FakeClock) -> None:
    assert [client.get(f"/health/{name}").status_code for name in ("live", "ready", "worker")] == [
        200,
        200,
        503,
    ]
    measure(a_look(Kind.PORTAL), at=NOW)
    assert client.get("/health/worker").json() == {"ready": True, "looked_after": True, "seconds": 0.0}


def many_looks(number: int) -> None:
    """So many looks at ten parts, with all their sums, and many incidents."""
    kinds = [*(each for each in Kind if each not in (Kind.HUB, Kind.RELAY))]
    parts = [Component.objects.get_or_create(key=kind.value, defaults={"kind": kind})[0] for kind in kinds]
    Result.objects.bulk_create(
        Result(component=parts[each % len(parts)], at=NOW - each * EVERY / 10, level=Level.OK, ms=each % 90)
        for each in range(number)
    )
    begins = {(True, day_of(NOW) - timedelta(days=each)) for each in range(90)}
    begins |= {(False, hour_of(NOW) - timedelta(hours=each)) for each in range(48)}
    Span.objects.bulk_create(
        [
            Span(component=part, is_day=is_day, begins_at=at, looks=240, timed=240, ms=4800, ms_most=90)
            for part in parts
            for is_day, at in begins
        ],
        ignore_conflicts=True,
    )
    for each in range(60):
        row = Incident.objects.create(
            began_at=NOW - timedelta(hours=each + 2), noticed_at=NOW, ended_at=NOW - timedelta(hours=each + 1)
        )
        Part.objects.create(incident=row, component=parts[each % len(parts)], began_at=row.began_at)
        Update.objects.create(incident=row, at=NOW, stage="resolved", texts={"de": "x"})


def test_a_hundred_thousand_looks_cost_no_more_queries_than_a_few(world: World, client: Client) -> None:
    an_incident(Kind.MAIL, at=NOW - timedelta(hours=3))
    for each in range(3):
        measure(*(a_look(kind) for kind in Kind if kind not in (Kind.HUB, Kind.RELAY)), at=NOW - each * EVERY)
    costs = []
    for looks in (0, 100_000):
        many_looks(looks) if looks else None
        cost = []
        for address in ("/cloud/", url(world.ours.reseller, "cloud/"), "/cloud/history/", "/api/v1/cloud"):
            page(client, world.rita, address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            cost.append(sum("status_" in query["sql"] for query in captured))
            assert not any("status_result" in query["sql"] for query in captured)
        costs.append(cost)
    few, many = costs
    assert max(many) <= 12
    assert [after - before for before, after in zip(few, many, strict=True)] == [0, 0, 0, 0]
