"""The only place that asks what time it is, so that everything else gets the time as an argument."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump; only differences mean anything."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class FakeClock:
    """A clock that stands still until it is told to move; for tests and for trying out what happens later."""

    def __init__(self, at: datetime) -> None:
        self._now = at.astimezone(UTC)
        self._seconds = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, by: timedelta) -> None:
        """Move on by a positive duration."""
        if by < timedelta(0):
            raise ValueError("a clock does not run backwards")
        self._now += by
        self._seconds += by.total_seconds()


_clock: Clock = SystemClock()


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return _clock.now()


def monotonic() -> float:
    """Seconds that never jump; only differences mean anything."""
    return _clock.monotonic()


@contextmanager
def using(clock: Clock) -> Iterator[Clock]:
    """Run a block with another clock."""
    global _clock
    before, _clock = _clock, clock
    try:
        yield clock
    finally:
        _clock = before
