"""Observe, compare, apply: have in force on the machine what is desired at this moment, and nothing else.

Close first, open last. Nothing is ever open in between that neither the old nor the new plan allows: doors and
prefixes go before the peers behind them change, and come when everything behind them stands. A failure at any step
leaves nothing open that should not be; running again ends in the wanted state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network
from math import inf

from furka.clock import monotonic
from furka.hub.desired import Desired, OpenDoor
from furka.hub.machine import InForce, Machine, MachineError
from furka.hub.portal_time import SLACK
from furka.hub.touched import Touched
from furka.plan.doors import DoorKey, FilterChange

#: The kernel says how long a door is still open in whole seconds only.
_COARSE = 1.5


class Reconciler:
    """Keeps one machine as one plan wants it, and remembers what is in force so that small changes are quick."""

    def __init__(self, machine: Machine, desired: Desired) -> None:
        self._machine = machine
        self._desired = desired
        self._known: InForce | None = None
        self._ends: dict[DoorKey, float] = {}
        self._distrusted = False

    @property
    def birth(self) -> int:
        """Which counters of use are running; 0 if unknown."""
        return self._known.birth if self._known else 0

    def visits(self) -> set[DoorKey] | None:
        """Between which tunnel addresses and sites doors are open on the machine; None if that is not known."""
        if self._known is None:
            return None
        at = monotonic()
        return {key.visit for key, end in self._known.doors.items() if end > at}

    def count_open(self) -> int:
        """How many doors are open on the machine, as far as is known."""
        at = monotonic()
        return sum(end > at for end in self._known.doors.values()) if self._known else 0

    def full(self) -> int:
        """Look at everything and put it right; returns how many things were touched.

        Does nothing before the plan was heard: what is in force may be right. Raises MachineError.
        """
        if not self._desired.heard or self._desired.layout is None:
            return 0
        known = self._machine.observe()
        for key, end in known.doors.items():
            exact = self._ends.get(key)
            if exact is not None and abs(exact - end) <= _COARSE:
                known.doors[key] = exact
        self._known = known
        present = Touched(frozenset(known.peers), frozenset(known.prefixes), frozenset(known.doors))
        return self._run(known, present | self._desired.everything())

    def quick(self, touched: Touched) -> int:
        """Put right what is named only, believing what is known about the rest; returns how many were touched.

        Raises MachineError.
        """
        if not self._desired.heard or self._desired.layout is None:
            return 0
        if self._known is None:
            return self.full()
        return self._run(self._known, touched)

    def _run(self, known: InForce, touched: Touched) -> int:
        work = _compare(known, self._desired, touched, monotonic())
        try:
            return self._apply(known, work)
        except MachineError:
            self._known = None
            self._distrusted = True
            raise
        finally:
            self._ends = dict(known.doors)

    def _apply(self, known: InForce, work: _Work) -> int:
        layout = self._desired.layout
        if layout is None:
            return 0
        at = monotonic()
        for key in [key for key, end in known.doors.items() if end <= at]:
            del known.doors[key]
        closing = FilterChange(frozenset(work.close), work.forget, {}, _left(work.shorten, at))
        if known.layout != layout or self._distrusted:
            prefixes = {one: site for one, site in known.prefixes.items() if one not in work.forget}
            doors = {key: end for key, end in known.doors.items() if key not in work.close} | work.shorten
            birth = self._machine.load(layout, prefixes, _left(doors, at))
            known.layout, known.birth, known.prefixes, known.doors = layout, birth, prefixes, doors
            self._distrusted = False
            loaded = 1
        else:
            loaded = 0
            if closing:
                self._machine.change_filter(closing)
            for network in work.forget:
                del known.prefixes[network]
            for key in work.close:
                known.doors.pop(key, None)
            known.doors |= work.shorten
        if work.put or work.drop:
            secrets = {key: secret for key in work.put if (secret := self._desired.preshared_key(key))}
            self._machine.change_peers(work.put, work.drop, secrets)
            for public_key in work.drop:
                del known.peers[public_key]
            known.peers |= work.put
            for public_key in (*work.put, *work.drop):
                known.preshared.pop(public_key, None)
            known.preshared |= secrets
        opening = FilterChange(learn=work.learn, open=_left(work.open, monotonic()))
        if opening:
            self._machine.change_filter(opening)
            known.prefixes |= work.learn
            known.doors |= work.open
        return loaded + work.size()


@dataclass(slots=True)
class _Work:
    """What has to be done, in this order. Doors by the moment of their end."""

    close: set[DoorKey] = field(default_factory=set)
    shorten: dict[DoorKey, float] = field(default_factory=dict)
    forget: dict[IPv4Network, int] = field(default_factory=dict)
    drop: set[str] = field(default_factory=set)
    put: dict[str, frozenset[IPv4Network]] = field(default_factory=dict)
    learn: dict[IPv4Network, int] = field(default_factory=dict)
    open: dict[DoorKey, float] = field(default_factory=dict)

    def size(self) -> int:
        return sum(
            len(some)
            for some in (self.close, self.shorten, self.forget, self.drop, self.put, self.learn, self.open)
        )


def _compare(known: InForce, desired: Desired, touched: Touched, at: float) -> _Work:
    work = _Work()
    moved: set[IPv4Network] = set()
    for public_key in touched.peers:
        is_, shall = known.peers.get(public_key), desired.peer(public_key)
        moved |= (is_ or frozenset()) ^ (shall or frozenset())
        if shall is None and is_ is not None:
            work.drop.add(public_key)
        elif shall is not None and not (
            shall == is_ and desired.preshared_key(public_key) == known.preshared.get(public_key, "")
        ):
            work.put[public_key] = shall
    # A prefix whose peer changes is closed before and opened after, even if it leads to the same site: else somebody
    # whose key changes at the same time would for a moment reach what is only theirs before, or only after.
    unsettled = (
        {one for one in known.prefixes if any(one.overlaps(other) for other in moved)} if moved else set()
    )
    for network in touched.prefixes | unsettled:
        site, wanted_site = known.prefixes.get(network), desired.site_behind(network)
        if site != wanted_site or network in unsettled:
            if site is not None:
                work.forget[network] = site
            if wanted_site is not None:
                work.learn[network] = wanted_site
    for key in touched.doors:
        _compare_door(work, key, known.doors.get(key, -inf), desired.open_door(key, at), at)
    return work


def _compare_door(work: _Work, key: DoorKey, end: float, wanted: OpenDoor | None, at: float) -> None:
    if wanted is None:
        if end > at:
            work.close.add(key)
    elif end <= at or wanted.until > end + wanted.slack:
        work.open[key] = wanted.until
    elif wanted.until < end - SLACK:
        work.shorten[key] = wanted.until


def _left(doors: dict[DoorKey, float], at: float) -> dict[DoorKey, float]:
    return {key: max(end - at, 0.001) for key, end in doors.items()}
