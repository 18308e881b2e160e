"""The entries of links between sites as a hub has heard them, and what they make together."""

from __future__ import annotations

from furka.plan.entries import LinkEntry
from furka.plan.gathered import Links, gather


class LinkIndex:
    """Gathers anew only when something has changed."""

    def __init__(self) -> None:
        self._entries: dict[str, LinkEntry] = {}
        self._gathered: Links | None = None

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(self, entry: LinkEntry) -> None:
        self._entries[entry.key] = entry
        self._gathered = None

    def remove(self, entry: LinkEntry) -> None:
        del self._entries[entry.key]
        self._gathered = None

    def links(self) -> Links:
        """What they make together."""
        if self._gathered is None:
            self._gathered = gather(self._entries.values())
        return self._gathered
