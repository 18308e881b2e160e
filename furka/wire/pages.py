"""What is said on a hub's own machine between the hub program and the program that opens pages of devices.

Over a Unix socket, one JSON object a line. The hub says `PagesOpen` whenever something changed, always all of it; the
other one says `PageClosed` (of `furka.wire.hub`) when it has closed a page by itself.
"""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict

from furka.plan.entries import Page

#: Where, under the host name of a page, its ticket is shown (`?t=TICKET`).
ENTRANCE = "/.furka/open"

#: The longest line that either side takes.
LONGEST_LINE = 16 * 1024 * 1024


class PagesOpen(BaseModel):
    """Every page that may be open now; `now` is the portal's time, as the hub knows it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    now: AwareDatetime
    pages: tuple[Page, ...]
