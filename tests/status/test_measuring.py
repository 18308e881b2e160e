"""What is measured becomes states, sums and incidents; incidents begin and end by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, connection
from pytest_django import Settings

from furka.access.rights import CONFIGURE
from furka.errors import Invalid, NotThere, Refused
from furka.people.models import Person
from furka.people.notices import choose
from furka.probes.found import Level
from furka.status import incidents, queries, quiet, rounds
from furka.status.kinds import EVERY, STALE, Kind
from furka.status.letters import CLOUD
from furka.status.measuring import Look, claim_round, forget_old
from furka.status.models import Component, Incident, Result, Span
from furka.status.rounds import Rounds
from furka.status.touched import touched_sites
from furka.tree.operation import program
from furka.tree.queries import operator
from furka.tree.staff import open_operator_session
from tests.status.measured import a_look, an_incident, measure
from tests.world import NOW, World, a_hub, by, person

pytestmark = pytest.mark.django_db
BAD, OK = Level.BAD, Level.OK


def an_operator() -> Person:
    someone = person("Olga")
    open_operator_session(program("command line", NOW), someone, "a test")
    return someone


def told() -> list[str]:
    """Who was written to since the last time that this was asked."""
    found = sorted(each.to[0] for each in mail.outbox)
    mail.outbox.clear()
    return found


def test_three_bad_looks_in_a_row_begin_an_incident_with_the_moment_of_the_first(db: None) -> None:
    at = measure(a_look(Kind.MAIL), times=5)
    measure(a_look(Kind.MAIL, BAD), at=at, times=2)
    assert not Incident.objects.exists()
    measure(a_look(Kind.MAIL, BAD), at=at + 2 * EVERY)
    [incident] = Incident.objects.all()
    assert (incident.began_at, incident.noticed_at, incident.ended_at) == (at, at + 2 * EVERY, None)
    assert queries.present(at + 2 * EVERY).state == "bad"


def test_it_ends_by_itself_with_the_first_of_the_good_looks() -> None:
    incident = an_incident(at=NOW)
    end = measure(a_look(Kind.MAIL), at=NOW + 3 * EVERY, times=4)
    incident.refresh_from_db()
    assert incident.ended_at == NOW + 3 * EVERY
    assert queries.present(end).state == "ok"


def test_what_fails_again_soon_is_the_same_incident() -> None:
    incident = an_incident(at=NOW)
    at = measure(a_look(Kind.MAIL), at=NOW + 3 * EVERY, times=4)
    measure(a_look(Kind.MAIL, BAD), at=at, times=3)
    incident.refresh_from_db()
    assert (incident.ended_at, Incident.objects.count(), incident.parts.count()) == (None, 1, 2)


def test_a_hub_that_fails_with_all_its_parts_is_one_incident_and_another_hub_is_another() -> None:
    hub, other = a_hub("hub-8"), a_hub("hub-9")
    measure(a_look(Kind.RELAY, OK, hub), at=NOW - EVERY)
    measure(a_look(Kind.RELAY, BAD, hub), a_look(Kind.HUB, BAD, hub), a_look(Kind.HUB, BAD, other), times=4)
    assert sorted(each.parts.count() for each in Incident.objects.all()) == [1, 2]


def test_a_way_that_never_answered_the_worker_is_not_judged() -> None:
    measure(a_look(Kind.RELAY, BAD, a_hub("hub-8")), times=5)
    assert (Component.objects.count(), Incident.objects.count()) == (0, 0)


def test_what_leans_on_the_database_joins_its_incident() -> None:
    measure(a_look(Kind.PORTAL, BAD), a_look(Kind.DATABASE, BAD), times=3)
    [incident] = Incident.objects.all()
    assert incident.parts.count() == 2


def test_the_sums_count_every_look_once_and_a_moment_is_told_once() -> None:
    measure(a_look(Kind.PORTAL, ms=10), at=NOW)
    measure(a_look(Kind.PORTAL, ms=10), at=NOW)  # another worker tells of the same moment
    measure(a_look(Kind.PORTAL, BAD, ms=30), at=NOW + EVERY)
    assert Result.objects.count() == 2
    day = Span.objects.get(is_day=True, component__key="portal")
    assert (day.looks, day.bad, day.ms, day.ms_most) == (2, 1, 40, 30)
    [part] = queries.with_past(NOW + EVERY).parts
    assert part.uptime == 50


def test_when_nobody_looked_for_a_while_the_page_says_so_and_it_counts_against_the_worker() -> None:
    at = measure(a_look(Kind.PORTAL), times=2)
    later = at + timedelta(minutes=10)
    assert not queries.present(at).is_stale
    assert (queries.present(later).state, queries.strip(later).state) == ("unknown", "unknown")
    measure(a_look(Kind.PORTAL), at=later)
    [incident] = queries.incidents_sought(queries.Sought(component="worker"))
    assert (incident.began_at, incident.ended_at) == (at - EVERY, later)
    assert queries.present(later).state == "ok"
    day = Span.objects.get(is_day=True, component__key="worker")
    assert 36 <= day.bad <= 42


def test_one_worker_looks_at_a_time() -> None:
    assert [claim_round(NOW)[0], claim_round(NOW)[0]] == [True, False]
    turn, late = claim_round(NOW + EVERY + timedelta(seconds=4))
    assert (turn, late) == (True, 4.0)


def test_while_the_database_is_away_what_was_found_is_kept_and_told_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = True

    def look(_at: object, _late: float) -> list[Look]:
        return [a_look(Kind.DATABASE, BAD if away else OK)]

    def fails(*_: object) -> object:
        raise DatabaseError("away")

    mine = Rounds(look)
    with monkeypatch.context() as without:
        without.setattr(rounds, "claim_round", fails)
        without.setattr(rounds, "take", fails)
        without.setattr(connection, "close", lambda: None)
        for number in range(8):
            assert mine.run(NOW + number * EVERY / 2) == 0
    away = False
    assert mine.run(NOW + 4 * EVERY) == 5
    [incident] = Incident.objects.all()
    assert (incident.began_at, incident.noticed_at) == (NOW, NOW + 2 * EVERY)


def test_old_looks_go_and_their_sums_stay() -> None:
    measure(a_look(Kind.PORTAL), times=3)
    forget_old(program("worker", NOW + timedelta(days=5)))
    assert (Result.objects.count(), Span.objects.filter(is_day=True).count()) == (0, 1)


def test_mails_go_to_the_installation_and_to_those_who_chose_them_and_are_touched(
    world: World, settings: Settings
) -> None:
    settings.ALARM_MAIL = ["pikett@example.org"]
    told()
    for someone in (world.rita, world.fremd):
        choose(someone, [CLOUD.key])
    incident = an_incident(Kind.HUB, world.hub)
    assert told() == ["pikett@example.org", "rita@example.org"]
    incidents.say(by(an_operator()), operator(), incident, "identified", {"de": "Der Rechner steht."})
    assert told() == ["pikett@example.org", "rita@example.org"]
    measure(a_look(Kind.HUB, OK, world.hub), at=incident.noticed_at + EVERY, times=4)
    assert told() == ["pikett@example.org", "rita@example.org"]


def test_a_hub_that_nobody_of_mine_uses_does_not_concern_me(world: World) -> None:
    told()
    choose(world.rita, [CLOUD.key])
    an_incident(Kind.HUB, a_hub("hub-9"))
    assert told() == []


def test_what_was_announced_alarms_nobody(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALARM_MAIL = ["pikett@example.org"]
    monkeypatch.setattr(quiet, "_asked", [lambda component, at: component.kind == Kind.MAIL])
    assert an_incident(Kind.MAIL).quiet
    assert told() == []


def test_only_the_operator_adds_to_an_incident(world: World) -> None:
    incident = an_incident()
    olga = by(an_operator())
    with pytest.raises((Refused, NotThere)):
        incidents.say(by(world.rita), operator(), incident, "identified", {"de": "x"})
    with pytest.raises(NotThere):
        incidents.say(by(world.rita), world.ours.reseller, incident, "identified", {"de": "x"})
    with pytest.raises(Invalid):
        incidents.say(olga, operator(), incident, "identified", {"de": " ", "xx": "x"})
    with pytest.raises(Invalid):
        incidents.say(olga, operator(), incident, "guessing", {"de": "x"})
    incidents.explain(olga, operator(), incident, {"de": "Es war die Platte.", "en": "The disk."})
    incident.refresh_from_db()
    assert incident.post_mortem == {"de": "Es war die Platte.", "en": "The disk."}
    assert olga.may(CONFIGURE, operator().place)


def test_everybody_sees_which_of_their_own_sites_are_touched_and_no_other(world: World) -> None:
    for who, level, names in (
        (world.rita, world.ours.reseller, ["Schulhaus Muster", "Werkhof Muster"]),
        (world.nora, world.theirs.reseller, ["Schulhaus Nachbar", "Werkhof Nachbar"]),
        (world.karl, world.ours.customer, ["Schulhaus Muster"]),
        (world.sonja, None, ["Schulhaus Muster"]),
        (world.fremd, None, []),
    ):
        found = touched_sites(by(who), level, {world.hub.pk})
        assert [node.name for node in found.named] == names
        assert found.number == len(names)


def test_components_of_the_same_kind_are_told_apart_by_their_hub(world: World) -> None:
    measure(a_look(Kind.HUB, OK, world.hub), a_look(Kind.HUB, OK, a_hub("hub-9")))
    assert sorted(each.name for each in Component.objects.select_related("hub")) == ["Hub hub-1", "Hub hub-9"]
    assert timedelta(0) < STALE
