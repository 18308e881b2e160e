"""The switch at the site: somebody there cuts all remote access, and only somebody there lets it through again.

It is off if a command, a call from the plant's network or a digital input says so. Nothing that the portal or the hub
says is asked: the cloud can't undo it. What can't be read counts as off.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from furka.clock import now
from furka.gateway.home import Home, HomeError, KeptSwitch
from furka.wire.gateway import CutBy

_log = logging.getLogger(__name__)

_LOOK_EVERY = 0.2  # seconds; an input can't call us


class SiteSwitch:
    """Whether remote access is cut at the site.

    `input_file` holds `1` while access is allowed, such as the value of a digital input that a key switch closes.
    """

    def __init__(self, home: Home, input_file: Path | None = None) -> None:
        self._home = home
        self._input_file = input_file

    def cut_by(self) -> CutBy | None:
        """What cuts remote access now; None while it is allowed."""
        if self._input_file is not None and not _is_closed(self._input_file):
            return "input"
        try:
            kept = self._home.switch()
        except HomeError:
            return "command"
        return kept.cut_by if kept is not None else None

    def cut(self, by: CutBy, at: datetime | None = None) -> None:
        """Let nothing through any more, also after a restart. Raises HomeError."""
        self._home.keep_switch(KeptSwitch(cut_by=by, at=at or now()))

    def restore(self, at: datetime | None = None) -> None:
        """Let through again, as far as the input allows. Raises HomeError."""
        self._home.keep_switch(KeptSwitch(cut_by=None, at=at or now()))


class Turned:
    """The switch at the site was turned."""


class SwitchWatch(Thread):
    """Says so within a moment when the switch is turned, whoever turns it."""

    def __init__(self, switch: SiteSwitch, news: SimpleQueue[Any]) -> None:
        super().__init__(name="switch", daemon=True)
        self._switch = switch
        self._news = news
        self._closed = Event()

    def close(self) -> None:
        """Ask it to end."""
        self._closed.set()

    def run(self) -> None:
        seen = self._switch.cut_by()
        while not self._closed.wait(_LOOK_EVERY):
            cut_by = self._switch.cut_by()
            if cut_by != seen:
                seen = cut_by
                self._news.put(Turned())


def _is_closed(input_file: Path) -> bool:
    try:
        return input_file.read_text("ascii")[:8].strip() == "1"
    except (OSError, ValueError):
        return False
