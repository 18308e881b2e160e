"""How much one address, one gateway and all together may ask of a relay; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of connections, and seconds."""

    sessions: int = 5000  # at once
    strangers: int = 512  # connections at once that have not shown a ticket yet
    per_source: int = 256  # connections at once from one address: many plants may sit behind one
    burst: int = 60  # new connections from one address at once, and then …
    per_second: float = 5.0
    head_seconds: float = 10.0  # from the connection to a proof that counts; as long again for TLS before
    idle_seconds: float = 120.0  # without a byte from the gateway: WireGuard says something every 25 seconds

    #: So many addresses are remembered for their bursts.
    remembered: int = 20_000


class Admission:
    """Counts who is there. `monotonic` says the time in seconds."""

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._sources: Counter[str] = Counter()
        self._credit: dict[str, tuple[float, float]] = {}  # what is left, and when that was
        self._strangers = 0
        self.turned_away = 0

    @property
    def connected(self) -> int:
        """How many connections there are."""
        return self._sources.total()

    def come(self, source: str) -> bool:
        """A connection from that address; whether it may stay. If so, `leave` follows."""
        limits = self._limits
        fits = (
            self._strangers < limits.strangers
            and self._sources[source] < limits.per_source
            and self._sources.total() < limits.sessions + limits.strangers
            and self._spend(source)
        )
        if not fits:
            self.turned_away += 1
            if not self._sources[source]:
                del self._sources[source]
            return False
        self._sources[source] += 1
        self._strangers += 1
        return True

    def become_known(self, sessions: int) -> bool:
        """It has shown a ticket; whether there is room, with so many sessions already."""
        if sessions >= self._limits.sessions:
            return False
        self._strangers -= 1
        return True

    def leave(self, source: str, *, known: bool) -> None:
        """It is gone."""
        self._sources[source] -= 1
        if self._sources[source] <= 0:
            del self._sources[source]
        if not known:
            self._strangers -= 1

    def _spend(self, source: str) -> bool:
        at = self._monotonic()
        left, since = self._credit.pop(source, (float(self._limits.burst), at))
        left = min(float(self._limits.burst), left + (at - since) * self._limits.per_second)
        may = left >= 1
        self._credit[source] = (left - 1 if may else left, at)
        while len(self._credit) > self._limits.remembered:
            del self._credit[next(iter(self._credit))]  # the one that came longest ago
        return may
