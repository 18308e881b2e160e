"""Hears from the hub program on this machine which pages may be open, and tells it which were closed here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from furka.wire.hub import PageClosed
from furka.wire.pages import LONGEST_LINE, PagesOpen

log = logging.getLogger(__name__)

_PAUSE = 0.5  # seconds before it is tried again


class HubLine:
    """This program's end of the line. While the hub program is away, what was last heard counts, each to its end."""

    def __init__(
        self, place: Path, heard: Callable[[PagesOpen], None], waiting: Callable[[], Iterable[PageClosed]]
    ) -> None:
        self._place = place
        self._heard = heard
        self._waiting = waiting
        self._writer: asyncio.StreamWriter | None = None

    def tell(self, closed: PageClosed) -> None:
        """Tell the hub; if it is away, it is told what still waits when it is back."""
        if self._writer is not None:
            self._writer.write(closed.model_dump_json().encode() + b"\n")

    async def run(self) -> None:
        """Never returns."""
        while True:
            with suppress(OSError, ValueError):
                await self._listen()
            self._writer = None
            await asyncio.sleep(_PAUSE)

    async def _listen(self) -> None:
        reader, self._writer = await asyncio.open_unix_connection(str(self._place), limit=LONGEST_LINE)
        try:
            while line := await reader.readline():
                try:
                    self._heard(PagesOpen.model_validate_json(line))
                except ValidationError as error:
                    log.error("What the hub says is not understood: %s", error)
                    continue
                for closed in self._waiting():
                    self.tell(closed)
        finally:
            self._writer.close()
