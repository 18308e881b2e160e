"""Which way the tunnel takes, on a clock of the test's own and a network that does what it likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from furka.gateway.path import Path, Seen, Way, Wish

_ANSWER_AFTER = 10  # WireGuard answers data with something within ten seconds
_NUDGE_EVERY = 20


@dataclass
class Network:
    """A gateway, WireGuard and a network in which ways work or not; one step is one second."""

    udp: bool = True
    tls: bool = True
    relay: bool = True
    answers_questions: bool = True
    at: float = 0.0
    path: Path = field(init=False)
    wishes: list[Wish] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    _sent: int = 0
    _received: int = 0
    _answers: int = 0
    _line_for: int = 0
    _next_look: float = 0.0
    _quiet_for: int = _ANSWER_AFTER  # WireGuard begins at once

    def __post_init__(self) -> None:
        self.path = Path(self.at)
        self.wish = Wish(Way.UDP)

    def second(self) -> None:
        """One second passes."""
        self.at += 1
        works = self.udp if self.wish.way is Way.UDP else self.tls and self._line_for >= 1
        self._quiet_for += 1
        if self._quiet_for >= _ANSWER_AFTER:
            self._sent += 100
            if works:
                self._received += 100
            self._quiet_for = 0
        self._line_for = self._line_for + 1 if self.wish.line and self.tls else 0
        if self.at < self._next_look:
            return
        before = self.wish.way
        seen = Seen(
            self._received,
            self._sent,
            self._received > 0,
            relay=self.relay,
            line_up=self._line_for >= 1,
            answers=self._answers,
        )
        self.wish = self.path.look(self.at, seen)
        self.wishes.append(self.wish)
        self._next_look = self.at + self.wish.again
        if self.wish.ask and self.udp and self.answers_questions:
            self._answers += 1
        if self.wish.way is not before:
            self.changes.append(self.at)
            self._sent = self._received = 0
            self._quiet_for = _ANSWER_AFTER  # the peer is set anew: WireGuard begins at once
            if self.wish.way is Way.UDP:
                self._line_for = 0

    def run(self, seconds: int, until: Callable[[], bool] = lambda: False) -> float:
        """Let time pass; returns how many seconds did."""
        begin = self.at
        while self.at - begin < seconds and not until():
            self.second()
        return self.at - begin

    @property
    def settled(self) -> Way | None:
        return self.path.settled.way if self.path.settled else None


def test_udp_that_works_is_left_alone_and_no_line_is_opened() -> None:
    network = Network()
    network.run(3600)
    assert network.settled is Way.UDP
    assert not any(wish.line or wish.ask for wish in network.wishes)


def test_where_udp_is_blocked_tls_carries_within_seconds_and_udp_comes_back_when_it_works() -> None:
    network = Network(udp=False)
    assert network.run(60, lambda: network.wish.way is Way.TLS) <= 10
    network.run(600)
    assert (network.settled, len(network.changes)) == (Way.TLS, 1)
    network.udp = True
    assert network.run(300, lambda: network.settled is Way.UDP) <= 150
    assert not network.wish.line


def test_udp_that_stops_working_is_left_within_half_a_minute() -> None:
    network = Network()
    network.run(100)
    network.udp = False
    assert network.run(60, lambda: network.settled is Way.TLS) <= 40


def test_without_a_relay_there_is_nothing_to_choose() -> None:
    network = Network(udp=False, relay=False)
    network.run(600)
    assert not network.changes
    assert network.settled is None


def test_a_relay_that_goes_is_waited_for_and_used_again() -> None:
    network = Network(udp=False)
    network.run(100)
    network.tls = False
    network.run(120)
    network.tls = True
    assert network.run(60, lambda: network.settled is Way.TLS and network.wish.way is Way.TLS) <= 40


def test_udp_that_only_seems_to_work_is_tried_ever_more_rarely() -> None:
    """Questions come through, the tunnel does not: the worst that a firewall can do."""
    network = Network(udp=False)
    network.run(60)

    def lies() -> None:
        if network.wish.ask:
            network._answers += 1

    for _ in range(24 * 3600):
        lies()
        network.second()
    assert len(network.changes) <= 70
    assert network.settled is Way.TLS


states = st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.integers(1, 400))


@given(st.lists(states, min_size=1, max_size=12), st.booleans(), st.booleans(), st.booleans())
def test_whatever_happened_a_way_that_works_is_found_and_the_number_of_changes_is_bounded(
    story: list[tuple[bool, bool, bool, bool, int]], udp: bool, tls: bool, answers: bool
) -> None:
    network = Network()
    for network.udp, network.tls, network.relay, network.answers_questions, seconds in story:
        network.run(seconds)
    begin = network.at
    assert len(network.changes) <= 2 + begin / 8

    network.udp, network.tls, network.relay, network.answers_questions = udp, tls, True, answers
    network.run(4 * 3600)

    if udp:
        assert network.wish.way is Way.UDP or not tls, "back on UDP when it works"
    if udp or tls:
        assert network.settled is (Way.UDP if udp else Way.TLS)
        late = [at for at in network.changes if at > begin + 2 * 3600]
        assert len(late) <= (0 if udp else 4), "and it stays there, but for a look now and then"
    if network.wish.way is Way.UDP and network.settled is Way.UDP and udp:
        assert not network.wish.line, "nothing of the other way is left open"
    for before, after in zip(network.wishes, network.wishes[1:], strict=False):
        assert after.way is before.way or after.line is (after.way is Way.TLS), (
            "one way ends before the other begins"
        )
