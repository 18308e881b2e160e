"""The pages of the journal: in words, filtered, exported."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

import furka
from furka.clock import FakeClock
from furka.journal.models import Event
from furka.portal import event_words, events, paging
from furka.sites import operations as sites
from furka.tree import operations, week_words
from furka.tree.granting import Terms
from tests.portal.pages import page, text_of, url
from tests.world import NOW, World, by, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def test_event_says_who_did_what_and_what_it_was_before(world: World, client: Client) -> None:
    operations.rename(by(world.karl), world.ours.school, "Schule Muster")

    answer = page(client, world.karl, url(world.ours.school, "events/"))

    first = answer.context["events"][0]
    assert (first.what, first.who, first.where) == ("Renamed", "Karl", "Schule Muster")
    assert [(each.label, each.value) for each in first.details] == [
        ("Name", "Schulhaus Muster → Schule Muster")
    ]


def test_every_action_that_the_house_records_has_its_words() -> None:
    named = re.compile(r"""\.record\(\s*[\w.()]+,\s*"([a-z]+\.[a-z-]+)\"""")
    sources = Path(furka.__file__).parent.rglob("*.py")

    recorded = {action for path in sources for action in named.findall(path.read_text(encoding="utf-8"))}

    assert len(recorded) > 20
    assert recorded - set(event_words.ACTIONS) == set()


def test_access_is_told_as_that_of_the_person_not_of_the_hub() -> None:
    row = Event(
        action="access.ended",
        actor_id=None,
        actor_name="hub hub-1",
        at=NOW,
        node_id=1,
        node_key="abc",
        node_name="Schulhaus",
        after={
            "person": "sonja@example.org",
            "name": "Sonja",
            "device": "Laptop",
            "bytes": 12_400_000,
            "because": "idle",
            "began": (NOW - timedelta(hours=1)).isoformat(),
        },
    )

    shown = event_words.told(row)

    assert shown.who == "Sonja"
    assert len(shown.details) == 4


def test_window_is_said_in_words() -> None:
    said = week_words.window_in_words([0, 1, 2, 3, 4, 6], "07:00", "18:00")

    assert said.endswith("07:00–18:00")
    assert said.count("–") == 2


def test_journal_is_for_those_who_may_read_it(world: World, client: Client) -> None:
    assert page(client, world.sonja, url(world.ours.school, "events/")).status_code == 403
    assert page(client, world.sonja, url(world.ours.school, "events/csv")).status_code == 403
    assert page(client, world.max, url(world.ours.school, "events/")).status_code == 200
    assert page(client, world.max, url(world.ours.customer, "events/")).status_code == 404


def test_level_tells_what_happened_below_and_never_beside(world: World, client: Client) -> None:
    answer = page(client, world.rita, url(world.ours.customer, "events/"))

    assert {event.where for event in answer.context["events"]} == {"Gemeinde Muster", "Schulhaus Muster"}


def test_events_are_filtered_by_what_and_by_day(world: World, client: Client) -> None:
    sites.add_network(by(world.karl), world.ours.school, "10.0.5.0/24")

    def found(query: str) -> list[str]:
        answer = page(client, world.karl, url(world.ours.school, f"events/?{query}"))
        return [event.what for event in answer.context["events"]]

    assert found("what=plant&since=2026-11-24&until=2026-11-24") == ["Network added"]
    assert found("what=access") == []
    assert found("what=plant&since=2026-11-23&until=2026-11-23") == ["Device added", "Network added"]
    assert "Network added" in found("what=nonsense&since=2026-11-24")


def test_day_is_that_of_the_level_and_not_of_the_server() -> None:
    form = events.PeriodForm({"since": "2026-11-24", "until": "2026-11-24"})

    assert form.moments("Europe/Zurich") == (
        datetime(2026, 11, 23, 23, tzinfo=UTC),
        datetime(2026, 11, 24, 23, tzinfo=UTC),
    )


def test_day_that_is_none_is_said_at_its_field(world: World, client: Client) -> None:
    answer = page(client, world.karl, url(world.ours.school, "events/?since=gestern"))

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["since"])


def test_pages_show_every_event_once(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging.page_of, "__defaults__", (3,))
    whole = Event.objects.filter(reseller_id=world.ours.reseller.pk).count()

    seen, at = [], url(world.ours.reseller, "events/")
    while at:
        answer = page(client, world.rita, at)
        seen += [(event.at, event.what, event.where, event.details) for event in answer.context["events"]]
        at = answer.context["after"]

    assert len(seen) == whole
    assert [moment for moment, *_rest in seen] == sorted((moment for moment, *_rest in seen), reverse=True)


# --- Export ----------------------------------------------------------------------------------------------------------


def exported(world: World, form: str) -> str:
    """All lines of the export, made as the view makes it, without its stream."""
    _type, head, line = events.FORMS[form]
    rows = events._chosen(by(world.karl), world.ours.school, "", events.PeriodForm(None))
    text = head
    cursor: str | None = ""
    while cursor is not None:
        batch, cursor = events._batch(rows, cursor)
        text += "".join(map(line, batch))
    return text


def test_export_as_lines_of_json_has_every_event_with_its_link(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BATCH", 2)
    lines = [json.loads(line) for line in exported(world, "jsonl").splitlines()]

    rows = list(Event.objects.filter(node_id=world.ours.school.pk).order_by("-at", "-id"))
    assert [(line["number"], line["hash"]) for line in lines] == [(row.number, row.hash) for row in rows]


def test_export_as_a_table_can_not_be_taken_for_formulas(world: World) -> None:
    operations.rename(by(world.karl), world.ours.school, "=cmd()")

    rows = list(csv.DictReader(exported(world, "csv").lstrip("\ufeff").splitlines()))

    assert rows[0]["node_name"] == "'=cmd()"
    assert json.loads(rows[0]["after"]) == {"name": "=cmd()"}
    assert len(rows) == Event.objects.filter(node_id=world.ours.school.pk).count()


def test_unknown_form_of_an_export_is_not_there(world: World, client: Client) -> None:
    assert page(client, world.karl, url(world.ours.school, "events/xlsx")).status_code == 404


def test_invitation_is_told_with_its_role_and_end_but_without_keys(world: World, client: Client) -> None:
    let_in(world.ours.school, world.fremd, Terms(role="supporter", reason="Störung"), world.karl)

    answer = page(client, world.karl, url(world.ours.school, "events/?what=people"))

    first = answer.context["events"][0]
    assert {
        each.label: each.value for each in first.details if each.label in ("Person", "May do", "Reason")
    } == {
        "Person": "fremd@example.org",
        "May do": "Supporter",
        "Reason": "Störung",
    }
    assert "Störung" in text_of(answer)


def test_day_at_the_edge_of_the_calendar_is_no_day(world: World, client: Client) -> None:
    for day in ("9999-12-31", "0001-01-01"):
        answer = page(client, world.rita, url(world.ours.school, f"events/?since={day}&until={day}"))
        assert answer.status_code == 422  # the form, with the fault beside the day
