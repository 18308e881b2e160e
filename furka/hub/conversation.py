"""What a hub says to the portal and hears from it: two threads that only talk, and never touch the machine."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import httpx

from furka.clock import monotonic
from furka.hub.reports import Reports
from furka.wire.hub import HubHello, HubReportTaken, HubWelcome, PlanAnswer
from furka.wire.portal_link import PortalAway, PortalLink, PortalRefused

log = logging.getLogger(__name__)

#: How long the portal may hold our question, in seconds.
LONGEST_WAIT = 25

_SHORTEST_ROUND = 1.0  # seconds between two questions if the portal answers at once that nothing is new
_REPORT_GAP = 0.2  # seconds between two reports
_REFUSED_PAUSE = 15.0  # seconds before a refused hub asks again, at least
_CHANCE = secrets.SystemRandom()


class Pause:
    """Growing pauses with a random part, so that many hubs do not come back at the same moment."""

    def __init__(self, first: float = 0.3, longest: float = 20.0) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def reset(self) -> None:
        """Something worked."""
        self._next = self._first

    def seconds(self) -> float:
        """The next pause."""
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause * _CHANCE.uniform(0.5, 1)


@dataclass(frozen=True, slots=True)
class Portal:
    """Where the portal is, and what proves who we are."""

    address: str
    token_file: Path
    plain_http: bool = False

    def link(self) -> PortalLink:
        """A link with the token as the file has it now, so that a new one needs no restart."""
        token = self.token_file.read_text().strip()
        return PortalLink(self.address, token, plain_http=self.plain_http)


class Listener:
    """Says hello, then holds a question open at the portal, for ever; passes on every answer with its moment."""

    def __init__(
        self,
        portal: Portal,
        hello: Callable[[], HubHello],
        heard: Callable[[HubWelcome | PlanAnswer, float], None],
    ) -> None:
        self.welcomed = Event()
        self._portal = portal
        self._hello = hello
        self._heard = heard
        self._since = 0

    def run(self) -> None:
        """Never returns."""
        _keep_talking(self._portal, "The plan can't be fetched", self._listen)

    def _listen(self, link: PortalLink, well: Callable[[], None]) -> None:
        hello = self._say_hello(link)
        self.welcomed.set()
        while True:
            asked_at = monotonic()
            answer = link.get("/hub/plan", PlanAnswer, wait=LONGEST_WAIT, since=self._since)
            at = monotonic()
            well()
            if answer.revision < self._since and not answer.complete:
                log.warning("The portal's plan is older than ours; all of it is fetched again")
                self._since = 0
                continue
            self._heard(answer, at)
            if answer.revision == self._since and at - asked_at < _SHORTEST_ROUND:
                time.sleep(_SHORTEST_ROUND * _CHANCE.uniform(0.5, 1))
            self._since = answer.revision
            if self._hello() != hello:  # the relay beside us runs now, or offers something else
                hello = self._say_hello(link)

    def _say_hello(self, link: PortalLink) -> HubHello:
        hello = self._hello()
        self._heard(link.post("/hub/hello", hello, HubWelcome), monotonic())
        return hello


class Teller:
    """Sends reports whenever there is something to tell."""

    def __init__(self, portal: Portal, reports: Reports, welcomed: Event) -> None:
        self._portal = portal
        self._reports = reports
        self._welcomed = welcomed

    def run(self) -> None:
        """Never returns."""
        self._welcomed.wait()
        _keep_talking(self._portal, "Reports can't be sent", self._tell)

    def _tell(self, link: PortalLink, well: Callable[[], None]) -> None:
        while True:
            self._reports.wait()
            report = self._reports.next()
            try:
                link.post("/hub/report", report, HubReportTaken)
            except PortalRefused as error:
                if _is_about_token(error):
                    raise
                log.error("The portal did not want a report, which is dropped: %s", error)
            self._reports.taken(report)
            well()
            time.sleep(_REPORT_GAP)


def _keep_talking(
    portal: Portal, complaint: str, talk: Callable[[PortalLink, Callable[[], None]], None]
) -> None:
    """Talk over one link after another, patiently; say once what is wrong, and once that it is well again."""
    pause = Pause()
    said = ""

    def well() -> None:
        nonlocal said
        pause.reset()
        if said:
            log.info("The portal answers again")
            said = ""

    while True:
        seconds, why = 0.0, ""
        try:
            link = portal.link()
            try:
                talk(link, well)
            finally:
                link.close()
        except PortalAway as error:
            why = str(error)
        except PortalRefused as error:
            seconds = _REFUSED_PAUSE
            why = str(error)
            if _is_about_token(error):
                why = (
                    f"the portal refuses this hub ({error}). What is in force stays in force until it ends; "
                    f"put a valid token into {portal.token_file}"
                )
        except OSError as error:
            why = f"the token can't be read: {error}"
        if why != said:
            log.warning("%s: %s", complaint, why)
            said = why
        time.sleep(seconds + pause.seconds())


def _is_about_token(error: PortalRefused) -> bool:
    return error.problem.status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
