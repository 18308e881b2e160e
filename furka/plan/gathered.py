"""Links between sites, gathered from their entries: what belongs together, and what may stand beside what.

Two entries that claim the same number, segment, address or prefix can't both be in force; the one whose key comes first
counts, the other is left out and counted. So whatever is said, what a hub makes of it is complete and free of clashes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

from furka.plan.entries import LinkEntry
from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule, Mapped, PortRange

_Entry = TypeVar("_Entry", Bridge, Leg, Junction, LinkRule, Mapped)


@dataclass(frozen=True, slots=True)
class BridgedLink:
    """One bridge with its legs."""

    bridge: Bridge
    legs: tuple[Leg, ...]
    rules: tuple[LinkRule, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinedLink:
    """A routed or a central link: the sites in it, and in a central one the devices that the centre reaches."""

    link: str
    number: int
    central: bool
    junctions: tuple[Junction, ...]
    rules: tuple[LinkRule, ...] = ()
    mapped: tuple[Mapped, ...] = ()

    def prefixes(self, members: Iterable[str] | None = None, *, centre: bool = False) -> list[IPv4Network]:
        """What takes part, of these members or of all; with `centre` of central ones alone."""
        chosen = None if members is None else set(members)
        return sorted(
            prefix
            for junction in self.junctions
            if (chosen is None or junction.member in chosen) and (junction.central or not centre)
            for prefix in junction.prefixes
        )


@dataclass(frozen=True, slots=True)
class Links:
    """All links of a hub."""

    bridged: tuple[BridgedLink, ...] = ()
    joined: tuple[JoinedLink, ...] = ()
    refused: int = field(default=0, compare=False)  # entries that clash with others, or belong to no link

    def __bool__(self) -> bool:
        return bool(self.bridged or self.joined)

    def legs(self) -> list[Leg]:
        return [leg for link in self.bridged for leg in link.legs]


def gather(entries: Iterable[LinkEntry]) -> Links:
    """What these entries make together."""
    return _Gathering(sorted(entries, key=lambda entry: entry.key)).links()


def merged(ports: Iterable[PortRange]) -> list[PortRange]:
    """The same ports in ranges that neither touch nor lie across each other."""
    found: list[PortRange] = []
    for first, last in sorted(ports):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


class _Gathering:
    def __init__(self, entries: list[LinkEntry]) -> None:
        self._bridges = [entry for entry in entries if isinstance(entry, Bridge)]
        self._legs = _by_link(entry for entry in entries if isinstance(entry, Leg))
        self._junctions = _by_link(entry for entry in entries if isinstance(entry, Junction))
        self._mapped = _by_link(entry for entry in entries if isinstance(entry, Mapped))
        self._rules = _by_link(entry for entry in entries if isinstance(entry, LinkRule))
        self._refused = 0
        self._numbers: dict[int, str] = {}  # number → link
        self._segments: set[int] = set()
        self._sites: dict[IPv4Network, int] = {}
        self._around: set[IPv4Network] = set()  # everything in which one of these lies
        self._names: dict[tuple[int, IPv4Address], Mapped] = {}  # what a centre finds where

    def links(self) -> Links:
        bridged = [link for bridge in self._bridges if (link := self._bridged(bridge)) is not None]
        of_bridges = {link.bridge.link for link in bridged}
        self._refused += sum(len(legs) for link, legs in self._legs.items() if link not in of_bridges)
        joined = []
        for name, junctions in self._junctions.items():
            found = None if name in of_bridges else self._joined(name, junctions)
            if found is None:
                self._refused += len(junctions)
            else:
                joined.append(found)
        return Links(tuple(bridged), tuple(joined), self._refused)

    def _bridged(self, bridge: Bridge) -> BridgedLink | None:
        if self._numbers.setdefault(bridge.number, bridge.link) != bridge.link:
            self._refused += 1
            return None
        said = self._legs.get(bridge.link, [])
        legs = []
        for leg in said:
            if leg.segment not in self._segments:
                self._segments.add(leg.segment)
                legs.append(leg)
        self._refused += len(said) - len(legs)
        return BridgedLink(bridge, tuple(legs), tuple(self._rules.get(bridge.link, ())))

    def _joined(self, link: str, said: list[Junction]) -> JoinedLink | None:
        number, central = said[0].number, said[0].central is not None
        if self._numbers.setdefault(number, link) != link:
            return None
        fitting = [one for one in said if (one.central is not None) == central and self._fits(one)]
        centres = {one.site for one in fitting if one.central}
        named = self._mapped.get(link, [])
        mapped = [entry for entry in named if self._is_free(entry, centres)]
        self._refused += len(said) - len(fitting) + len(named) - len(mapped)
        rules = tuple(self._rules.get(link, ()))
        return JoinedLink(link, number, central, tuple(fitting), rules, tuple(mapped))

    def _fits(self, junction: Junction) -> bool:
        """One prefix leads to one site, and never lies across another one."""
        for prefix in junction.prefixes:
            if prefix in self._sites:
                if self._sites[prefix] != junction.site:
                    return False
            elif prefix in self._around or any(wider in self._sites for wider in _around(prefix)):
                return False
        for prefix in junction.prefixes:
            self._sites[prefix] = junction.site
            self._around.update(_around(prefix))
        return True

    def _is_free(self, mapped: Mapped, centres: set[int]) -> bool:
        """Under one address a site finds one device."""
        taken = [self._names.get((site, mapped.address), mapped) for site in centres]
        if any(other != mapped for other in taken):
            return False
        self._names |= {(site, mapped.address): mapped for site in centres}
        return True


def _by_link(entries: Iterable[_Entry]) -> dict[str, list[_Entry]]:
    found: dict[str, list[_Entry]] = {}
    for entry in entries:
        found.setdefault(entry.link, []).append(entry)
    return found


def _around(prefix: IPv4Network) -> list[IPv4Network]:
    return [prefix.supernet(new_prefix=length) for length in range(prefix.prefixlen)]
