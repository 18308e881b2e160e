"""Says times, spans, sizes and numbers the way people here read them, in the language of the page.

Moments are aware; what is shown is in the current time zone or in the one that is given. The scripts of the portal age
these texts in place, with the same words (`texts`).
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext, ngettext, npgettext

MINUTE, HOUR, DAY = 60, 3600, 86400
MONTH, YEAR = 30.4375 * DAY, 365.25 * DAY

# Only what differs from the name that the time zone data gives.
_ZONES = {"CET": "MEZ", "CEST": "MESZ", "EET": "OEZ", "EEST": "OESZ", "WET": "WEZ", "WEST": "WESZ"}


def span(length: timedelta | float, *, after_preposition: bool = False) -> str:
    """How long, in words: `3 h 20 min`, `12 s`, `2 days 4 h`; rounded down, never negative. A number means seconds.

    After a preposition German says it differently: `vor 2 Tagen`.
    """
    seconds = max(0.0, length.total_seconds() if isinstance(length, timedelta) else float(length))
    if seconds < MINUTE:
        return gettext("%(count)d s") % {"count": int(seconds)}
    if seconds < HOUR:
        return gettext("%(count)d min") % {"count": int(seconds // MINUTE)}
    if seconds < DAY:
        hours, rest = divmod(seconds, HOUR)
        return _two(
            gettext("%(count)d h") % {"count": int(hours)}, int(rest // MINUTE), gettext("%(count)d min")
        )
    if seconds < 60 * DAY:
        days, rest = divmod(seconds, DAY)
        text = _days(int(days), after_preposition)
        return _two(text, int(rest // HOUR) if days < 3 else 0, gettext("%(count)d h"))
    if seconds < 2 * YEAR:
        return _months(int(seconds // MONTH), after_preposition)
    return _years(int(seconds // YEAR), after_preposition)


def _days(count: int, after_preposition: bool) -> str:
    if after_preposition:
        text = npgettext("after a preposition", "%(count)d day", "%(count)d days", count)
    else:
        text = ngettext("%(count)d day", "%(count)d days", count)
    return text % {"count": count}


def _months(count: int, after_preposition: bool) -> str:
    if after_preposition:
        text = npgettext("after a preposition", "%(count)d month", "%(count)d months", count)
    else:
        text = ngettext("%(count)d month", "%(count)d months", count)
    return text % {"count": count}


def _years(count: int, after_preposition: bool) -> str:
    if after_preposition:
        text = npgettext("after a preposition", "%(count)d year", "%(count)d years", count)
    else:
        text = ngettext("%(count)d year", "%(count)d years", count)
    return text % {"count": count}


def _two(first: str, count: int, second: str) -> str:
    return f"{first} {second % {'count': count}}" if count else first


def since(moment: datetime, at: datetime) -> str:
    """For how long something has lasted: `for 12 s`."""
    return gettext("for %(span)s") % {"span": span(at - moment, after_preposition=True)}


def ago(moment: datetime, at: datetime) -> str:
    """How long ago something happened: `12 s ago`."""
    return gettext("%(span)s ago") % {"span": span(at - moment, after_preposition=True)}


def remaining(until: datetime, at: datetime) -> str:
    """How much is left: `3 h 20 min left`; afterwards that it has ended."""
    if until <= at:
        return gettext("ended")
    return gettext("%(span)s left") % {"span": span(until - at)}


def upcoming(start: datetime, at: datetime) -> str:
    """How long until something begins: `in 3 h 20 min`."""
    return gettext("in %(span)s") % {"span": span(start - at, after_preposition=True)}


def moment(value: datetime, zone: str | tzinfo | None = None, *, named: bool = False) -> str:
    """A date and time: `Tue 24 Nov 2026, 14:05`; with the zone's name if asked for, or if it is not the current one."""
    there = _there(value, zone)
    text = date_format(there, "DATETIME_FORMAT")
    here = value.astimezone(timezone.get_current_timezone())
    if named or there.utcoffset() != here.utcoffset():
        return f"{text} {zone_name(there)}"
    return text


def day(value: datetime, zone: str | tzinfo | None = None) -> str:
    """A date: `Tue 24 Nov 2026`."""
    return date_format(_there(value, zone), "DATE_FORMAT")


def clock_time(value: datetime, zone: str | tzinfo | None = None) -> str:
    """A time of day: `14:05`."""
    return date_format(_there(value, zone), "TIME_FORMAT")


def period(start: datetime, end: datetime, zone: str | tzinfo | None = None) -> str:
    """From when to when; the date is said once if it is the same: `Tue 24 Nov 2026, 14:05–18:00`."""
    if _there(start, zone).date() == _there(end, zone).date():
        return f"{moment(start, zone)}–{clock_time(end, zone)}"
    return f"{moment(start, zone)} – {moment(end, zone)}"


def zone_name(there: datetime) -> str:
    """What people call the zone of this moment: `MEZ` in German, `CET` in English, else `UTC+3`."""
    name = there.tzname() or "UTC"
    if name[0] in "+-":
        return f"UTC{name[0]}{name[1:].lstrip('0') or '0'}"
    return _ZONES.get(name, name) if _german() else name


def size(count: int) -> str:
    """An amount of data: `1.2 MB` (in steps of a thousand)."""
    value, units = float(count), ["B", "kB", "MB", "GB", "TB", "PB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    decimals = 1 if value < 9.95 and units[0] != "B" else 0
    return f"{number_format(round(value, decimals), decimals)} {units[0]}"


def number(value: float, decimals: int | None = None) -> str:
    """A number with its thousands apart: `1'234.5`."""
    return number_format(value, decimals, force_grouping=True)


def texts() -> dict[str, object]:
    """The same words for the scripts, each with the place of its number as `%s`."""
    one, many = (ngettext("%(count)d day", "%(count)d days", count) for count in (1, 2))
    ago_one, ago_many = (
        npgettext("after a preposition", "%(count)d day", "%(count)d days", count) for count in (1, 2)
    )
    return {
        "second": gettext("%(count)d s").replace("%(count)d", "%s"),
        "minute": gettext("%(count)d min").replace("%(count)d", "%s"),
        "hour": gettext("%(count)d h").replace("%(count)d", "%s"),
        "day": one.replace("%(count)d", "%s"),
        "days": many.replace("%(count)d", "%s"),
        "afterDay": ago_one.replace("%(count)d", "%s"),
        "afterDays": ago_many.replace("%(count)d", "%s"),
        "since": gettext("for %(span)s").replace("%(span)s", "%s"),
        "ago": gettext("%(span)s ago").replace("%(span)s", "%s"),
        "remaining": gettext("%(span)s left").replace("%(span)s", "%s"),
        "upcoming": gettext("in %(span)s").replace("%(span)s", "%s"),
        "ended": gettext("ended"),
        "copied": gettext("Copied"),
        "failed": gettext("That did not work. Please try again."),
        "offline": gettext("The portal can not be reached. Please check your connection and try again."),
        "refused": gettext("You may not do this, or no longer. Please load the page again."),
    }


def _there(value: datetime, zone: str | tzinfo | None) -> datetime:
    if zone is None:
        return value.astimezone(timezone.get_current_timezone())
    return value.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)


def _german() -> bool:
    return (get_language() or "de").startswith("de")
