"""To which part of a site a grant leads: all of it, chosen devices, devices with a label, perhaps some ports only.

A narrowing is a conjunction: what it leads to meets all it says. So the part that two narrowings share is a narrowing
again, and what is passed on can only become smaller. What several grants of one person lead to adds up elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from furka.access.rights import CONFIGURE, JOURNAL, SERVICES, STRUCTURE

#: What counts on whole levels only: whoever configures devices decides which ones somebody reaches, and the journal
#: speaks of all of them.
NEEDS_WHOLE = frozenset(right.key for right in (STRUCTURE, CONFIGURE, SERVICES, JOURNAL))

_T = TypeVar("_T")

PROTOCOLS = ("tcp", "udp")
_PORT = re.compile(r"(tcp|udp)/([1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True, order=True)
class PortNumber:
    """A port of a device: `tcp` or `udp`, and its number. Raises ValueError for anything else."""

    protocol: str
    number: int

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS or type(self.number) is not int or not 1 <= self.number <= 65_535:
            raise ValueError(f"{self.protocol}/{self.number} is no port")

    def __str__(self) -> str:
        return f"{self.protocol}/{self.number}"


def port_of(text: str) -> PortNumber:
    """The port that is written like `tcp/80`. Raises ValueError."""
    read = _PORT.fullmatch(text)
    if read is None:
        raise ValueError(f"{text!r} is no port")
    return PortNumber(read[1], int(read[2]))


@dataclass(frozen=True, slots=True)
class Spot:
    """What somebody wants to reach: a device, by its key, with its labels (folded); perhaps one port of it."""

    device: str
    labels: frozenset[str] = frozenset()
    port: PortNumber | None = None


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a grant leads to. `devices` are keys (None: not chosen one by one). Of each set in `labels` (folded) a
    device carries one at least. `ports` are the only ones (None: all). An empty set of devices or ports leads to
    nothing."""

    devices: frozenset[str] | None = None
    labels: frozenset[frozenset[str]] = frozenset()
    ports: frozenset[PortNumber] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it leads to everything there is at a site, whatever comes to it."""
        return self.devices is None and not self.labels and self.ports is None

    @property
    def chooses(self) -> bool:
        """Whether it leads to some devices only."""
        return self.devices is not None or bool(self.labels)

    def shows(self, spot: Spot) -> bool:
        """Whether it leads to that device, by whatever port."""
        return (self.devices is None or spot.device in self.devices) and all(
            not clause.isdisjoint(spot.labels) for clause in self.labels
        )

    def opens(self, spot: Spot) -> bool:
        """Whether it leads to that port of that device; without one, to all its ports."""
        return self.shows(spot) and (self.ports is None or spot.port in self.ports)

    def shared_with(self, other: Narrowing) -> Narrowing:
        """What both lead to."""
        clauses = self.labels | other.labels
        return Narrowing(
            _both(self.devices, other.devices),
            # What a smaller set of labels demands, a larger one around it does too.
            frozenset(clause for clause in clauses if not any(each < clause for each in clauses)),
            _both(self.ports, other.ports),
        )

    def lies_within(self, other: Narrowing) -> bool:
        """Whether it leads nowhere where the other does not lead, whatever labels devices get."""
        return self._lies_within(other) and self._demands(other.labels)

    def may_come_of(self, source: Narrowing) -> bool:
        """Whether it may be passed on out of a source. Devices chosen one by one need not repeat the labels that the
        source demands: what falls with a source never leads further than it."""
        return self._lies_within(source) and (self.devices is not None or self._demands(source.labels))

    def _lies_within(self, other: Narrowing) -> bool:
        return _contains(other.devices, self.devices) and _contains(other.ports, self.ports)

    def _demands(self, labels: Iterable[frozenset[str]]) -> bool:
        return all(any(own <= clause for own in self.labels) for clause in labels)

    @property
    def name(self) -> str:
        """A short name of this way of choosing; empty if everything is."""
        if self.is_whole:
            return ""
        return hashlib.sha256(json.dumps(self.to_json()).encode()).hexdigest()[:12]

    def to_json(self) -> dict[str, Any] | None:
        """As rows keep it; None for everything."""
        found: dict[str, Any] = {}
        if self.devices is not None:
            found["devices"] = sorted(self.devices)
        if self.labels:
            found["labels"] = sorted(sorted(clause) for clause in self.labels)
        if self.ports is not None:
            found["ports"] = [str(port) for port in sorted(self.ports)]
        return found or None


#: Leads to everything.
WHOLE = Narrowing()

#: Leads nowhere: what anybody may pass on who may pass on anything.
NOTHING = Narrowing(devices=frozenset(), ports=frozenset())


def narrowing_from_json(kept: Mapping[str, Any] | None) -> Narrowing:
    """What rows keep. Raises ValueError for what they never would."""
    if not kept:
        if kept is None:
            return WHOLE
        raise ValueError("a narrowing says something, or is none")
    if not kept.keys() <= {"devices", "labels", "ports"}:
        raise ValueError("a narrowing that says more than is understood leads nowhere")
    return Narrowing(
        frozenset(kept["devices"]) if "devices" in kept else None,
        frozenset(map(frozenset, kept.get("labels", ()))),
        frozenset(map(port_of, kept["ports"])) if "ports" in kept else None,
    )


def _both(one: frozenset[_T] | None, other: frozenset[_T] | None) -> frozenset[_T] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _contains(outer: frozenset[_T] | None, inner: frozenset[_T] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)
