"""Listens where a first packet begins somebody's time, and tells that one came."""

from __future__ import annotations

from furka.hub.desired import Desired
from furka.hub.machine import Machine
from furka.plan.doors import DoorKey
from furka.wire.hub import KnockHeard

#: Seconds until the same is told again, should the portal have begun nothing.
AGAIN = 5.0


class Knocking:
    """Keeps the machine listening where the plan wants it at the moment. It opens nothing: the portal's answer does."""

    def __init__(self, machine: Machine, desired: Desired) -> None:
        self._machine = machine
        self._desired = desired
        self._listens: frozenset[DoorKey] | None = None  # None: not known
        self._told: dict[DoorKey, float] = {}

    @property
    def listens(self) -> bool:
        """Whether there is anything to listen for."""
        return bool(self._listens)

    def distrust(self) -> None:
        """Somebody may have changed what the machine listens for."""
        self._listens = None

    def tend(self, at: float) -> list[KnockHeard]:
        """Listen where the plan wants it; what came and was not told lately. Raises MachineError."""
        wanted = self._desired.knocks(at)
        if wanted.keys() != self._listens:
            self._listens = None
            self._machine.listen(wanted)
            self._listens = frozenset(wanted)
        if not wanted:
            return []
        now = self._desired.time.at(at)
        self._told = {visit: told for visit, told in self._told.items() if at - told < AGAIN}
        found = sorted((self._machine.heard() & wanted.keys()) - self._told.keys())
        self._told |= dict.fromkeys(found, at)
        knocks = [wanted[visit] for visit in found]
        return [
            KnockHeard(name=each.name, profile=each.profile, site_name=each.site_name, at=now)
            for each in knocks
        ]
