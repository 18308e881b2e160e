"""What the portal wants of this hub at a given moment: entries by key, and the time as the portal has it.

Pure: nothing is read from a clock or a machine. Moments of this machine are monotonic seconds (`at: float`), moments
of the portal are datetimes. The wall clock of the hub may be wrong by any amount without doing harm.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from math import inf
from typing import TypeVar

from furka.hub.link_index import LinkIndex
from furka.hub.names import Answer, NameIndex
from furka.hub.portal_time import SLACK, PortalTime
from furka.hub.ranges import is_of_page, is_proper, own_ranges, widest
from furka.hub.touched import Touched
from furka.plan.doors import DoorKey, keys_of
from furka.plan.entries import (
    Door,
    Entry,
    Knock,
    Names,
    Page,
    Peer,
    Prefix,
    RealNetwork,
    TunnelEnd,
)
from furka.plan.gathered import Links
from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule, Mapped
from furka.plan.render.hub_nft import Layout
from furka.wire.hub import PlanAnswer

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")

#: How often doors with a lease are looked at: a third of the shortest lease there is.
LEASE_ROUND = 20.0


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """A door that is open at a moment."""

    door: Door
    until: float  # moment of this machine; infinite without an end
    slack: float  # by how many seconds what is in force may end earlier before it is written anew


class Desired:
    """The plan of one hub as far as it has heard it, and what follows from it at a moment.

    Whatever the portal says, nothing outside the hub's own ranges is ever wanted.
    """

    def __init__(self) -> None:
        self.time = PortalTime()
        self.layout: Layout | None = None
        self.heard = False
        self.revision = 0
        self._entries: dict[str, Entry] = {}
        self._contact = -inf
        self._lease_round = -inf
        self._clear_indexes()

    # -- what is said -------------------------------------------------------------------------------------------

    def settle(self, layout: Layout) -> Touched:
        """Take the ranges within which the plan counts; returns what they change."""
        if layout == self.layout:
            return Touched()
        self.layout = layout
        before = self.everything()
        self._clear_indexes()
        for entry in self._entries.values():
            self._index(entry)
        self._sift_prefixes()
        return before | self.everything()

    def hear(self, answer: PlanAnswer, at: float) -> Touched:
        """Take an answer that arrived at `at`; returns what it may change.

        An answer that is older than what is known, and not complete, is no news.
        """
        moved = self.time.hear(answer.now, at)
        if answer.revision < self.revision and not answer.complete:
            return Touched()
        self.heard = True
        self.revision = answer.revision
        self._contact = at
        said = {entry.key: entry for entry in answer.entries}
        gone = [key for key in (self._entries if answer.complete else answer.gone) if key not in said]
        touched = self._apply(said, gone)
        if moved:
            touched |= Touched(doors=frozenset(self._doors))
        if self._leased and at - self._lease_round >= LEASE_ROUND:
            self._lease_round = at
            touched |= Touched(doors=frozenset(self._leased))
        return touched

    # -- what follows -------------------------------------------------------------------------------------------

    def peer(self, public_key: str) -> frozenset[IPv4Network] | None:
        """The networks that a peer has to have; None if there has to be no such peer."""
        names = self._by_public_key.get(public_key)
        if not names:
            return None
        name = min(names)
        entry = self._entries[name]
        if not isinstance(entry, Peer):
            return None
        return frozenset(network for network in entry.allowed_ips if min(self._claims[network]) == name)

    def preshared_key(self, public_key: str) -> str:
        """The secret that a peer has to know; empty: none."""
        names = self._by_public_key.get(public_key)
        entry = self._entries[min(names)] if names else None
        return (entry.preshared_key or "") if isinstance(entry, Peer) else ""

    def end_of(self, public_key: str) -> TunnelEnd | None:
        """Whose peer it is."""
        names = self._by_public_key.get(public_key)
        entry = self._entries[min(names)] if names else None
        return entry.end if isinstance(entry, Peer) else None

    def site_behind(self, network: IPv4Network) -> int | None:
        """The number of the site that a prefix leads to."""
        return self._prefixes.get(network)

    def site_of(self, address: IPv4Address) -> int | None:
        """The number of the site behind which an address is."""
        return next((site for network, site in self._prefixes.items() if address in network), None)

    def open_door(self, key: DoorKey, at: float) -> OpenDoor | None:
        """The door that is open there at that moment; None if it is closed.

        Doors that follow each other without a gap are one door, so that nothing has to happen between them.
        """
        found: OpenDoor | None = None
        for door in sorted(self._doors_at(key), key=lambda one: (one.not_before, one.key)):
            begin, end, by_lease = self._span(door)
            slack = (door.lease_seconds or 0) / 3 if by_lease else SLACK
            if found is None:
                if begin <= at < end:
                    found = OpenDoor(door, end, slack)
            elif begin <= found.until < end:
                found = OpenDoor(found.door, end, slack)
        return found

    def visit(self, key: DoorKey, at: float) -> Door | None:
        """Of the doors of a tunnel address to a site that are open at that moment, the one that stays open longest."""
        found: Door | None = None
        latest = -inf
        for name in sorted(self._visits.get(key, ())):
            door = self._entries[name]
            if isinstance(door, Door):
                begin, end, _ = self._span(door)
                if begin <= at < end and end > latest:
                    found, latest = door, end
        return found

    def pages(self, at: float) -> tuple[Page, ...]:
        """The pages of devices that may be open at that moment: their time has come, and a door is open for them."""
        if not self.time.known:
            return ()
        now = self.time.at(at)
        found = (self._entries[name] for name in sorted(self._pages))
        return tuple(
            page
            for page in found
            if isinstance(page, Page)
            and page.not_before <= now < page.not_after
            and any(self.visit(key, at) for key in self._visits_from.get(page.address, ()))
        )

    def real_networks(self) -> dict[tuple[IPv4Address, IPv4Network], IPv4Network]:
        """Under which real networks tunnel addresses reach a plant; of two that lie across each other the first."""
        found: dict[tuple[IPv4Address, IPv4Network], IPv4Network] = {}
        for address, keys in self._real.items():
            taken = list(own_ranges(self.layout)) if self.layout is not None else []
            for key in sorted(keys):
                entry = self._entries[key]
                if isinstance(entry, RealNetwork) and not any(map(entry.network.overlaps, taken)):
                    taken.append(entry.network)
                    found[address, entry.network] = entry.virtual
        return found

    def answer(self, asker: IPv4Address, name: str, at: float) -> Answer:
        """What whoever asks from that tunnel address is told about a name: only what a door leads to now."""

        def reaches(address: IPv4Address, site: int, host: IPv4Address | None) -> bool:
            doors = (self._entries[each] for each in self._visits.get(DoorKey(address, site), ()))
            return any(
                isinstance(door, Door)
                and door.ports != ()
                and (door.hosts != () if host is None else door.hosts is None or host in door.hosts)
                and self._is_open(door, at)
                for door in doors
            )

        return self._names.answer(asker, name, reaches)

    def links(self) -> Links:
        """The links between sites; they have no times, what is over is no longer in the plan."""
        return self._links.links()

    def knocks(self, at: float) -> dict[DoorKey, Knock]:
        """Where a first packet begins somebody's time at that moment."""
        if not self._knocks or not self.time.known:
            return {}
        now = self.time.at(at)
        found = (self._entries[name] for name in sorted(self._knocks))
        return {
            DoorKey(knock.address, knock.site): knock
            for knock in found
            if isinstance(knock, Knock) and knock.not_before <= now < knock.not_after
        }

    def everything(self) -> Touched:
        """All that the plan speaks of."""
        peers, prefixes = frozenset(self._by_public_key), frozenset(self._prefixes)
        return Touched(peers, prefixes, frozenset(self._doors), links=bool(self._links))

    def open_doors(self, at: float) -> dict[DoorKey, OpenDoor]:
        """All doors that are open at that moment."""
        found = {key: self.open_door(key, at) for key in self._doors}
        return {key: door for key, door in found.items() if door is not None}

    def refused(self) -> int:
        """How many entries do not count because they lie outside the ranges or across another one."""
        return (
            self._improper
            + sum(isinstance(entry, Prefix) for entry in self._entries.values())
            - len(self._prefixes)
            + self.links().refused
        )

    # -- when it changes ----------------------------------------------------------------------------------------

    def due(self, at: float) -> Touched:
        """Doors that begin or end, by the plan, up to that moment, and were not named by this before."""
        if not self.time.known:
            return Touched()
        now = self.time.at(at).timestamp()
        keys: set[DoorKey] = set()
        while self._moments and self._moments[0][0] <= now:
            entry = self._entries.get(heapq.heappop(self._moments)[1])
            if isinstance(entry, Door):
                keys.update(keys_of(entry))
        return Touched(doors=frozenset(keys))

    def next_moment(self, at: float) -> float:
        """In how many seconds `due` has something to say; infinite if never, 0 if it is late."""
        if not self._moments or not self.time.known:
            return inf
        return max(0.0, self._moments[0][0] - self.time.at(at).timestamp())

    # -- inside -------------------------------------------------------------------------------------------------

    def _clear_indexes(self) -> None:
        self._by_public_key: dict[str, set[str]] = {}
        self._claims: dict[IPv4Network, set[str]] = {}
        self._prefixes: dict[IPv4Network, int] = {}
        self._doors: dict[DoorKey, set[str]] = {}
        self._visits: dict[DoorKey, set[str]] = {}
        self._leased: set[DoorKey] = set()
        self._pages: set[str] = set()
        self._knocks: set[str] = set()
        self._visits_from: dict[IPv4Address, set[DoorKey]] = {}  # of pages alone
        self._moments: list[tuple[float, str]] = []  # when, and the key of the entry
        self._names = NameIndex()
        self._real: dict[IPv4Address, set[str]] = {}
        self._links = LinkIndex()
        self._improper = 0  # prefixes aside, which are sifted

    def _apply(self, said: dict[str, Entry], gone: Iterable[str]) -> Touched:
        peers: set[str] = set()
        doors: set[DoorKey] = set()
        pages: set[str] = set()
        prefixes_before = self._prefixes
        prefix_said = links = False
        for key in [*gone, *said]:
            before, after = self._entries.pop(key, None), said.get(key)
            if before is not None:
                self._unindex(before)
            if after is not None:
                self._entries[key] = after
                self._index(after)
            if before == after:
                continue
            for entry in (before, after):
                match entry:
                    case Peer():
                        peers.update(self._concerned(entry))
                    case Prefix():
                        prefix_said = True
                    case Door():
                        doors.update(keys_of(entry))
                    case Page():
                        pages.add(entry.key)
                    case Names() | RealNetwork() | Knock() | None:
                        pass  # what is listened for is looked at again and again
                    case Bridge() | Leg() | Junction() | LinkRule() | Mapped():
                        links = True
        prefixes: frozenset[IPv4Network] = frozenset()
        if prefix_said:
            self._sift_prefixes()
            changed = prefixes_before.items() ^ self._prefixes.items()
            prefixes = frozenset(network for network, _ in changed)
        if len(self._moments) > 4 * len(self._entries) + 1000:
            self._moments = [
                moment for names in self._visits.values() for name in names for moment in self._ends(name)
            ]
            heapq.heapify(self._moments)
        return Touched(frozenset(peers), prefixes, frozenset(doors), frozenset(pages), links)

    def _concerned(self, peer: Peer) -> Iterator[str]:
        """The peer itself, and those that claim the same networks."""
        yield peer.public_key
        for network in peer.allowed_ips:
            for name in self._claims.get(network, ()):
                other = self._entries[name]
                if isinstance(other, Peer):
                    yield other.public_key

    def _index(self, entry: Entry) -> None:
        if not self._proper(entry):
            self._improper += not isinstance(entry, Prefix)
            return
        match entry:
            case Peer():
                self._by_public_key.setdefault(entry.public_key, set()).add(entry.key)
                for network in entry.allowed_ips:
                    self._claims.setdefault(network, set()).add(entry.key)
            case Door():
                visit = DoorKey(entry.address, entry.site)
                self._visits.setdefault(visit, set()).add(entry.key)
                if self._is_of_page(entry):
                    self._visits_from.setdefault(entry.address, set()).add(visit)
                for key in keys_of(entry):
                    self._doors.setdefault(key, set()).add(entry.key)
                    if entry.lease_seconds is not None:
                        self._leased.add(key)
                for moment in self._ends(entry.key):
                    heapq.heappush(self._moments, moment)
            case Page():
                self._pages.add(entry.key)
            case Names():
                self._names.add(entry)
            case RealNetwork():
                self._real.setdefault(entry.address, set()).add(entry.key)
            case Knock():
                self._knocks.add(entry.key)
            case Bridge() | Leg() | Junction() | LinkRule() | Mapped():
                self._links.add(entry)
            case Prefix():
                pass  # sifted all together: one may lie across another

    def _unindex(self, entry: Entry) -> None:
        if not self._proper(entry):
            self._improper -= not isinstance(entry, Prefix)
            return
        match entry:
            case Peer():
                _discard(self._by_public_key, entry.public_key, entry.key)
                for network in entry.allowed_ips:
                    _discard(self._claims, network, entry.key)
            case Door():
                visit = DoorKey(entry.address, entry.site)
                _discard(self._visits, visit, entry.key)
                if visit not in self._visits:
                    _discard(self._visits_from, entry.address, visit)
                for key in keys_of(entry):
                    _discard(self._doors, key, entry.key)
                    if not any(door.lease_seconds for door in self._doors_at(key)):
                        self._leased.discard(key)
            case Page():
                self._pages.discard(entry.key)
            case Names():
                self._names.remove(entry)
            case RealNetwork():
                _discard(self._real, entry.address, entry.key)
            case Knock():
                self._knocks.discard(entry.key)
            case Bridge() | Leg() | Junction() | LinkRule() | Mapped():
                self._links.remove(entry)
            case Prefix():
                pass

    def _proper(self, entry: Entry) -> bool:
        return self.layout is not None and is_proper(entry, self.layout)

    def _is_of_page(self, door: Door) -> bool:
        return self.layout is not None and is_of_page(door, self.layout)

    def _sift_prefixes(self) -> None:
        said = (entry for entry in self._entries.values() if isinstance(entry, Prefix))
        self._prefixes = widest(entry for entry in said if self._proper(entry))

    def _doors_at(self, key: DoorKey) -> Iterator[Door]:
        for name in self._doors.get(key, ()):
            entry = self._entries[name]
            if isinstance(entry, Door):
                yield entry

    def _span(self, door: Door) -> tuple[float, float, bool]:
        """Begin and end on this machine, and whether the lease makes the end."""
        end = inf if door.not_after is None else self.time.moment_of(door.not_after)
        lease_end = inf if door.lease_seconds is None else self._contact + door.lease_seconds
        return self.time.moment_of(door.not_before), min(end, lease_end), lease_end < end

    def _is_open(self, door: Door, at: float) -> bool:
        begin, end, _ = self._span(door)
        return begin <= at < end

    def _ends(self, name: str) -> Iterator[tuple[float, str]]:
        entry = self._entries[name]
        if isinstance(entry, Door) and any(keys_of(entry)):
            yield entry.not_before.timestamp(), name
            if entry.not_after is not None:
                yield entry.not_after.timestamp(), name


def _discard(index: dict[_Key, set[_Item]], key: _Key, name: _Item) -> None:
    names = index.get(key)
    if names is not None:
        names.discard(name)
        if not names:
            del index[key]
