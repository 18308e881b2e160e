"""The talk of a running gateway with the portal: one thread listens for settings, one reports; both never give up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread

from furka.clock import monotonic
from furka.gateway.switch import Turned
from furka.wire.gateway import GatewayReport, GatewayReportTaken, GatewaySettings
from furka.wire.portal_link import PortalAway, PortalLink, PortalRefused

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds."""

    news: float = 25  # for the portal to answer that something has changed
    first_retry: float = 1  # when it is away; twice as long each time
    last_retry: float = 30
    refused: float = 60  # when it does not know us any more


@dataclass(frozen=True, slots=True)
class Silence:
    """The portal gives no settings at the moment, and why."""

    reason: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """The program has been asked to end."""


@dataclass(frozen=True, slots=True)
class Look:
    """Something has changed on the way to the hub: look again."""


@dataclass(frozen=True, slots=True)
class Again:
    """Somebody has asked the program to end and start anew."""


News = GatewaySettings | Silence | Stop | Turned | Look | Again


class Listener(Thread):
    """Puts every answer of the portal about settings into the queue, until it is closed or the gateway is released."""

    def __init__(self, link: PortalLink, seen: str, news: SimpleQueue[News], patience: Patience) -> None:
        super().__init__(name="listener", daemon=True)
        self._link = link
        self._seen = seen
        self._news = news
        self._patience = patience
        self._closed = Event()

    def close(self) -> None:
        """Ask it to end; it does so after the question that is under way."""
        self._closed.set()

    def run(self) -> None:
        delay = self._patience.first_retry
        while not self._closed.is_set():
            began = monotonic()
            try:
                asked = {"seen": self._seen} if self._seen else {}
                settings = self._link.get(
                    "/gateway/settings", GatewaySettings, wait=self._patience.news, **asked
                )
            except PortalAway as away:
                self._tell(Silence(str(away)))
                self._closed.wait(delay)
                delay = min(2 * delay, self._patience.last_retry)
                continue
            except PortalRefused as refused:
                self._tell(Silence(str(refused), refused=True))
                self._closed.wait(self._patience.refused)
                continue
            delay = self._patience.first_retry
            self._tell(settings)
            if settings.released:
                break
            is_new = settings.etag != self._seen or settings.tasks or settings.stopped
            if not is_new and monotonic() - began < self._patience.first_retry:
                self._closed.wait(
                    self._patience.first_retry
                )  # a portal that does not wait is not asked in a rush
            self._seen = settings.etag
        self._link.close()

    def _tell(self, news: News) -> None:
        if not self._closed.is_set():
            self._news.put(news)


class Reporter(Thread):
    """Sends the latest report to the portal whenever it differs from the one that was taken last."""

    def __init__(self, link: PortalLink, patience: Patience) -> None:
        super().__init__(name="reporter", daemon=True)
        self._link = link
        self._patience = patience
        self._wanted: GatewayReport | None = None
        self._something = Event()
        self._closed = False

    def say(self, report: GatewayReport) -> None:
        """This is how things are now."""
        if report != self._wanted:
            self._wanted = report
            self._something.set()

    def close(self) -> None:
        """Ask it to end; what is not sent by then is not sent."""
        self._closed = True
        self._something.set()

    def run(self) -> None:
        taken: GatewayReport | None = None
        delay = self._patience.first_retry
        while not self._closed:
            self._something.wait(None if self._wanted == taken else delay)
            self._something.clear()
            wanted = self._wanted
            if self._closed or wanted is None or wanted == taken:
                continue
            try:
                self._link.post("/gateway/report", wanted, GatewayReportTaken)
            except (PortalAway, PortalRefused) as error:
                _log.debug("A report was not taken: %s", error)
                delay = min(2 * delay, self._patience.last_retry)
            else:
                taken = wanted
                delay = self._patience.first_retry
        self._link.close()


class PortalTalk:
    """Listener and reporter of one claim."""

    def __init__(
        self,
        open_link: Callable[[], PortalLink],
        seen: str,
        news: SimpleQueue[News],
        patience: Patience,
    ) -> None:
        self._listener = Listener(open_link(), seen, news, patience)
        self._reporter = Reporter(open_link(), patience)
        self._listener.start()
        self._reporter.start()

    def report(self, report: GatewayReport) -> None:
        self._reporter.say(report)

    def close(self) -> None:
        """End both; their last words are not waited for."""
        self._listener.close()
        self._reporter.close()
