"""Which pages may be open now, who has proven that they are theirs, and when one ends.

The hub's plan alone says what is open; here it is only remembered which tickets were used, and by which cookie a
browser is known since.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ValidationError

from furka.clock import monotonic
from furka.plan.entries import Page, Way
from furka.wire.pages import PagesOpen

#: Pages that are over are remembered for saying so, the newest of them.
MOST_GONE = 10_000


class Because(StrEnum):
    """Why a page is over."""

    TIME = "time"
    ENDED = "ended"
    IDLE = "idle"


class Kept(BaseModel):
    """What outlives the program of one page."""

    cookie_hash: str = ""  # of the browser that used the ticket
    is_idle: bool = False  # closed by us; the portal may not know yet


class Memory(BaseModel):
    """What outlives the program."""

    pages: dict[str, Kept] = {}


@dataclass(eq=False)
class OpenPage:
    """One page. `ended` is set once, then `because` says why."""

    page: Page
    way: Way
    kept: Kept
    used_at: float
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    because: Because | None = None

    @property
    def is_open(self) -> bool:
        return not self.ended.is_set()

    def end(self, because: Because) -> None:
        """It is over: whoever waits for `ended` stops."""
        if self.is_open:
            self.because = because
            self.ended.set()


class Pages:
    """All pages that this program knows of. For one event loop."""

    def __init__(self, home: Path, gone_idle: Callable[[OpenPage, datetime], None]) -> None:
        self._place = home / "pages.json"
        self._gone_idle = gone_idle
        self._kept = self._remembered()
        self._by_label: dict[str, OpenPage] = {}
        self._gone: OrderedDict[str, OpenPage] = OrderedDict()
        self._changed = asyncio.Event()
        self._now = datetime.min.replace(tzinfo=UTC)
        self._heard_at: float | None = None

    def hear(self, told: PagesOpen) -> None:
        """This is all that may be open now."""
        self._now, self._heard_at = told.now, monotonic()
        said = {page.label: page for page in told.pages}
        for label in self._by_label.keys() - said.keys():
            is_over = self._by_label[label].page.not_after <= told.now
            self._end(label, Because.TIME if is_over else Because.ENDED)
        for label, page in said.items():
            present = self._by_label.get(label)
            if present is not None:
                # Its end may be another now. What it leads to stays: the device was asked under the old address.
                present.page = page
                if present.way not in page.ways:
                    present.way = page.ways[0]
                continue
            kept = self._kept.get(page.name, Kept())
            known = OpenPage(page, page.ways[0], kept, monotonic())
            if kept.is_idle:
                known.end(Because.IDLE)
            self._by_label[label] = known
        names = {page.name for page in told.pages}
        if self._kept.keys() - names:
            self._kept = {name: kept for name, kept in self._kept.items() if name in names}
            self._remember()
        self._changed.set()
        self._changed = asyncio.Event()

    def find(self, label: str) -> OpenPage | None:
        """The page under that label; also one that is over, while that is remembered."""
        return self._by_label.get(label) or self._gone.get(label)

    async def wait_for(self, label: str, seconds: float) -> OpenPage | None:
        """The same, but wait for it a while: the browser may be quicker than the plan."""
        end = monotonic() + seconds
        while (found := self.find(label)) is None and (left := end - monotonic()) > 0:
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), left)
            except TimeoutError:
                break
        return found or self.find(label)

    def redeem(self, page: OpenPage, ticket: str) -> str | None:
        """A cookie for whoever shows the ticket, once, in time; None else."""
        if not page.is_open or page.kept.cookie_hash or self.now() >= page.page.ticket_until:
            return None
        if not hmac.compare_digest(_hash(ticket), page.page.ticket_hash):
            return None
        cookie = secrets.token_urlsafe(32)
        page.kept.cookie_hash = _hash(cookie)
        self._kept[page.page.name] = page.kept
        self._remember()  # before anybody gets the cookie: the ticket never opens a second time
        page.used_at = monotonic()
        return cookie

    def admits(self, page: OpenPage, cookies: Iterable[str]) -> bool:
        """Whether one of the cookies is that of the browser to which the page belongs."""
        wanted = page.kept.cookie_hash
        # A page can set others beside the right one, and must not lock its own person out.
        return bool(wanted) and any(hmac.compare_digest(_hash(each), wanted) for each in cookies)

    def look(self) -> None:
        """End what is over by time or has been idle for too long; called every moment."""
        now, at = self.now(), monotonic()
        for label, page in list(self._by_label.items()):
            if page.page.not_after <= now:
                self._end(label, Because.TIME)
            elif page.is_open and at - page.used_at >= page.page.idle_seconds:
                page.end(Because.IDLE)
                page.kept.is_idle = True
                self._kept[page.page.name] = page.kept
                self._remember()
                self._gone_idle(page, now)

    def idle(self) -> list[OpenPage]:
        """The pages that were closed here and are still in the plan."""
        return [page for page in self._by_label.values() if page.because is Because.IDLE]

    def now(self) -> datetime:
        """The portal's time."""
        if self._heard_at is None:
            return self._now
        return self._now + timedelta(seconds=monotonic() - self._heard_at)

    def _end(self, label: str, because: Because) -> None:
        page = self._by_label.pop(label)
        page.end(because)
        self._gone[label] = page
        while len(self._gone) > MOST_GONE:
            self._gone.popitem(last=False)

    def _remembered(self) -> dict[str, Kept]:
        try:
            return Memory.model_validate_json(self._place.read_bytes()).pages
        except (FileNotFoundError, ValidationError):
            return {}

    def _remember(self) -> None:
        new = self._place.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:  # noqa: PTH123
            file.write(Memory(pages=self._kept).model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._place)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
