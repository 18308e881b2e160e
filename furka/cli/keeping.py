"""Keeps programs running: one that ends without being asked is started again, unless it ends again and again."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import click

from furka import clock
from furka.cli.children import Ended

#: So many ends within so many seconds are too many: something is wrong that starting again does not mend.
TOO_OFTEN, WITHIN = 5, 60.0
LOOK_EVERY = 0.3


class Running(Protocol):
    """A program that was started."""

    @property
    def alive(self) -> bool: ...

    def clear(self) -> None:
        """End what it left behind."""
        ...


@dataclass(slots=True)
class Kept:
    """A program and how it is started."""

    name: str
    start: Callable[[], Running]
    running: Running
    ends: deque[float] = field(default_factory=lambda: deque(maxlen=TOO_OFTEN))

    def look(self) -> None:
        """Start it again if it has ended. Raises Ended if that happens too often."""
        if self.running.alive:
            return
        self.ends.append(clock.monotonic())
        if len(self.ends) == TOO_OFTEN and self.ends[-1] - self.ends[0] < WITHIN:
            raise Ended(f"The {self.name} ends again and again; see its log.")
        click.echo(f"The {self.name} has ended; it is started again.")
        self.running.clear()
        self.running = self.start()


def keep(name: str, start: Callable[[], Running]) -> Kept:
    """Start a program that is to be kept running."""
    return Kept(name, start, start())


def keep_until(stop: threading.Event, programs: list[Kept]) -> None:
    """Look after programs until it is time to stop."""
    while not stop.wait(LOOK_EVERY):
        for each in programs:
            each.look()
