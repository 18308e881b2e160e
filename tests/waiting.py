"""Tests that wait for news: an event loop whose database connections are closed, and a listener that ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from asgiref.sync import sync_to_async
from django.db import connections, transaction

from furka import clock
from furka.live import listen
from furka.live.listen import Listener
from furka.live.publish import publish
from tests.world import NOW

T = TypeVar("T")

#: Nothing that waits should take longer, in seconds.
LONG = 20.0


def tell(topic: str, what: str = "changed") -> None:
    """One piece of news, committed."""
    with transaction.atomic():
        publish([(topic, what)], NOW)


@contextmanager
def own_listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """A listener of this test's own, whose thread has ended afterwards."""
    own = Listener()
    monkeypatch.setattr(listen, "_listener", own)
    yield own
    tell("nobody")  # so that it looks, and sees that nobody waits any more
    end = clock.SystemClock().monotonic() + LONG
    while own._thread is not None:
        assert clock.SystemClock().monotonic() < end
        threading.Event().wait(0.01)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it to its end, and close the connection of the thread in which it queried."""

    async def and_close() -> T:
        try:
            return await asyncio.wait_for(coroutine, LONG)
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(and_close())


async def meanwhile(do: Callable[[], object]) -> None:
    """Do something in another thread, with a connection of its own."""

    def and_close() -> None:
        try:
            do()
        finally:
            connections.close_all()

    await asyncio.to_thread(and_close)


async def become(true: Callable[[], bool]) -> None:
    """Wait until something that this process knows is true."""
    while not true():
        await asyncio.sleep(0.01)
