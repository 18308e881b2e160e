"""Waiting for something to become true, and giving up in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from furka.clock import monotonic

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], limit: float = 15, every: float = 0.05) -> Found:
    """The first true value that `look` returns; fails with its last one after `limit` seconds."""
    until = monotonic() + limit
    while not (found := look()):
        if monotonic() > until:
            raise AssertionError(f"not within {limit} seconds; at last it was {found!r}")
        time.sleep(every)
    return found
