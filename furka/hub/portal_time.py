"""The portal's time on a machine whose own clock may be wrong by any amount."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf

#: A door in force may end this much earlier than it should before it is written anew.
SLACK = 0.2

#: An answer that comes late makes the portal's clock look slow by so much at most; more, and it was set back.
_LATEST = 5.0


class PortalTime:
    """The portal's clock, carried on by this machine's monotonic one between its answers."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._told = inf

    @property
    def known(self) -> bool:
        return self._offset is not None

    def hear(self, now: datetime, at: float) -> bool:
        """An answer that was given at `now` has arrived at `at`; returns whether that moves all ends noticeably.

        Answers travel for a while, so the one that puts the portal's clock furthest ahead is nearest to the truth.
        """
        heard = now.timestamp() - at
        if self._offset is None or not self._offset - _LATEST < heard <= self._offset:
            self._offset = heard
        moved = abs(self._offset - self._told) > SLACK
        if moved:
            self._told = self._offset
        return moved

    def at(self, at: float) -> datetime:
        """The portal's time at a moment of this machine; ValueError before the first answer."""
        return datetime.fromtimestamp(at + self._known_offset(), UTC)

    def moment_of(self, time: datetime) -> float:
        """When, on this machine, the portal's clock shows that time."""
        return time.timestamp() - self._known_offset()

    def _known_offset(self) -> float:
        if self._offset is None:
            raise ValueError("the portal's time is not known before its first answer")
        return self._offset
