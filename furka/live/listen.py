"""Waiting for news without asking the database again and again.

One thread per process notices that something was committed (PostgreSQL: LISTEN; SQLite: `PRAGMA data_version`, which
changes with every commit of another connection), reads the new news once, and wakes exactly those who wait for one of
their topics.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections, connection

from furka.live.models import News, NewsCount
from furka.live.publish import CHANNEL

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

#: How often SQLite's counter is read, in seconds. A read costs some microseconds.
POLL = 0.02
#: How long PostgreSQL may be silent before the thread looks by itself, in seconds.
LOOK_ANYWAY = 5.0


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of news."""

    id: int
    topic: str
    what: str


class Listener:
    """The thread of one process and those who wait in it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, set[Waiter]] = {}
        self._thread: threading.Thread | None = None

    def add(self, waiter: Waiter) -> None:
        """Let somebody wait; starts the thread with the first one."""
        with self._lock:
            for topic in waiter.topics:
                self._waiting.setdefault(topic, set()).add(waiter)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="furka-news", daemon=True)
                self._thread.start()

    def remove(self, waiter: Waiter) -> None:
        """They no longer wait."""
        with self._lock:
            for topic in waiter.topics:
                here = self._waiting.get(topic, set())
                here.discard(waiter)
                if not here:
                    self._waiting.pop(topic, None)

    def _is_over(self) -> bool:
        """Nobody waits any more: the thread ends, and the next one who waits starts another."""
        with self._lock:
            if self._waiting:
                return False
            self._thread = None
            return True

    def _run(self) -> None:
        last: int | None = None
        while not self._is_over():
            try:
                for is_new in _commits():
                    if self._is_over():
                        connection.close()
                        return
                    if not is_new:
                        continue
                    close_old_connections()
                    if last is None:
                        last = _last_id()
                        self._tell(None)  # whoever began to wait before the thread knew where it stands
                    else:
                        last = self._read_since(last)
            except Exception:
                log.exception("waiting for news failed; trying again")
                connection.close()
                threading.Event().wait(1)

    def _read_since(self, last: int) -> int:
        newest = _last_id()
        if newest < last:  # another database was put in the place of the one before
            self._tell(None)
            return newest
        for row in News.objects.filter(id__gt=last).order_by("id"):
            last = row.id
            self._tell(Item(row.id, row.topic, row.what))
        return last

    def _tell(self, item: Item | None) -> None:
        with self._lock:
            chosen = self._waiting.get(item.topic, set()) if item else set().union(*self._waiting.values())
            for waiter in list(chosen):
                waiter.wake()


class Waiter:
    """Somebody in an event loop who waits for topics."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Called from the listener's thread."""
        with contextlib.suppress(RuntimeError):  # the loop may be closing
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout: float) -> bool:
        """Whether there was news within that many seconds."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout)
        except TimeoutError:
            return False
        self._event.clear()
        return True


_listener = Listener()


@contextlib.contextmanager
def waiting(topics: Iterable[str]) -> Iterator[Waiter]:
    """Wait for topics within this block. Begin to wait first, then read the state: nothing is missed between."""
    waiter = Waiter(topics)
    _listener.add(waiter)
    try:
        yield waiter
    finally:
        _listener.remove(waiter)


async def until(topics: Iterable[str], ready: Callable[[], bool], timeout: float) -> bool:
    """Wait until `ready()` (run in a thread, may query) is true, asking again at any news; False: it never was.

    The whole never takes longer than `timeout` seconds by much.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    ask = sync_to_async(then_closed(ready))
    with waiting(topics) as waiter:
        while not await ask():
            if not await waiter.wait(max(0.0, end - loop.time())):
                return await ask()
    return True


async def stream(
    topics: Iterable[str], after: int | None, beat: float = 15
) -> AsyncIterator[list[Item] | None]:
    """News under these topics, in order, for as long as it is asked; None now and then, so that the caller can
    look whether it should still go on. `after` is the last id that the receiver has; None: only what comes now."""
    wanted = frozenset(topics)
    with waiting(wanted) as waiter:
        newest = await sync_to_async(then_closed(_last_id))()
        last = newest if after is None or after > newest else after
        read = sync_to_async(then_closed(_read))
        while True:
            items = await read(wanted, last)
            if items:
                last = items[-1].id
                yield items
            if not await waiter.wait(beat):
                yield None


def then_closed(ask: Callable[P, R]) -> Callable[P, R]:
    """The same question; who waits afterwards holds no connection meanwhile."""

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return ask(*args, **kwargs)
        finally:
            close_old_connections()

    return run


def _read(topics: frozenset[str], after: int) -> list[Item]:
    rows = News.objects.filter(topic__in=topics, id__gt=after).order_by("id")[:500]
    return [Item(row.id, row.topic, row.what) for row in rows]


def _last_id() -> int:
    return NewsCount.objects.filter(id=1).values_list("last", flat=True).first() or 0


def _commits() -> Iterator[bool]:
    """Yields true at the start and whenever something may have been committed, and false now and then meanwhile."""
    yield True
    if connection.vendor == "sqlite":
        yield from _commits_of_sqlite(str(settings.DATABASES["default"]["NAME"]))
    else:
        yield from _commits_of_postgresql()


def _commits_of_sqlite(path: str) -> Iterator[bool]:
    pause = threading.Event()
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as own:
        before = None
        while True:
            (version,) = own.execute("PRAGMA data_version").fetchone()
            yield version != before
            before = version
            pause.wait(POLL)


def _commits_of_postgresql() -> Iterator[bool]:
    import psycopg  # noqa: PLC0415  # only where PostgreSQL is the database

    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    parameters.pop("prepare_threshold", None)
    parameters.pop("pool", None)
    with psycopg.connect(**parameters, autocommit=True) as own:
        own.execute(f"LISTEN {CHANNEL}")
        yield True
        while True:
            for _ in own.notifies(timeout=LOOK_ANYWAY, stop_after=1):
                pass
            yield True
