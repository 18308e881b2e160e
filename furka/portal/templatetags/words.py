"""Filters and tags that say times, spans, sizes and numbers; the words themselves are in `furka.portal.words`.

{{ grant.ends_at|moment }}          Di 24. Nov. 2026, 14:05
{{ case.at|moment:site.time_zone }} the same in the site's zone, which is named when it differs
{% remaining grant.ends_at %}       noch 3 h 20 min     (ages in the browser)
{% since device.seen_at %}          seit 12 s           (ages in the browser)
{% ago event.at %}                  vor 12 s            (ages in the browser)
{% upcoming window.start %}         in 3 h 20 min       (ages in the browser)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from furka import clock
from furka.portal import words

register = template.Library()


@register.filter
def moment(value: datetime | None, zone: str | None = None) -> str:
    """Date and time; nothing for nothing."""
    return words.moment(value, zone) if value else ""


@register.filter
def moment_named(value: datetime | None, zone: str | None = None) -> str:
    """Date and time, always with the name of the zone."""
    return words.moment(value, zone, named=True) if value else ""


@register.filter
def day(value: datetime | None, zone: str | None = None) -> str:
    """The date alone."""
    return words.day(value, zone) if value else ""


@register.filter
def clock_time(value: datetime | None, zone: str | None = None) -> str:
    """The time of day alone."""
    return words.clock_time(value, zone) if value else ""


@register.filter
def span(value: timedelta | float | None) -> str:
    """How long, in words."""
    return "" if value is None else words.span(value)


@register.filter
def size(value: int | None) -> str:
    """An amount of data."""
    return "" if value is None else words.size(value)


@register.filter
def number(value: float | None, decimals: int | None = None) -> str:
    """A number with its thousands apart."""
    return "" if value is None else words.number(value, decimals)


@register.simple_tag
def period(start: datetime, end: datetime, zone: str | None = None) -> str:
    """From when to when."""
    return words.period(start, end, zone)


@register.simple_tag
def since(value: datetime | None) -> SafeString | str:
    """For how long something has lasted; ages in the browser."""
    return _ageing("since", value, words.since)


@register.simple_tag
def ago(value: datetime | None) -> SafeString | str:
    """How long ago it was; ages in the browser."""
    return _ageing("ago", value, words.ago)


@register.simple_tag
def remaining(value: datetime | None) -> SafeString | str:
    """How much is left; ages in the browser."""
    return _ageing("remaining", value, words.remaining)


@register.simple_tag
def upcoming(value: datetime | None) -> SafeString | str:
    """How long until it begins; ages in the browser."""
    return _ageing("upcoming", value, words.upcoming)


def _ageing(kind: str, value: datetime | None, say: Callable[[datetime, datetime], str]) -> SafeString | str:
    if value is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}" data-age="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        words.moment(value, named=True),
        kind,
        say(value, clock.now()),
    )


@register.filter
def tel(number: str) -> str:
    """A phone number as a link needs it (RFC 3966): digits, and a plus at the beginning."""
    kept = "".join(each for each in number if each.isdigit())
    return f"+{kept}" if number.strip().startswith("+") else kept
