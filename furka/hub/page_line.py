"""Tells the program that opens pages of devices in browsers, on the same machine, which of them may be open now.

That program needs no rights and no secret of the hub: it hears over a Unix socket what it may do, after the kernel
lets it, and is told that it may not any more after the kernel has stopped it.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock, Thread

from pydantic import ValidationError

from furka.clock import monotonic
from furka.plan.entries import Page
from furka.wire.hub import PageClosed
from furka.wire.pages import LONGEST_LINE, PagesOpen

log = logging.getLogger(__name__)

#: Who listens and does not read is let go after so many seconds.
_PATIENCE = 5.0
#: The owner and its group may listen and speak.
_MODE = 0o660


class PageLine:
    """The hub's end of the line."""

    def __init__(self, closed: Callable[[PageClosed], None]) -> None:
        self._closed = closed
        self._lock = Lock()
        self._listeners: list[socket.socket] = []
        self._told: tuple[Page, ...] | None = None
        self._told_now: datetime | None = None
        self._told_at = 0.0

    def opened_at(self, place: Path) -> Callable[[], None]:
        """Take the socket at that place; returns what waits there for listeners, for ever."""
        place.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(str(place))
        place.chmod(_MODE)
        server.listen(8)
        return lambda: self._serve(server)

    def tell(self, now: datetime, pages: tuple[Page, ...]) -> None:
        """Whoever listens hears it, if it is something new."""
        with self._lock:
            if pages == self._told:
                return
            self._told, self._told_now, self._told_at = pages, now, monotonic()
            for listener in list(self._listeners):
                self._say(listener)

    def _serve(self, server: socket.socket) -> None:
        while True:
            listener, _ = server.accept()
            listener.settimeout(_PATIENCE)
            with self._lock:
                self._listeners.append(listener)
                self._say(listener)
            Thread(target=self._hear, args=(listener.dup(),), name="page line", daemon=True).start()

    def _say(self, listener: socket.socket) -> None:
        if self._told is None or self._told_now is None:
            return
        now = self._told_now + timedelta(seconds=monotonic() - self._told_at)
        try:
            listener.sendall(PagesOpen(now=now, pages=self._told).model_dump_json().encode() + b"\n")
        except OSError:
            self._listeners.remove(listener)
            listener.close()

    def _hear(self, speaker: socket.socket) -> None:
        speaker.settimeout(None)
        with suppress(OSError), speaker, speaker.makefile("rb") as lines:
            while line := lines.readline(LONGEST_LINE):
                try:
                    self._closed(PageClosed.model_validate_json(line))
                except ValidationError as error:
                    log.warning("What the program for pages of devices says is not understood: %s", error)
