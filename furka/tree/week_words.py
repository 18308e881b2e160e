"""Weekly hours in words, for pages and mails."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.dates import WEEKDAYS_ABBR


def hours_in_words(windows: Iterable[object]) -> tuple[str, ...]:
    """The weekly hours of an access, as they are stored, each in words; none if it counts around the clock."""
    each = (window for window in windows if isinstance(window, dict))
    return tuple(window_in_words(window["weekdays"], window["begins"], window["ends"]) for window in each)


def window_in_words(weekdays: list[int], begins: str, ends: str) -> str:
    """A weekly window: `Mon–Fri 07:00–18:00`."""
    runs: list[list[int]] = []
    for day in sorted(weekdays):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = [
        str(WEEKDAYS_ABBR[run[0]])
        if len(run) == 1
        else f"{WEEKDAYS_ABBR[run[0]]}{'–' if len(run) > 2 else ', '}{WEEKDAYS_ABBR[run[-1]]}"
        for run in runs
    ]
    return f"{', '.join(names)} {begins}–{ends}"
