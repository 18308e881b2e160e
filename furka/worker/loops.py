"""Runs the loops: each in a thread of its own, every so often, until it is told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import close_old_connections

from furka import clock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loop:
    """Something to look after. `run` does what is due at a moment and says how much it did."""

    name: str
    every: float  # seconds
    run: Callable[[datetime], int]


def keep_running(loops: Sequence[Loop], stop: threading.Event) -> None:
    """Run all loops until `stop` is set; then what has begun is finished."""
    threads = [threading.Thread(target=_keep, args=(loop, stop), name=loop.name) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _keep(loop: Loop, stop: threading.Event) -> None:
    pause = 0.0
    while not stop.wait(pause):
        pause = loop.every
        close_old_connections()
        try:
            if done := loop.run(clock.now()):
                log.info("%s: %d", loop.name, done)
        except Exception:  # the next round may work; a loop never ends by a fault
            log.exception("%s failed; trying again", loop.name)
            pause = max(loop.every, 5.0)
    close_old_connections()
