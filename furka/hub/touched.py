"""What may have to be changed on the machine of a hub after something was said."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from furka.plan.doors import DoorKey


@dataclass(frozen=True, slots=True)
class Touched:
    """What may have to be changed on the machine."""

    peers: frozenset[str] = frozenset()  # public keys
    prefixes: frozenset[IPv4Network] = frozenset()
    doors: frozenset[DoorKey] = frozenset()
    pages: frozenset[str] = frozenset()  # of devices, by the key of their entry
    links: bool = False  # between sites; these are always looked at together

    def __bool__(self) -> bool:
        return bool(self.peers or self.prefixes or self.doors or self.pages or self.links)

    def __or__(self, other: Touched) -> Touched:
        return Touched(
            self.peers | other.peers,
            self.prefixes | other.prefixes,
            self.doors | other.doors,
            self.pages | other.pages,
            self.links or other.links,
        )
