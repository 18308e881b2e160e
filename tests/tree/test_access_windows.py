"""Access in weekly windows: expanded for some weeks, further and further, and the past stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Q

from furka.access.windows import WeeklyWindow
from furka.dispatch import answer
from furka.errors import Invalid
from furka.people.models import Person
from furka.plan.entries import Door
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import expiry, granting, queries
from furka.tree.granting import Terms
from furka.tree.grants import GrantInterval
from furka.tree.intervals import HORIZON, LEAST_AHEAD, running_short
from furka.tree.operation import program
from tests.world import NOW, World, a_profile, by, let_in, person

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)
ZURICH = ZoneInfo("Europe/Zurich")

#: Working hours, and a night that belongs to two days.
HOURS = (
    WeeklyWindow(frozenset({0, 1, 2, 3, 4}), time(8), time(17, 30)),
    WeeklyWindow(frozenset({5}), time(22), time(2)),
)


def open_on_the_wall(at: datetime) -> bool:
    """The same hours, as somebody reads them off the clock."""
    wall = at.astimezone(ZURICH)
    day, clock = wall.weekday(), wall.time()
    return (
        (day <= 4 and time(8) <= clock < time(17, 30))
        or (day == 5 and clock >= time(22))
        or (day == 6 and clock < time(2))
    )


def hours(begin: datetime, end: datetime) -> list[datetime]:
    """Every half hour, and just before the next."""
    steps = [begin + number * HOUR / 2 for number in range((end - begin) // (HOUR / 2))]
    return [at for step in steps for at in (step, step + HOUR / 2 - timedelta(microseconds=1))]


def covered(someone: Person) -> Callable[[datetime], int]:
    """How many intervals of somebody cover a moment."""
    rows = list(GrantInterval.objects.filter(person=someone).values_list("begins_at", "ends_at"))
    return lambda at: sum(begins <= at and (ends is None or at < ends) for begins, ends in rows)


def test_hours_are_kept_for_months_through_a_change_of_the_clock(world: World) -> None:
    let_in(world.ours.depot, world.fremd, Terms(role="supporter", windows=HOURS), world.rita, NOW)
    at = NOW
    past: list[tuple[datetime, datetime | None]] = []
    for week in range(22):  # until the end of April
        at = NOW + week * WEEK
        expiry.look_ahead(program("worker", at))
        rows = GrantInterval.objects.filter(person=world.fremd, ends_at__lte=at).order_by("begins_at")
        now_past = list(rows.values_list("begins_at", "ends_at"))
        assert now_past[: len(past)] == past
        past = now_past

    inside = covered(world.fremd)
    wrong = [moment for moment in hours(NOW, at + LEAST_AHEAD) if inside(moment) != open_on_the_wall(moment)]
    assert wrong == []
    assert inside(NOW - HOUR) == 0


def test_nothing_is_expanded_again_before_it_is_needed(world: World) -> None:
    for hour in range(24):
        window = WeeklyWindow(frozenset({hour % 7}), time(hour), time((hour + 3) % 24))
        guest = person(f"Gast{hour}")
        let_in(world.ours.depot, guest, Terms(role="supporter", windows=(window,)), world.rita)

    assert running_short(NOW) == []
    assert len(running_short(NOW + HORIZON - LEAST_AHEAD + timedelta(hours=1))) == 24
    assert expiry.look_ahead(program("worker", NOW + WEEK)) > 0
    assert running_short(NOW + WEEK) == []


def test_access_in_windows_that_has_an_end_is_expanded_up_to_it(world: World) -> None:
    until = NOW + timedelta(days=3)
    let_in(
        world.ours.depot, world.fremd, Terms(role="supporter", windows=HOURS, valid_until=until), world.rita
    )

    inside = covered(world.fremd)
    assert all(inside(at) == open_on_the_wall(at) for at in hours(NOW, until))
    assert not any(inside(at) for at in hours(until + HOUR, until + WEEK))
    assert running_short(NOW + timedelta(days=2)) == []


def test_what_somebody_with_hours_passed_on_keeps_their_hours_and_goes_on_with_them(world: World) -> None:
    lead, guest = person("Lead"), person("Helfer")
    terms = Terms(rights=("people", "connect.use"), windows=HOURS, depth=1)
    let_in(world.ours.depot, lead, terms, world.rita)
    evening = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # the running window of the lead ends then
    offer = Terms(role="supporter", valid_until=evening)
    let_in(world.ours.depot, guest, offer, lead)
    longer = person("Dritter")
    with pytest.raises(Invalid) as refusal:
        granting.invite(
            by(lead), world.ours.depot, longer.email, Terms(role="supporter", valid_until=NOW + WEEK)
        )
    assert refusal.value.code == "time"
    assert by(guest).may(USE_REMOTE_ACCESS, world.ours.depot.place)
    assert not by(guest, evening).may(USE_REMOTE_ACCESS, world.ours.depot.place)


def test_child_of_somebody_with_all_hours_goes_on_as_far_as_they_do(world: World) -> None:
    lead, guest = person("Lead"), person("Helfer")
    always = (WeeklyWindow(frozenset(range(7)), time(0), time(0)),)
    let_in(
        world.ours.depot, lead, Terms(rights=("people", "connect.use"), windows=always, depth=1), world.rita
    )
    until = NOW + HORIZON - timedelta(hours=1)
    key = let_in(world.ours.depot, guest, Terms(role="supporter", valid_until=until), lead)
    later = NOW + timedelta(days=20)
    expiry.look_ahead(program("worker", later))

    assert covered(guest)(later) == covered(guest)(until - HOUR) == 1
    assert covered(lead)(later + LEAST_AHEAD) == 1
    assert not GrantInterval.objects.filter(Q(ends_at=None) | Q(ends_at__gt=until), person=guest).exists()
    [grant] = [view for view in queries.grants_on(by(world.rita, later), world.ours.depot) if view.key == key]
    assert grant.state == "active"


def test_each_window_is_a_door_with_its_own_time(world: World) -> None:
    a_profile(world.fremd)
    let_in(world.ours.depot, world.fremd, Terms(role="supporter", windows=HOURS), world.rita)

    doors = [
        entry
        for entry in answer.plan_since(world.hub, 0, NOW).entries
        if isinstance(entry, Door) and entry.profile == world.fremd.profiles.get().key
    ]

    assert len(doors) > 25
    for at in hours(NOW, NOW + timedelta(days=12)):
        assert sum(door.open_at(at) for door in doors) == open_on_the_wall(at)
