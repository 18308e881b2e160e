"""Who is told which name: only what a door leads to from where the question comes.

Pure. The names are what the plan says; whether a door is open is asked of whoever knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from furka.plan.entries import Names
from furka.plan.names import DOMAIN

_SUFFIX = tuple(reversed(DOMAIN.split(".")))

#: Whether a tunnel address may reach something of a site: one address there, or with None anything at all.
Reaches = Callable[[IPv4Address, int, IPv4Address | None], bool]


class Found(StrEnum):
    """What there is to say about a name."""

    ADDRESS = "address"
    NOTHING_ITSELF = "nothing-itself"  # names may lie below it
    UNKNOWN = "unknown"  # also what is known to others only
    FOREIGN = "foreign"  # not a name of the plants


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to whoever asks for a name."""

    found: Found
    address: IPv4Address | None = None


class NameIndex:
    """The names of a plan, found by their labels."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, ...], dict[str, Names]] = {}

    def add(self, entry: Names) -> None:
        """From now on this is known."""
        self._entries.setdefault(entry.labels, {})[entry.key] = entry

    def remove(self, entry: Names) -> None:
        """From now on this is not known."""
        some = self._entries.get(entry.labels, {})
        some.pop(entry.key, None)
        if not some:
            self._entries.pop(entry.labels, None)

    def answer(self, asker: IPv4Address, name: str, reaches: Reaches) -> Answer:
        """What somebody at that tunnel address is told about a name."""
        labels = tuple(reversed(name.lower().rstrip(".").split(".")))
        if labels[: len(_SUFFIX)] != _SUFFIX:
            return Answer(Found.FOREIGN)
        rest = tuple(reversed(labels[len(_SUFFIX) :]))
        if len(rest) < 2:
            return Answer(Found.NOTHING_ITSELF)  # the same for every name, so that it says nothing about any
        site = min(self._entries.get(rest[-2:], {}).items(), default=None)
        if site is None or len(rest) > 3:
            return Answer(Found.UNKNOWN)
        entry = site[1]
        if len(rest) == 2:
            is_known = reaches(asker, entry.site, None)
            return Answer(Found.NOTHING_ITSELF if is_known else Found.UNKNOWN)
        found = next((host.address for host in entry.hosts if host.label == rest[0]), None)
        if found is None or not reaches(asker, entry.site, found):
            return Answer(Found.UNKNOWN)
        return Answer(Found.ADDRESS, found)
