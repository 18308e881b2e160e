"""Draws what was measured as shapes of SVG, made here: bars of days, and a line of response times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from furka.status.queries import Sum

#: Of a bar: its whole width and the part of it that is filled; and how high bars and lines are.
STEP, FILLED, HIGH = 4, 3, 24
LEVELS = ("ok", "weak", "bad", "none")


@dataclass(frozen=True, slots=True)
class Bars:
    """One path for each level; a bar for each day."""

    width: int
    height: int
    paths: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """The average of each hour; gaps where nobody looked."""

    width: int
    height: int
    path: str
    average: float
    most: int


def bars(days: Sequence[Sum]) -> Bars:
    """The bars of these days."""
    found: dict[str, list[str]] = {level: [] for level in LEVELS}
    for number, day in enumerate(days):
        top = 0 if day.level != "none" else HIGH - 4
        found[day.level].append(f"M{number * STEP} {top}h{FILLED}V{HIGH}h-{FILLED}z")
    paths = tuple((level, "".join(parts)) for level, parts in found.items() if parts)
    return Bars(len(days) * STEP, HIGH, paths)


def line(hours: Sequence[Sum]) -> Line | None:
    """The line of these hours; None if nothing was timed."""
    timed = [hour.ms for hour in hours if hour.ms is not None]
    if not timed:
        return None
    top = max(*timed, 1.0)
    parts, pen_up = [], True
    for number, hour in enumerate(hours):
        if hour.ms is None:
            pen_up = True
            continue
        y = round((HIGH - 2) * (1 - hour.ms / top) + 1, 1)
        x = number * STEP
        parts.append(f"M{x} {y}h1" if pen_up else f"L{x} {y}")
        pen_up = False
    looks = sum(hour.looks for hour in hours if hour.ms is not None)
    average = sum(hour.ms * hour.looks for hour in hours if hour.ms is not None) / max(looks, 1)
    return Line(len(hours) * STEP, HIGH, "".join(parts), average, max(hour.ms_most for hour in hours))
