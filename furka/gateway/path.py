"""Which way the tunnel takes: UDP if it gets through, else TLS over TCP 443. Pure: nothing here touches the machine.

There is one way at a time. WireGuard answers to where it was last heard, so two ways at once would pull the tunnel to
and fro; while TLS carries it, UDP is tried with questions beside the tunnel. Each return to UDP that turns out wrong
makes the next one wait twice as long, so that a line that comes and goes does not shake those who are inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Seconds without an answer on a new way before one begins to doubt, with and without questions that are answered.
_DOUBT_NEW, _GIVE_UP_NEW = 2.0, 25.0

#: … and on a way that worked: WireGuard itself answers data within 10 seconds, and asks anew after 15.
_DOUBT_OLD, _GIVE_UP_OLD = 11.0, 40.0

#: So many questions without any answer mean that UDP does not get through.
_QUESTIONS = 4

#: So many answers mean that it does.
_ANSWERS = 2

#: On TLS: how long the line may be down, or silent, before UDP is tried again.
_LINE_LIMIT = 12.0
_SILENT_LINE_LIMIT = 30.0

#: How long TLS is kept at least before the return: this at first, twice as long after each that failed.
_FIRST_STAY, _LONGEST_STAY = 15.0, 3600.0

#: UDP that works for so long has not failed.
_STEADY = 600.0

#: Seconds between rounds of questions while TLS carries the tunnel: more and more.
_FIRST_ROUND, _LONGEST_ROUND, _ROUND_GROWS = 10.0, 120.0, 1.5

#: After so long on TLS, UDP is tried even if no question was answered: the answers may be what does not get through.
_ANYWAY = 3600.0

#: How long a way has to work before it is told to others.
_SETTLED = 3.0

_SOON, _LATER = 1.0, 5.0  # seconds to the next look


class Way(StrEnum):
    """How the tunnel reaches the hub."""

    UDP = "udp"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be seen of the tunnel at a moment. The counters begin anew with each change of the way."""

    received: int  # bytes, by WireGuard's count
    sent: int
    fresh: bool = False  # WireGuard has a session that counts
    relay: bool = False  # there is a relay that may be used
    line_up: bool = False  # the connection to it stands
    answers: int = 0  # questions by UDP that were answered, since any beginning


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted now: the one way, whether the line to the relay is open, a question by UDP, and the next look."""

    way: Way
    line: bool = False
    ask: bool = False
    again: float = _LATER


@dataclass(frozen=True, slots=True)
class Settled:
    """The way that works, and since when it was chosen."""

    way: Way
    since: float


class Path:
    """Chooses the way from what is seen, look after look. Moments are seconds of any clock that only goes forward."""

    def __init__(self, at: float) -> None:
        self.way = Way.UDP
        self.settled: Settled | None = None
        self._stay = _FIRST_STAY
        self._enter(Way.UDP, at)
        self._counted: tuple[int, int] | None = (
            None  # what an earlier run left behind may have counted before
        )

    def look(self, at: float, seen: Seen) -> Wish:
        """What is wanted at this moment."""
        self._note(at, seen)
        wish = self._on_udp(at, seen) if self.way is Way.UDP else self._on_tls(at, seen)
        works = self._alive_since is not None and at - self._alive_since >= _SETTLED
        if works and (self.settled is None or self.settled.way is not self.way):
            self.settled = Settled(self.way, self._entered)
        return wish

    # -- what is known of the way ---------------------------------------------------------------------------------

    def _enter(self, way: Way, at: float) -> None:
        self.way = way
        self._entered = at
        self._alive_since: float | None = None
        self._silent_since: float | None = at  # nothing was heard on it yet
        self._counted = (0, 0)  # whoever changes the way begins a new session
        self._line_down_since: float | None = None
        self._asked = 0
        self._answered_before: int | None = None
        self._round = _FIRST_ROUND
        self._next_round = at

    def _note(self, at: float, seen: Seen) -> None:
        before, self._counted = self._counted, (seen.received, seen.sent)
        if before is None:
            if seen.fresh:  # a tunnel that an earlier run left behind, and that works
                self._hear(at)
            return
        if seen.received < before[0]:
            return
        if seen.received > before[0]:
            self._hear(at)
        elif seen.sent > before[1] and self._silent_since is None:
            self._silent_since = at
            self._forget_questions()

    def _hear(self, at: float) -> None:
        if self._alive_since is None:
            self._alive_since = at
        if self._silent_since is not None:
            self._silent_since = None
            self._forget_questions()

    def _forget_questions(self) -> None:
        self._asked, self._answered_before = 0, None

    def _answers(self, seen: Seen) -> int:
        """How many of the questions of this round were answered."""
        return 0 if self._answered_before is None else seen.answers - self._answered_before

    def _ask(self, seen: Seen) -> bool:
        if self._answered_before is None:
            self._answered_before = seen.answers
        self._asked += 1
        return True

    # -- on UDP ---------------------------------------------------------------------------------------------------

    def _on_udp(self, at: float, seen: Seen) -> Wish:
        if self._alive_since is not None and at - self._alive_since >= _STEADY:
            self._stay = _FIRST_STAY
        if not seen.relay or self._silent_since is None:
            return Wish(Way.UDP, again=_SOON if self._alive_since is None and seen.relay else _LATER)
        silent = at - self._silent_since
        new = self._alive_since is None
        if silent < (_DOUBT_NEW if new else _DOUBT_OLD):
            return Wish(Way.UDP, again=_SOON)
        unanswered = self._asked >= _QUESTIONS and not self._answers(seen)
        if unanswered or silent >= (_GIVE_UP_NEW if new else _GIVE_UP_OLD):
            if seen.line_up:
                self._leave_udp(at)
                return Wish(Way.TLS, line=True, again=_SOON)
            return Wish(Way.UDP, line=True, ask=self._ask(seen), again=_SOON)
        return Wish(Way.UDP, ask=self._ask(seen), again=_SOON)

    def _leave_udp(self, at: float) -> None:
        if self.settled is not None:
            # Not the first choice after the start: UDP was thought to work, and did not for long.
            worked = self._alive_since is not None and at - self._alive_since >= _STEADY
            self._stay = _FIRST_STAY if worked else min(2 * self._stay, _LONGEST_STAY)
        self._enter(Way.TLS, at)

    # -- on TLS ---------------------------------------------------------------------------------------------------

    def _on_tls(self, at: float, seen: Seen) -> Wish:
        if not seen.relay or self._line_is_dead(at, seen):
            self._enter(Way.UDP, at)
            return Wish(Way.UDP, again=_SOON)
        if at < self._entered + self._stay or at < self._next_round:
            return Wish(Way.TLS, line=True, again=_SOON)
        if self._answers(seen) >= _ANSWERS or at >= self._entered + _ANYWAY:
            self._enter(Way.UDP, at)
            return Wish(Way.UDP, again=_SOON)
        if self._asked >= _QUESTIONS:
            self._forget_questions()
            self._next_round = at + self._round
            self._round = min(_ROUND_GROWS * self._round, _LONGEST_ROUND)
            return Wish(Way.TLS, line=True, again=_SOON)
        return Wish(Way.TLS, line=True, ask=self._ask(seen), again=_SOON)

    def _line_is_dead(self, at: float, seen: Seen) -> bool:
        if seen.line_up:
            self._line_down_since = None
        elif self._line_down_since is None:
            self._line_down_since = at
        down = self._line_down_since is not None and at - self._line_down_since >= _LINE_LIMIT
        silent = self._silent_since is not None and at - self._silent_since >= _SILENT_LINE_LIMIT
        return down or silent
