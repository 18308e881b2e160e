"""What is still to be told to the portal: only what changed, until the portal has taken it, within bounds."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Condition

from furka.wire.hub import (
    AccessSeen,
    CanarySeen,
    HubReport,
    KnockHeard,
    LinkSeen,
    PageClosed,
    PeerSeen,
    TrialDone,
)

#: The most of each kind in one message.
PER_REPORT = 500

#: The most accesses kept while the portal is away; beyond that the oldest are given up.
MOST_ACCESSES = 20_000


class Reports:
    """Messages that wait for the portal; the newest about the same thing replaces the older one.

    Filled by one thread, emptied by another.
    """

    def __init__(self, accesses: Iterable[AccessSeen] = ()) -> None:
        self._changed = Condition()
        self._peers: dict[str, PeerSeen] = {}
        self._accesses = {access.token: access for access in accesses}
        self._pages: dict[str, PageClosed] = {}
        self._trials: dict[str, TrialDone] = {}
        self._knocks: dict[tuple[str, str], KnockHeard] = {}
        self._canary: CanarySeen | None = None
        self._links: dict[tuple[str, str], LinkSeen] = {}
        self._state = (0, 0, "")
        self._told_state: tuple[int, int, str] | None = None
        self.lost = 0

    def add(
        self,
        peers: Iterable[PeerSeen] = (),
        accesses: Iterable[AccessSeen] = (),
        pages: Iterable[PageClosed] = (),
        knocks: Iterable[KnockHeard] = (),
        trials: Iterable[TrialDone] = (),
        canary: CanarySeen | None = None,
        links: Iterable[LinkSeen] = (),
    ) -> None:
        """Something was seen."""
        with self._changed:
            self._canary = canary or self._canary
            self._knocks.update(((each.name, each.profile), each) for each in knocks)
            self._links.update(((each.link, each.member), each) for each in links)
            self._trials.update((trial.name, trial) for trial in trials)
            while len(self._trials) > PER_REPORT:
                del self._trials[next(iter(self._trials))]
            self._pages.update((page.name, page) for page in pages)
            while len(self._pages) > MOST_ACCESSES:
                del self._pages[next(iter(self._pages))]
            self._peers.update((peer.public_key, peer) for peer in peers)
            self._accesses.update((access.token, access) for access in accesses)
            while len(self._accesses) > MOST_ACCESSES:
                del self._accesses[next(iter(self._accesses))]
                self.lost += 1
            if self._waiting():
                self._changed.notify_all()

    def state(self, applied_revision: int, open_doors: int, trouble: str) -> None:
        """How the hub is."""
        with self._changed:
            self._state = (applied_revision, open_doors, trouble)
            if self._waiting():
                self._changed.notify_all()

    def repeat_state(self) -> None:
        """The portal may have forgotten how the hub is."""
        with self._changed:
            self._told_state = None
            self._changed.notify_all()

    def accesses(self) -> list[AccessSeen]:
        """What would be lost if the program ended now."""
        with self._changed:
            return list(self._accesses.values())

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until there is something to tell; False if there was nothing for so long."""
        with self._changed:
            return self._changed.wait_for(self._waiting, seconds)

    def next(self) -> HubReport:
        """The next message; the same again until it is `taken` or `given_up`, and perhaps more."""
        with self._changed:
            revision, doors, trouble = self._state
            return HubReport(
                applied_revision=revision,
                open_doors=doors,
                trouble=trouble,
                peers=tuple(self._peers.values())[:PER_REPORT],
                accesses=tuple(self._accesses.values())[:PER_REPORT],
                pages=tuple(self._pages.values())[:PER_REPORT],
                trials=tuple(self._trials.values()),
                knocks=tuple(self._knocks.values())[:PER_REPORT],
                canary=self._canary,
                links=tuple(self._links.values())[:PER_REPORT],
            )

    def taken(self, report: HubReport) -> None:
        """The portal has it, or will never want it."""
        with self._changed:
            self._told_state = (report.applied_revision, report.open_doors, report.trouble)
            if self._canary == report.canary:
                self._canary = None
            for peer in report.peers:
                if self._peers.get(peer.public_key) == peer:
                    del self._peers[peer.public_key]
            for access in report.accesses:
                if self._accesses.get(access.token) == access:
                    del self._accesses[access.token]
            for knock in report.knocks:
                if self._knocks.get((knock.name, knock.profile)) == knock:
                    del self._knocks[knock.name, knock.profile]
            for seen in report.links:
                if self._links.get((seen.link, seen.member)) == seen:
                    del self._links[seen.link, seen.member]
            for page in report.pages:
                if self._pages.get(page.name) == page:
                    del self._pages[page.name]
            for trial in report.trials:
                self._trials.pop(trial.name, None)

    def _waiting(self) -> bool:
        waiting = (
            self._peers,
            self._accesses,
            self._pages,
            self._knocks,
            self._trials,
            self._links,
            self._canary,
        )
        return any(waiting) or self._state != self._told_state
