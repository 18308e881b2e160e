"""Measures by hand: what the looks find is said, not looked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from furka.probes.found import Found, Level
from furka.status.kinds import EVERY, Kind
from furka.status.measuring import Look, take
from furka.status.models import Component, Incident
from furka.tree.operation import program
from furka.tunnel.models import Hub

#: As in `tests.world`, which needs this module.
NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


def a_look(kind: Kind, level: Level = Level.OK, hub: Hub | None = None, ms: int = 20, code: str = "") -> Look:
    """One part, as it was found."""
    code = code or ("" if level is Level.OK else "silent")
    return Look(kind, [Found("answer", level, code, ms)], hub.pk if hub else None)


def measure(*looks: Look, at: datetime = NOW, times: int = 1) -> datetime:
    """The same looks several times, one round after the other; returns the moment of the next round."""
    for number in range(times):
        take(program("worker", at + number * EVERY), looks)
    return at + times * EVERY


def an_incident(
    kind: Kind = Kind.MAIL, hub: Hub | None = None, at: datetime = NOW - timedelta(minutes=30)
) -> Incident:
    """Something does not work since a while."""
    measure(a_look(kind, Level.BAD, hub), at=at, times=3)
    key = kind.value if hub is None else f"{kind.value}-{hub.key}"
    return Component.objects.get(key=key).parts.get(ended_at=None).incident
