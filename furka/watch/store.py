"""What the watcher remembers, in a SQLite file of its own: how each part stands, sums of days, outages."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from furka.probes.found import Found, Level
from furka.probes.steadiness import Standing, step

#: Sums and outages are kept for so long.
KEPT = timedelta(days=400)

_TABLES = """
CREATE TABLE IF NOT EXISTS parts (
    name TEXT PRIMARY KEY, state TEXT NOT NULL, since TEXT, against TEXT NOT NULL, falls INTEGER NOT NULL,
    fell_at TEXT, looked_at TEXT NOT NULL, code TEXT NOT NULL, ms INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS days (
    name TEXT NOT NULL, day TEXT NOT NULL, looks INTEGER NOT NULL, weak INTEGER NOT NULL, bad INTEGER NOT NULL,
    PRIMARY KEY (name, day)
) STRICT;
CREATE TABLE IF NOT EXISTS outages (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, began_at TEXT NOT NULL, ended_at TEXT, code TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Part:
    """How a part stands."""

    name: str
    standing: Standing
    looked_at: datetime
    code: str
    ms: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """What was measured on one day."""

    day: date
    looks: int
    weak: int
    bad: int


@dataclass(frozen=True, slots=True)
class Outage:
    """That a part did not work, from when until when."""

    name: str
    began_at: datetime
    ended_at: datetime | None
    code: str


class Store:
    """The file. Every change is one transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as base:
            base.executescript(_TABLES)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        base = sqlite3.connect(self._path, timeout=10)
        try:
            with base:
                yield base
        finally:
            base.close()

    def take(self, found: Found, at: datetime) -> Outage | None:
        """One look; returns the outage that it began or ended."""
        with self._open() as base:
            before = _standing(base, found.what)
            after = step(before, found.level, at)
            _keep(base, found, after, at)
            base.execute(
                "INSERT INTO days VALUES (?, ?, 1, ?, ?) ON CONFLICT (name, day) DO UPDATE SET"
                " looks = looks + 1, weak = weak + excluded.weak, bad = bad + excluded.bad",
                (
                    found.what,
                    at.astimezone(UTC).date().isoformat(),
                    found.level is Level.WEAK,
                    found.level is Level.BAD,
                ),
            )
            if after.state is Level.BAD and before.state is not Level.BAD:
                base.execute(
                    "INSERT INTO outages (name, began_at, code) VALUES (?, ?, ?)",
                    (found.what, _text(after.since), found.code),
                )
                return Outage(found.what, after.since or at, None, found.code)
            if before.state is Level.BAD and after.state is not Level.BAD:
                base.execute(
                    "UPDATE outages SET ended_at = ? WHERE name = ? AND ended_at IS NULL",
                    (_text(after.since), found.what),
                )
                return Outage(found.what, before.since or at, after.since, found.code)
        return None

    def parts(self) -> list[Part]:
        """All parts, in the order in which they were first looked at."""
        with self._open() as base:
            rows = base.execute("SELECT name, looked_at, code, ms FROM parts ORDER BY rowid").fetchall()
            return [
                Part(name, _standing(base, name), datetime.fromisoformat(looked), code, ms)
                for name, looked, code, ms in rows
            ]

    def days(self, name: str, first: date) -> list[Day]:
        """The days of a part since then on which somebody looked."""
        with self._open() as base:
            rows = base.execute(
                "SELECT day, looks, weak, bad FROM days WHERE name = ? AND day >= ? ORDER BY day",
                (name, first.isoformat()),
            )
            return [Day(date.fromisoformat(day), looks, weak, bad) for day, looks, weak, bad in rows]

    def outages(self, most: int) -> list[Outage]:
        """The last outages, the newest first."""
        with self._open() as base:
            rows = base.execute(
                "SELECT name, began_at, ended_at, code FROM outages ORDER BY began_at DESC, id DESC LIMIT ?",
                (most,),
            )
            return [
                Outage(name, datetime.fromisoformat(began), _moment(ended), code)
                for name, began, ended, code in rows
            ]

    def forget(self, at: datetime, names: list[str]) -> None:
        """Drop what is old, and parts that are not looked at any more."""
        oldest = (at - KEPT).isoformat()
        marks = ", ".join("?" for _ in names)
        with self._open() as base:
            base.execute("DELETE FROM days WHERE day < ?", (oldest[:10],))
            base.execute("DELETE FROM outages WHERE ended_at < ?", (oldest,))
            base.execute(f"DELETE FROM parts WHERE name NOT IN ({marks})", names)  # noqa: S608  # question marks only


def _standing(base: sqlite3.Connection, name: str) -> Standing:
    row = base.execute(
        "SELECT state, since, against, falls, fell_at FROM parts WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return Standing()
    state, since, against, falls, fell_at = row
    looks = tuple((Level(level), datetime.fromisoformat(at)) for level, at in json.loads(against))
    return Standing(Level(state), _moment(since), looks, falls, _moment(fell_at))


def _keep(base: sqlite3.Connection, found: Found, standing: Standing, at: datetime) -> None:
    base.execute(
        "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " state = excluded.state, since = excluded.since, against = excluded.against, falls = excluded.falls,"
        " fell_at = excluded.fell_at, looked_at = excluded.looked_at, code = excluded.code, ms = excluded.ms",
        (
            found.what,
            standing.state,
            _text(standing.since),
            json.dumps([[level, _text(when)] for level, when in standing.against]),
            standing.falls,
            _text(standing.fell_at),
            _text(at),
            found.code,
            found.ms,
        ),
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
