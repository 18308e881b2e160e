"""Adds up what was measured, by the hour and by the day, so that no page ever reads single looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import F, Value
from django.db.models.functions import Greatest

from furka.probes.found import Level
from furka.status.models import Component, Span


def hour_of(at: datetime) -> datetime:
    """The beginning of its hour."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime) -> datetime:
    """The beginning of its day (UTC)."""
    return hour_of(at).replace(hour=0)


def add(component: Component, level: Level, ms: int | None, at: datetime, looks: int = 1) -> None:
    """One look more, or several that were due and not made, in the sums of its hour and its day."""
    for is_day, begins_at in ((False, hour_of(at)), (True, day_of(at))):
        row, created = Span.objects.get_or_create(
            component=component,
            is_day=is_day,
            begins_at=begins_at,
            defaults={
                "looks": looks,
                "weak": looks if level is Level.WEAK else 0,
                "bad": looks if level is Level.BAD else 0,
                "timed": int(ms is not None),
                "ms": ms or 0,
                "ms_most": ms or 0,
            },
        )
        if created:
            continue
        changes = {"looks": F("looks") + looks}
        if level is not Level.OK:
            name = "weak" if level is Level.WEAK else "bad"
            changes[name] = F(name) + looks
        if ms is not None:
            changes |= {
                "timed": F("timed") + 1,
                "ms": F("ms") + ms,
                "ms_most": Greatest(F("ms_most"), Value(ms)),  # type: ignore[dict-item]
            }
        Span.objects.filter(pk=row.pk).update(**changes)


def add_missed(component: Component, since: datetime, until: datetime, every: timedelta) -> None:
    """Nobody looked from then until then: the looks that were due count as bad, each in its own hour."""
    at = since + every
    while at < until:
        end = min(hour_of(at) + timedelta(hours=1), until)
        looks = max(1, int((end - at) / every))
        add(component, Level.BAD, None, at, looks)
        at = end if end > at else at + every
