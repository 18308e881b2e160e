"""Time as the policy sees it: half-open intervals in UTC, and weekly windows that are expanded into them.

The clock on the wall of the site decides whether a weekly window is open: a moment is inside when that
clock shows a time inside. So a window that begins in the skipped hour of a time change begins at the
first moment that exists, one that lies wholly in the skipped hour does not happen that night, and one in
the doubled hour happens twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from furka.access.words import marked as _

#: More windows than that on one grant are a mistake or an attack.
MOST_WINDOWS = 50

_DAY = timedelta(days=1)
_MIDNIGHT = time(0)
_FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def utc(at: datetime) -> datetime:
    """The same moment, its zone being `datetime.UTC`. Raises ValueError if it is not aware or not in UTC."""
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() != timedelta(0):
        raise ValueError(f"{at!r} is not a moment in UTC")
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Interval:
    """From a moment (inside) to a moment (outside); `ends_at=None` means that it does not end."""

    begins_at: datetime
    ends_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "begins_at", utc(self.begins_at))
        if self.ends_at is not None:
            object.__setattr__(self, "ends_at", utc(self.ends_at))
            if self.ends_at <= self.begins_at:
                raise ValueError("an interval ends after it begins")

    def covers(self, at: datetime) -> bool:
        """Whether the moment lies inside."""
        moment = utc(at)
        return self.begins_at <= moment and (self.ends_at is None or moment < self.ends_at)

    def contains(self, other: Interval) -> bool:
        """Whether the whole of the other interval lies inside."""
        if other.begins_at < self.begins_at:
            return False
        return self.ends_at is None or (other.ends_at is not None and other.ends_at <= self.ends_at)

    def overlap(self, other: Interval) -> Interval | None:
        """What both have in common, if anything."""
        begin = max(self.begins_at, other.begins_at)
        ends = [end for end in (self.ends_at, other.ends_at) if end is not None]
        end = min(ends, default=None)
        return Interval(begin, end) if end is None or begin < end else None


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same moments as sorted intervals that neither overlap nor touch."""
    result: list[Interval] = []
    for each in sorted(intervals, key=lambda interval: interval.begins_at):
        last = result[-1] if result else None
        if last is None or (last.ends_at is not None and last.ends_at < each.begins_at):
            result.append(each)
        elif last.ends_at is not None and (each.ends_at is None or each.ends_at > last.ends_at):
            result[-1] = Interval(last.begins_at, each.ends_at)
    return tuple(result)


def intersection(these: Iterable[Interval], those: Iterable[Interval]) -> tuple[Interval, ...]:
    """The moments that are in both."""
    left, right = list(reversed(merged(these))), list(reversed(merged(those)))
    result: list[Interval] = []
    while left and right:
        common = left[-1].overlap(right[-1])
        if common is not None:
            result.append(common)
        (left if _ends_first(left[-1], right[-1]) else right).pop()
    return tuple(result)


def _ends_first(this: Interval, that: Interval) -> bool:
    return this.ends_at is not None and (that.ends_at is None or this.ends_at <= that.ends_at)


def subtract(these: Iterable[Interval], those: Iterable[Interval]) -> tuple[Interval, ...]:
    """The moments of the first that are not in the second."""
    return intersection(these, _complement(merged(those)))


def _complement(intervals: tuple[Interval, ...]) -> Iterator[Interval]:
    free: datetime | None = _FIRST_MOMENT
    for each in intervals:
        if free is not None and free < each.begins_at:
            yield Interval(free, each.begins_at)
        free = each.ends_at
    if free is not None:
        yield Interval(free)


def cut_after(intervals: Iterable[Interval], at: datetime) -> tuple[Interval, ...]:
    """The moments before `at`."""
    return subtract(intervals, (Interval(at),))


