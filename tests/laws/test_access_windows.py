"""Laws of time: intervals behave like sets of moments, weekly windows like the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from furka.access.windows import (
    Interval,
    covers,
    cut_after,
    expand,
    intersection,
    merged,
    subtract,
    windows_from_json,
    windows_to_json,
)
from tests.laws.access_worlds import NIGHTS, ZONES, near, some_windows, weekly
from tests.laws.reference_policy import QUARTER, RawWindow, shows_inside

START = datetime(2026, 1, 1, tzinfo=UTC)
FOREVER = 12

#: The days on which the zones of the laws change: in Zurich, on Lord Howe, in Newfoundland, in Morocco, and the
#: Friday that Samoa left out.
CHANGES = (
    *NIGHTS,
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 3, 8, 5, 30, tzinfo=UTC),
    datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
    datetime(2026, 2, 15, 2, tzinfo=UTC),
    datetime(2026, 3, 22, 2, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
)

spans = st.builds(
    lambda begin, lasts: Interval(
        _minute(begin), None if begin + lasts >= FOREVER else _minute(begin + lasts)
    ),
    st.integers(0, FOREVER - 1),
    st.integers(1, FOREVER),
)
several = st.lists(spans, max_size=5)


def _minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def _moments(intervals: object) -> set[int]:
    assert isinstance(intervals, tuple | list)
    return {number for number in range(-1, FOREVER + 3) if covers(intervals, _minute(number))}


@given(several, several, st.integers(0, FOREVER))
def test_law_intervals_are_sets_of_moments(these: list[Interval], those: list[Interval], cut: int) -> None:
    left, right = _moments(these), _moments(those)
    results = {
        merged(these): left,
        merged([*these, *those]): left | right,
        intersection(these, those): left & right,
        subtract(these, those): left - right,
        cut_after(these, _minute(cut)): {number for number in left if number < cut},
    }
    for intervals, expected in results.items():
        assert _moments(intervals) == expected
        for one, next_one in pairwise(intervals):
            assert one.ends_at is not None
            assert one.ends_at < next_one.begins_at


@given(spans, spans)
def test_law_an_interval_contains_another_if_nothing_of_it_is_outside(one: Interval, other: Interval) -> None:
    assert one.contains(other) == (subtract([other], [one]) == ())
    common = one.overlap(other)
    assert ((common,) if common else ()) == intersection([one], [other])


@settings(max_examples=2 * settings().max_examples)
@given(
    st.data(),
    st.sampled_from(CHANGES),
    st.sampled_from(ZONES),
    some_windows(most=3),
    st.integers(1, 400),
    st.timedeltas(timedelta(0), QUARTER),
)
def test_law_expansion_agrees_with_the_clock_on_the_wall(
    data: st.DataObject,
    change: datetime,
    zone: str,
    raw: list[RawWindow],
    quarters: int,
    beside: timedelta,
) -> None:
    begins = data.draw(near(change))
    within = Interval(begins + beside, begins + quarters * QUARTER + 2 * beside)
    result = expand([weekly(window) for window in raw], ZoneInfo(zone), within)
    assert result == merged(result)
    at, last = change - timedelta(days=3), change + timedelta(days=7)
    while at < last:
        for moment in (at, at + QUARTER - timedelta(microseconds=1)):
            open_now = any(shows_inside(window, zone, moment) for window in raw)
            assert covers(result, moment) == (within.covers(moment) and open_now)
        at += QUARTER


@given(some_windows(most=5))
def test_law_windows_survive_being_stored(raw: list[RawWindow]) -> None:
    kept = tuple(weekly(window) for window in raw)
    assert windows_from_json(windows_to_json(kept)) == kept
