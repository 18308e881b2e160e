"""Runs tasks beside everything else: each in a thread of its own, a few at once, each with its end.

The talk about settings never waits for a task, nor a task for the portal: what it finds is sent by another thread.
While somebody at the site lets nobody in, no task is taken, and those that run are ended.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from pydantic import ValidationError
from pyroute2.netlink.exceptions import NetlinkError

from furka.clock import monotonic
from furka.gateway.portal import Again
from furka.gateway.switch import SiteSwitch
from furka.gateway.tasks import arp, doors, icmp, names, own_state, scan
from furka.gateway.tasks.bench import Bench, Failed, Foreign, Found, finding
from furka.gateway.tasks.log import LastWords
from furka.wire.gateway import GatewaySettings
from furka.wire.portal_link import PortalAway, PortalLink, PortalRefused
from furka.wire.probes import (
    MOST_AT_ONCE,
    MOST_OF_TASK,
    PROBE,
    Ending,
    Finding,
    Findings,
    FindingsTaken,
    Restart,
    TaskAsked,
)

_log = logging.getLogger(__name__)

#: So many tasks run at once.
MOST_TASKS = 3
#: A name that was done is not done again, whoever says so: so many are remembered.
_REMEMBERED = 200
_EVERY = 0.4  # seconds between two reports
_RETRY = 2.0
_MOST_RETRIES = 5

#: What is done for each kind of probe.
KINDS: Mapping[str, Callable[[Any, Bench], Found]] = {
    "ping": icmp.ping,
    "tcp": doors.tcp_port,
    "route": icmp.traceroute,
    "name": names.name_lookup,
    "http": doors.http_check,
    "duplicate": arp.duplicate,
    "scan": scan.scan,
    "macs": arp.macs_seen,
    "size": icmp.path_size,
    "line": icmp.hub_line,
    "state": own_state.own_state,
    "restart": own_state.restart,
}


class Tasks:
    """The tasks of one gateway."""

    def __init__(
        self,
        open_link: Callable[[], PortalLink],
        tunnel: str,
        switch: SiteSwitch,
        last_words: LastWords | None,
        news: SimpleQueue[Any],
    ) -> None:
        self._open_link = open_link
        self._tunnel = tunnel
        self._switch = switch
        self._last_words = last_words
        self._news = news
        self._lock = Lock()
        self._running: dict[str, _Run] = {}
        self._known: deque[str] = deque(maxlen=_REMEMBERED)

    def hear(self, settings: GatewaySettings) -> None:
        """Begin what is new, and end what is no longer wanted; returns at once."""
        for name in settings.stopped:
            self._end(name, "stopped")
        for task in settings.tasks:
            self._begin(task, settings.lasting())

    def look_at_switch(self) -> None:
        """End everything if the site lets nobody in."""
        if self._switch.cut_by() is not None:
            for name in list(self._running):
                self._end(name, "cut")

    def close(self) -> None:
        """End everything; nothing is waited for."""
        for name in list(self._running):
            self._end(name, "stopped")

    def _begin(self, task: TaskAsked, settings: GatewaySettings) -> None:
        with self._lock:
            if task.name in self._known:
                return
            self._known.append(task.name)
            is_busy = len(self._running) >= MOST_TASKS
            said = self._last_words.lines() if self._last_words is not None else ()
            bench = Bench(settings, self._tunnel, monotonic() + task.seconds, said)
            run = _Run(task, bench, self._open_link, self._switch, is_busy)
            if not is_busy:
                self._running[task.name] = run
        run.when_done = self._done
        run.start()

    def _end(self, name: str, why: Ending) -> None:
        run = self._running.get(name)
        if run is not None:
            run.end(why)

    def _done(self, run: _Run) -> None:
        with self._lock:
            self._running.pop(run.task.name, None)
        if run.restarts:
            self._news.put(Again())


class _Run(Thread):
    """One task: makes the probe, and hands what it finds to its sender."""

    def __init__(
        self,
        task: TaskAsked,
        bench: Bench,
        open_link: Callable[[], PortalLink],
        switch: SiteSwitch,
        is_busy: bool,
    ) -> None:
        super().__init__(name=f"task-{task.name}", daemon=True)
        self.task = task
        self.restarts = False
        self.when_done: Callable[[_Run], None] = lambda run: None
        self._bench = bench
        self._switch = switch
        self._is_busy = is_busy
        self._why: Ending | None = None
        self._sender = _Sender(task.name, open_link, lambda: self.end("stopped"))

    def end(self, why: Ending) -> None:
        """Have it end soon."""
        self._why = self._why or why
        self._bench.stopped.set()

    def run(self) -> None:
        self._sender.start()
        ending: Ending = "failed"
        try:
            ending = self._carry_out()
        finally:
            self._sender.finish(ending)
            self._sender.join()
            self.when_done(self)

    def _carry_out(self) -> Ending:
        try:
            probe = PROBE.validate_python(self.task.what)
        except ValidationError:
            return "unknown-task"
        if self._switch.cut_by() is not None:
            return "cut"
        if self._is_busy:
            return "busy"
        _log.info("A diagnosis is made: %s.", probe.kind)
        try:
            for found in KINDS[probe.kind](probe, self._bench):
                if self._bench.is_over:
                    return self._why or "over-time"
                if found is not None and not self._sender.say(found):
                    break
        except Foreign as error:
            _log.warning("A diagnosis was refused: %s.", error)
            return "foreign"
        except Failed as error:
            self._sender.say(finding("trouble", text=str(error)))
            return "failed"
        except (OSError, NetlinkError) as error:
            text = (
                error.strerror if isinstance(error, OSError) else str(error)
            ) or "the machine did not let us"
            self._sender.say(finding("trouble", text=text))
            return "failed"
        if self._bench.is_over:
            return self._why or "over-time"
        self.restarts = isinstance(probe, Restart)
        return "done"


class _Sender(Thread):
    """Brings findings to the portal, a few at a time; a portal that is away is asked again for a while."""

    def __init__(
        self, name: str, open_link: Callable[[], PortalLink], when_unwanted: Callable[[], None]
    ) -> None:
        super().__init__(name=f"findings-{name}", daemon=True)
        self._task = name
        self._open_link = open_link
        self._when_unwanted = when_unwanted
        self._queue: SimpleQueue[Finding | Ending] = SimpleQueue()
        self._count = 0
        self._lost = Event()

    def say(self, found: Finding) -> bool:
        """Have it brought; returns whether there is room for more."""
        if self._count < MOST_OF_TASK:
            self._count += 1
            self._queue.put(found)
        return self._count < MOST_OF_TASK

    def finish(self, ending: Ending) -> None:
        """Nothing more comes."""
        self._queue.put(ending)

    def run(self) -> None:
        first, ending = 0, None
        link = self._open_link()
        try:
            while ending is None and not self._lost.is_set():
                found, ending = self._next()
                if found or ending is not None:
                    self._bring(
                        link, Findings(name=self._task, first=first, found=tuple(found), ending=ending)
                    )
                    first += len(found)
        finally:
            link.close()

    def _next(self) -> tuple[list[Finding], Ending | None]:
        """What came together within a moment."""
        found: list[Finding] = []
        end = monotonic() + _EVERY
        while len(found) < MOST_AT_ONCE and (left := end - monotonic()) > 0:
            try:
                each = self._queue.get(timeout=left)
            except Empty:
                break
            if not isinstance(each, Finding):
                return found, each
            found.append(each)
        return found, None

    def _bring(self, link: PortalLink, report: Findings) -> None:
        for _ in range(_MOST_RETRIES):
            try:
                taken = link.post("/gateway/findings", report, FindingsTaken)
            except PortalAway:
                if self._lost.wait(_RETRY):
                    return
                continue
            except PortalRefused as refused:
                _log.warning("What a diagnosis found was not taken: %s", refused)
                break
            if not taken.go_on and report.ending is None:
                break
            return
        self._lost.set()
        self._when_unwanted()
