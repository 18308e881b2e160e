"""Several things at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

#: Whoever is not ready by then waits for somebody who waits for them.
LONGEST = 60.0


def together(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start all jobs at the same moment, each with a connection of its own; returns what `side_by_side` does."""

    def connected(job: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            try:
                return job()
            finally:
                connection.close()

        return run

    return side_by_side([connected(job) for job in jobs], connection.ensure_connection)


def side_by_side(
    jobs: Sequence[Callable[[], Any]], prepare: Callable[[], object] = lambda: None
) -> list[Any]:
    """Start all jobs at the same moment, in threads; returns what each returned, or the exception that it raised."""
    results: list[Any] = [None] * len(jobs)
    start = threading.Barrier(len(jobs))

    def run(number: int, job: Callable[[], Any]) -> None:
        try:
            prepare()
            start.wait(LONGEST)
            results[number] = job()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            results[number] = error

    threads = [threading.Thread(target=run, args=(number, job)) for number, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST)
    assert not any(thread.is_alive() for thread in threads), "somebody still waits"
    return results


def none_failed(results: Sequence[Any]) -> list[Any]:
    """The same results. Raises the first exception among them."""
    for result in results:
        if isinstance(result, Exception):
            raise result
    return list(results)
