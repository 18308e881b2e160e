"""`furka worker`: the background loops."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from furka.cli.django import home_option, start


@click.command()
@home_option
def worker(home: Path) -> None:
    """Run the background loops: mail, ends of grants, access windows, checks. Any number may run."""
    start(home)
    from furka.worker.duties import LOOPS
    from furka.worker.loops import keep_running

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    keep_running(LOOPS, stop)
