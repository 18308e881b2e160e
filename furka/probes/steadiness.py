"""When a part of the cloud counts as bad, and as well again: never after a single look, and never to and fro.

Pure. A state changes after several looks in a row that all say so; what fell again and again within an hour has to be
well for longer each time before it counts as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from furka.probes.found import Level

#: So many looks in a row that are worse change the state …
FALL = 3
#: … and so many that are better change it back, doubled for each time that it fell again within ...
RISE = 4
MOST_DOUBLED = 4
DAMPED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one part: its state, since when, and the looks in a row that say otherwise, in one direction."""

    state: Level = Level.OK
    since: datetime | None = None
    against: tuple[tuple[Level, datetime], ...] = ()
    falls: int = 0  # how often it became bad, each time within an hour of the time before
    fell_at: datetime | None = None

    @property
    def needed(self) -> int:
        """So many better looks in a row it takes now."""
        return int(RISE * 2 ** min(max(self.falls - 1, 0), MOST_DOUBLED))


def step(standing: Standing, level: Level, at: datetime) -> Standing:
    """What is known after one more look."""
    state, since = standing.state, standing.since or at
    if level is state:
        return replace(standing, since=since, against=())
    worse = level.rank > state.rank
    before = standing.against
    row = (*(before if before and (before[0][0].rank > state.rank) == worse else ()), (level, at))
    window = row[-(FALL if worse else standing.needed) :]
    if len(window) < (FALL if worse else standing.needed):
        return replace(standing, since=since, against=row)
    # What all of these looks say at least: the mildest of bad ones, the worst of good ones.
    new = (min if worse else max)((each for each, _at in window), key=lambda each: each.rank)
    falls, fell_at = standing.falls, standing.fell_at
    if new is Level.BAD:
        again = fell_at is not None and at - fell_at < DAMPED
        falls, fell_at = (falls + 1 if again else 1), at
    return Standing(new, window[0][1], _beyond(row, new, worse), falls, fell_at)


def _beyond(
    row: tuple[tuple[Level, datetime], ...], state: Level, worse: bool
) -> tuple[tuple[Level, datetime], ...]:
    """The looks at the end of a row that still say otherwise, now that the state is this."""
    kept: list[tuple[Level, datetime]] = []
    for level, at in reversed(row):
        if level is state or (level.rank > state.rank) != worse:
            break
        kept.insert(0, (level, at))
    return tuple(kept)
