"""Programs that belong to this one: started by it, ended with it, even if it is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from furka import clock

_PR_SET_PDEATHSIG = 1  # prctl(2): get this signal when the parent dies
_END_LIMIT = 10.0  # seconds


class Ended(Exception):
    """A program ended that should have gone on."""


class Child:
    """One program, with its log."""

    def __init__(self, argv: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        parent = os.getpid()
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **env},
                start_new_session=True,  # Ctrl-C reaches us alone; we end the others in order
                preexec_fn=lambda: _die_with(parent),  # nothing but one system call
            )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end, and insist after a while."""
        if self.alive:
            os.killpg(self._process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_LIMIT)
        self.clear()

    def clear(self) -> None:
        """End it and whatever it has started, at once; also what it left behind when it was killed itself."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _die_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the call
        os._exit(1)


def wait_until_answers(url: str, alive: Callable[[], bool], logs: Path, limit: float = 60) -> None:
    """Until that address answers. Raises Ended if its program ends first or the time is up."""
    end = clock.monotonic() + limit
    while clock.monotonic() < end:
        if not alive():
            raise Ended(f"The portal did not start; see {logs}.")
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  # our own loopback address
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise Ended(f"The portal does not answer at {url}; see {logs}.")
