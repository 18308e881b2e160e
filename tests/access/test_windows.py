"""Intervals and weekly windows by example; what holds for all of them is among the laws."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from furka.access.windows import (
    Interval,
    WeeklyWindow,
    covers,
    expand,
    merged,
    utc,
    windows_from_json,
    windows_to_json,
)

ZURICH = ZoneInfo("Europe/Zurich")
EVERY_DAY = frozenset(range(7))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def interval(begins: str, ends: str) -> Interval:
    return Interval(at(begins), at(ends))


def open_on(day: str, begins: str, ends: str) -> tuple[Interval, ...]:
    """A window of every day, expanded on the UTC day that begins a day earlier, to show the whole night."""
    window = WeeklyWindow(EVERY_DAY, time.fromisoformat(begins), time.fromisoformat(ends))
    first = at(day) - timedelta(hours=2)
    return expand([window], ZURICH, Interval(first, first + timedelta(hours=10)))


def test_interval_includes_its_begin_and_excludes_its_end() -> None:
    day = interval("2026-05-01", "2026-05-02")
    assert day.covers(at("2026-05-01"))
    assert not day.covers(at("2026-05-02"))
    assert not covers([], at("2026-05-01"))


def test_interval_refuses_to_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="ends after it begins"):
        interval("2026-05-01", "2026-05-01")


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001  # this is what is refused
        datetime(2026, 1, 1, tzinfo=ZURICH),
        datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/London")),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_moments_are_in_utc_or_refused(moment: datetime) -> None:
    with pytest.raises(ValueError, match="not a moment in UTC"):
        utc(moment)
    with pytest.raises(ValueError, match="not a moment in UTC"):
        Interval(moment)


def test_moments_of_other_zones_that_agree_with_utc_become_utc() -> None:
    assert Interval(datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))).begins_at.tzinfo is UTC


def test_intervals_that_touch_become_one() -> None:
    days = [interval("2026-05-02", "2026-05-03"), interval("2026-05-01", "2026-05-02")]
    assert merged(days) == (interval("2026-05-01", "2026-05-03"),)


def test_no_windows_mean_always_also_without_end() -> None:
    forever = Interval(at("2026-05-01"))
    assert expand([], ZURICH, forever) == (forever,)


def test_windows_are_expanded_up_to_an_end_only() -> None:
    with pytest.raises(ValueError, match="up to an end"):
        expand([WeeklyWindow(EVERY_DAY, time(8), time(17))], ZURICH, Interval(at("2026-05-01")))


def test_office_hours_of_a_week_follow_the_clock_of_the_site() -> None:
    office = WeeklyWindow(frozenset({0, 4}), time(8), time(17, 30))
    week_of_change = interval("2026-03-23", "2026-03-31")
    assert expand([office], ZURICH, week_of_change) == (
        interval("2026-03-23T07:00", "2026-03-23T16:30"),
        interval("2026-03-27T07:00", "2026-03-27T16:30"),
        interval("2026-03-30T06:00", "2026-03-30T15:30"),
    )


def test_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    sunday_night = WeeklyWindow(frozenset({6}), time(22), time(6))
    assert expand([sunday_night], ZURICH, interval("2026-05-03", "2026-05-11T00:30")) == (
        interval("2026-05-03T20:00", "2026-05-04T04:00"),
        interval("2026-05-10T20:00", "2026-05-11T00:30"),
    )


def test_whole_days_run_into_each_other() -> None:
    weekend = WeeklyWindow(frozenset({5, 6}), time(0), time(0))
    assert expand([weekend], ZURICH, interval("2026-05-01", "2026-05-08")) == (
        interval("2026-05-01T22:00", "2026-05-03T22:00"),
    )


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        ("02:30", "05:00", [("01:00", "03:00")]),  # begins at the first moment that exists
        ("01:30", "02:30", [("00:30", "01:00")]),
        ("02:15", "02:45", []),  # this night never shows these times
        ("02:00", "03:00", []),
        ("01:00", "04:00", [("00:00", "02:00")]),  # an hour shorter than its name
    ],
)
def test_window_in_the_night_that_skips_an_hour(
    begins: str, ends: str, expected: list[tuple[str, str]]
) -> None:
    assert open_on("2026-03-29", begins, ends) == tuple(
        interval(f"2026-03-29T{first}", f"2026-03-29T{last}") for first, last in expected
    )


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        ("02:00", "03:00", [("00:00", "02:00")]),  # covers both hours
        ("02:15", "02:45", [("00:15", "00:45"), ("01:15", "01:45")]),  # happens twice
        ("02:30", "05:00", [("00:30", "01:00"), ("01:30", "04:00")]),
        ("01:30", "02:30", [("-", "00:30"), ("01:00", "01:30")]),
        ("03:00", "04:00", [("02:00", "03:00")]),
    ],
)
def test_window_in_the_night_that_doubles_an_hour(
    begins: str, ends: str, expected: list[tuple[str, str]]
) -> None:
    assert open_on("2026-10-25", begins, ends) == tuple(
        interval("2026-10-24T23:30" if first == "-" else f"2026-10-25T{first}", f"2026-10-25T{last}")
        for first, last in expected
    )


def test_window_is_stored_readably() -> None:
    windows = (
        WeeklyWindow(frozenset({4, 0}), time(8), time(17, 30)),
        WeeklyWindow(EVERY_DAY, time(0), time(0)),
    )
    stored = windows_to_json(windows)
    assert stored == [
        {"weekdays": [0, 4], "begins": "08:00", "ends": "17:30"},
        {"weekdays": [0, 1, 2, 3, 4, 5, 6], "begins": "00:00", "ends": "24:00"},
    ]
    assert windows_from_json(stored) == windows


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("always", "Access windows are a list"),
        ([{}] * 51, "too many access windows"),
        ([None], "consists of weekdays, begins and ends"),
        ([{"weekdays": [0], "begins": "08:00"}], "consists of weekdays, begins and ends"),
        ([{"weekdays": [0], "begins": "08:00", "ends": "9:00"}], "written like 08:30"),
        ([{"weekdays": [0], "begins": "24:00", "ends": "09:00"}], "written like 08:30"),
        ([{"weekdays": [0], "begins": "08:00", "ends": "24:01"}], "written like 08:30"),
        ([{"weekdays": [0], "begins": 8, "ends": "09:00"}], "written like 08:30"),
        ([{"weekdays": [], "begins": "08:00", "ends": "09:00"}], "at least one day"),
        ([{"weekdays": [7], "begins": "08:00", "ends": "09:00"}], "from 0"),
        ([{"weekdays": [True], "begins": "08:00", "ends": "09:00"}], "from 0"),
        ([{"weekdays": "01", "begins": "08:00", "ends": "09:00"}], "from 0"),
        ([{"weekdays": [1, 1], "begins": "08:00", "ends": "09:00"}], "twice"),
    ],
)
def test_stored_windows_that_make_no_sense_are_refused_with_a_sentence(data: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        windows_from_json(data)


def test_window_refuses_seconds_and_zones() -> None:
    for clock in (time(8, 0, 1), time(8, tzinfo=UTC)):
        with pytest.raises(ValueError, match="whole minute"):
            WeeklyWindow(EVERY_DAY, clock, time(9))
