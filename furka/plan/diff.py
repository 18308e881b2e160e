"""What changed between two plans: found by comparing them, never described by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from furka.plan.entries import Entry


class KeyTaken(Exception):
    """Two entries of one plan configure the same thing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Entries that are new or different, and keys that are gone."""

    put: tuple[Entry, ...]
    gone: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.put or self.gone)


def by_key(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Entries by their keys. Raises KeyTaken if two have the same one and differ."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if found.setdefault(entry.key, entry) != entry:
            raise KeyTaken(entry.key)
    return found


def difference(stored: Mapping[str, Entry], wanted: Mapping[str, Entry]) -> Difference:
    """What has to be done to get from the stored plan to the wanted one, in the order of the keys."""
    return Difference(
        put=tuple(wanted[key] for key in sorted(wanted) if stored.get(key) != wanted[key]),
        gone=tuple(key for key in sorted(stored) if key not in wanted),
    )