def covers(intervals: Iterable[Interval], at: datetime) -> bool:
    """Whether the moment lies in one of them."""
    return any(interval.covers(at) for interval in intervals)


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """Hours that come back every week, on the clock of the site, to the minute; Monday is 0.

    With `ends <= begins` it runs over midnight, and belongs to the day on which it begins; `ends=time(0)`
    is 24:00. So 00:00 to 00:00 is the whole day, and 08:00 to 08:00 are 24 hours.
    """

    weekdays: frozenset[int]
    begins: time
    ends: time

    def __post_init__(self) -> None:
        if not self.weekdays:
            raise ValueError(_("An access window needs at least one day of the week."))
        if any(type(day) is not int or not 0 <= day <= 6 for day in self.weekdays):
            raise ValueError(_("A day of the week is a number from 0 (Monday) to 6 (Sunday)."))
        for clock in (self.begins, self.ends):
            if clock.tzinfo is not None or clock.second or clock.microsecond:
                raise ValueError(
                    _("An access window begins and ends on a whole minute, on the clock of the site.")
                )

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Begin and end on the clock of the site (naive) of the window that begins on that day."""
        last = day if self.ends > self.begins else day + _DAY
        return datetime.combine(day, self.begins), datetime.combine(last, self.ends)

    def to_json(self) -> dict[str, object]:
        """The form that is stored; an end at midnight is written 24:00."""
        ends = "24:00" if self.ends == _MIDNIGHT else f"{self.ends:%H:%M}"
        return {"weekdays": sorted(self.weekdays), "begins": f"{self.begins:%H:%M}", "ends": ends}

    @classmethod
    def from_json(cls, data: object) -> WeeklyWindow:
        """Read what `to_json` wrote. Raises ValueError with a sentence that can be shown."""
        if not isinstance(data, dict) or set(data) != {"weekdays", "begins", "ends"}:
            raise ValueError(_("An access window consists of weekdays, begins and ends."))
        days = data["weekdays"]
        if not isinstance(days, list) or any(type(day) is not int for day in days):
            raise ValueError(_("The weekdays of an access window are numbers from 0 (Monday) to 6 (Sunday)."))
        if len(set(days)) != len(days):
            raise ValueError(_("A day of the week appears twice in an access window."))
        ends = "00:00" if data["ends"] == "24:00" else data["ends"]
        return cls(frozenset(days), _clock(data["begins"]), _clock(ends))


def _clock(text: object) -> time:
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(_("An hour is written like 08:30, from 00:00 to 23:59; an end may be 24:00."))
    return time(int(match[1]), int(match[2]))


def windows_to_json(windows: Iterable[WeeklyWindow]) -> list[dict[str, object]]:
    """The windows of one grant in the form that is stored."""
    return [window.to_json() for window in windows]


def windows_from_json(data: object) -> tuple[WeeklyWindow, ...]:
    """Read what `windows_to_json` wrote. Raises ValueError with a sentence that can be shown."""
    if not isinstance(data, list):
        raise ValueError(_("Access windows are a list."))
    if len(data) > MOST_WINDOWS:
        raise ValueError(_("There are too many access windows."))
    return tuple(WeeklyWindow.from_json(each) for each in data)


def expand(windows: Sequence[WeeklyWindow], zone: ZoneInfo, within: Interval) -> tuple[Interval, ...]:
    """The moments of `within` in which a window is open; no windows at all mean always.

    `within` may be open-ended only if there are no windows; else ValueError.
    """
    if not windows:
        return (within,)
    if within.ends_at is None:
        raise ValueError("weekly windows are expanded up to an end")
    found: list[Interval] = []
    for begin, end, offset in _steady(zone, within.begins_at, within.ends_at):
        found.extend(_open(windows, begin, end, offset))
    return merged(found)


def _open(
    windows: Sequence[WeeklyWindow], begin: datetime, end: datetime, offset: timedelta
) -> Iterator[Interval]:
    """Expand while the distance between UTC and the clock on the wall stays the same."""
    first, last = ((at + offset).replace(tzinfo=None) for at in (begin, end))
    day = first.date() - _DAY  # yesterday's window may reach over midnight
    while day <= last.date():
        for window in windows:
            if day.weekday() in window.weekdays:
                opens, closes = window.on(day)
                opens, closes = max(opens, first), min(closes, last)
                if opens < closes:
                    yield Interval(_utc_of(opens, offset), _utc_of(closes, offset))
        day += _DAY


def _utc_of(wall: datetime, offset: timedelta) -> datetime:
    return (wall - offset).replace(tzinfo=UTC)


def _steady(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Cut a stretch of time where the zone changes its offset: (begin, end, offset)."""
    while begin < end:
        offset = _offset(zone, begin)
        until = begin
        while until < end and _offset(zone, until) == offset:
            until += _DAY
        cut = _change(zone, until - _DAY, until, offset)
        yield begin, min(cut, end), offset
        begin = cut


def _change(zone: ZoneInfo, before: datetime, after: datetime, offset: timedelta) -> datetime:
    """The first whole second after `before` with another offset; `after` if there is none up to there."""
    if _offset(zone, after) == offset:
        return after
    start = before.replace(microsecond=0)
    same, other = 0, int((after - start).total_seconds())  # zones change on whole seconds
    while other - same > 1:
        middle = (same + other) // 2
        if _offset(zone, start + timedelta(seconds=middle)) == offset:
            same = middle
        else:
            other = middle
    return start + timedelta(seconds=other)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    if offset is None:
        raise ValueError(f"the zone {zone} has no offset")
    return offset
