"""Worlds for the laws of access, aimed at what goes wrong: look-alike ids, neighbours, edges, time changes.

Every world has two trees of resellers and one customer on their own, three persons with grants and one stranger.
Worlds are made by a seeded random generator: drawing each detail on its own gave mostly empty ones.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from furka.access.delegation import Effective, Offer, effective
from furka.access.facts import Ceiling, Held, Kind, Limit, Place
from furka.access.narrowing import WHOLE, Narrowing, Spot, port_of
from furka.access.windows import Interval, WeeklyWindow, expand
from tests.laws.reference_policy import (
    DEVICES,
    LABELS,
    PORTS,
    QUARTER,
    RawCeiling,
    RawGrant,
    RawKeptOut,
    RawLimit,
    RawNode,
    RawOffer,
    RawPart,
    RawSession,
    RawSpot,
    RawWindow,
    World,
)

PERSONS = (1, 11, 2)
STRANGER = 12
EVERYBODY = (*PERSONS, STRANGER)
RIGHTS = ("look", "people", "configure", "journal")

#: Both nights in which Zurich changes its clock, in one year.
NIGHTS = (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC))
BEFORE, AFTER = timedelta(days=2), timedelta(days=2)

_SHAPE = (
    # kind, number of the parent in this list
    ("operator", None),
    ("reseller", 0),
    ("customer", 1),
    ("site", 2),
    ("site", 2),
    ("site", 1),
    ("reseller", 0),
    ("customer", 6),
    ("site", 7),
    ("site", 6),
    ("customer", 0),
    ("site", 10),
)
_IDS = (1, 2, 11, 12, 21, 22, 111, 112, 121, 122, 211, 212)


def _tree(seed: int) -> dict[int, RawNode]:
    ids = random.Random(seed).sample(_IDS, len(_IDS))
    return {
        ids[number]: RawNode(ids[number], kind, None if parent is None else ids[parent])
        for number, (kind, parent) in enumerate(_SHAPE)
    }


_TREES = [_tree(seed) for seed in range(20)]
_GRANT_IDS = (12, 1, 21, 2, 11, 22)


@dataclass(frozen=True)
class Situation:
    """A world around one night, and moments at which something is asked."""

    world: World
    night: datetime
    moments: tuple[datetime, ...]

    @property
    def horizon(self) -> datetime:
        return self.night + AFTER + timedelta(days=4)

    def place(self, node: int) -> Place:
        return place(self.world, node)

    @property
    def places(self) -> list[Place]:
        return [self.place(node) for node in self.world.nodes]

    def grid(self) -> list[datetime]:
        """Every quarter of an hour at which something may change."""
        first = self.night - BEFORE
        return [first + number * QUARTER for number in range((self.horizon - first) // QUARTER)]

    def held(self, person: int) -> tuple[Held, ...]:
        """What the rooms above would read for that person from rows."""
        return tuple(each for grant in self.world.of(person) for each in self._held(grant))

    def _held(self, grant: RawGrant) -> Iterable[Held]:
        in_force = self._effective(grant)
        for interval in in_force.intervals:
            yield Held(
                grant_id=grant.id,
                grant_key=f"grant-{grant.id}",
                person_id=grant.person,
                place=self.place(grant.node),
                rights=grant.rights if grant.source is None else in_force.rights,
                narrowing=in_force.narrowing,
                interval=interval,
                depth=grant.depth,
                source_id=grant.source,
                staff=grant.staff,
                approved=grant.approved,
                strong=grant.person in self.world.strong,
            )

    def _effective(self, grant: RawGrant) -> Effective:
        ends = grant.ends or (self.horizon if grant.windows else None)
        intervals = expand(
            [weekly(window) for window in grant.windows], ZoneInfo(grant.zone), Interval(grant.begins, ends)
        )
        narrowing = as_narrowing(grant.part)
        if grant.source is None:
            return effective(intervals, grant.rights, intervals, grant.rights, narrowing)
        source = self._effective(self.world.grants[grant.source])
        return effective(
            intervals, grant.rights, source.intervals, source.rights, narrowing, source.narrowing
        )

    @property
    def ceilings(self) -> tuple[Ceiling, ...]:
        """What the rooms above would read of all owners."""
        owners = tuple(self._ceiling(raw) for raw in self.world.ceilings.values())
        sessions = (
            Ceiling(self.place(raw.site), person_id=raw.person, confirmed=Interval(raw.begins, raw.ends))
            for raw in self.world.sessions
        )
        return (*owners, *(self._kept_out(raw) for raw in self.world.kept_out), *sessions)

    def _kept_out(self, raw: RawKeptOut) -> Ceiling:
        return Ceiling(
            self.place(raw.node),
            person_id=raw.person,
            kept_from=raw.rights,
            kept_out=Interval(raw.begins, raw.ends),
        )

    def _ceiling(self, raw: RawCeiling) -> Ceiling:
        within = Interval(self.night - BEFORE - timedelta(days=1), self.horizon)
        hours = expand([weekly(window) for window in raw.windows], ZoneInfo(raw.zone), within)
        return Ceiling(
            self.place(raw.node),
            raw.rights,
            hours if raw.windows else None,
            raw.approval,
            raw.two_factor,
            raw.confirm,
        )

    def with_grant(self, grant: RawGrant) -> Situation:
        """The same, with one grant more or another one in its place."""
        return replace(self, world=replace(self.world, grants={**self.world.grants, grant.id: grant}))


def place(world: World, node: int) -> Place:
    """Where the node stands, worked out by walking up."""
    kind = Kind(world.nodes[node].kind)
    archived = any(step in world.archived for step in world.up(node))
    return Place(kind, node, world.ancestor(node, "reseller"), world.ancestor(node, "customer"), archived)


def weekly(window: RawWindow) -> WeeklyWindow:
    """The same window, as the house keeps it."""
    begins, ends = (time(minutes // 60 % 24, minutes % 60) for minutes in (window.begins, window.ends))
    return WeeklyWindow(window.days, begins, ends)


def as_limit(world: World, limit: RawLimit | None) -> Limit | None:
    """The same limit, as the house keeps it."""
    if limit is None:
        return None
    return Limit(limit.rights, None if limit.node is None else place(world, limit.node))


def as_narrowing(part: RawPart | None) -> Narrowing:
    """The same part, as the house keeps it."""
    if part is None:
        return WHOLE
    ports = None if part.ports is None else frozenset(map(port_of, part.ports))
    return Narrowing(part.devices, frozenset({part.labels} if part.labels else ()), ports)


def as_spot(spot: RawSpot) -> Spot:
    """The same spot, as the house keeps it."""
    return Spot(spot.device, spot.labels, None if spot.port is None else port_of(spot.port))


def as_offer(world: World, offer: RawOffer) -> Offer:
    """The same offer, as the house keeps it."""
    where = place(world, offer.node)
    return Offer(
        offer.rights,
        where,
        offer.begins,
        offer.ends,
        depth=offer.depth,
        staff=offer.staff,
        narrowing=as_narrowing(offer.part),
    )


#: Around the hours that a time change skips or doubles, around midnight, and an ordinary day.
_WALL = (0, 15, 60, 105, 120, 135, 150, 165, 180, 195, 240, 480, 1020, 1320, 1425)
_DAYS = tuple(map(frozenset, ({5}, {6}, {5, 6}, {0}, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 4, 5, 6})))

#: A change of half an hour, one of a whole day, offsets with half an hour, clocks behind UTC, clocks that never change.
ZONES = (
    "Europe/Zurich",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Casablanca",
    "UTC",
)

INSTANT = timedelta(microseconds=1)
RANDOM = st.randoms(use_true_random=True)


def _near(rnd: random.Random, night: datetime) -> datetime:
    """A moment on the grid, often in the hours of the change."""
    quarters = rnd.choice([8, 8, BEFORE // QUARTER])
    return night + rnd.randint(-quarters, quarters) * QUARTER


def _rights(rnd: random.Random, least: int = 1) -> frozenset[str]:
    return frozenset(rnd.sample(RIGHTS, rnd.randint(least, len(RIGHTS) - 1)))


def _part(rnd: random.Random) -> RawPart:
    """Chosen devices, labels or ports; sometimes two of them together."""
    part = RawPart()
    for kind in rnd.sample(("devices", "labels", "ports"), rnd.choice([1, 1, 2])):
        if kind == "devices":
            part = replace(part, devices=frozenset(rnd.sample(DEVICES, rnd.choice([1, 2]))))
        elif kind == "labels":
            part = replace(part, labels=frozenset(rnd.sample(LABELS, rnd.choice([1, 1, 2]))))
        else:
            part = replace(part, ports=frozenset(rnd.sample([port for port in PORTS if port], 1)))
    return part


def _window(rnd: random.Random) -> RawWindow:
    return RawWindow(rnd.choice(_DAYS), rnd.choice(_WALL), rnd.choice(_WALL))


def _node(rnd: random.Random, world: World, below: int | None = None) -> int:
    """Some node (at or below that one); each kind as often as the others."""
    nodes = [node for node in world.nodes if below is None or below in world.up(node)]
    kind = rnd.choice(sorted({world.nodes[node].kind for node in nodes}))
    return rnd.choice([node for node in nodes if world.nodes[node].kind == kind])


def _grant(rnd: random.Random, world: World, number: int, night: datetime) -> RawGrant:
    source = rnd.choice([*world.grants] or [None]) if rnd.random() < 0.3 else None
    begins = rnd.choice([night - BEFORE, night - QUARTER, _near(rnd, night)])
    lasts = rnd.choice([None, rnd.randint(1, 12), rnd.randint(100, 300)])
    return RawGrant(
        id=number,
        person=rnd.choice((PERSONS[0], *PERSONS)),
        node=_node(rnd, world, below=None if source is None else world.grants[source].node),
        rights=_rights(rnd),
        begins=begins,
        ends=None if lasts is None else begins + lasts * QUARTER,
        windows=tuple(_window(rnd) for _ in range(rnd.choice([0, 0, 1, 2]))),
        zone=rnd.choice(["Europe/Zurich", "Europe/Zurich", *ZONES]),
        source=source,
        depth=rnd.choice([None, 0, 1, 2]),
        staff=rnd.choice([True, False]),
        approved=rnd.choice([True, False, False]),
        part=_part(rnd) if rnd.random() < 0.25 else None,
    )


def _ceiling(rnd: random.Random, world: World) -> RawCeiling:
    """Mostly on a level at or below which somebody holds something, so that it makes a difference."""
    held = [grant.node for grant in world.grants.values()]
    under = rnd.choice(held) if held and rnd.random() < 0.8 else None
    levels = [node for node in world.nodes if world.nodes[node].kind in ("customer", "site")]
    near = [node for node in levels if under is None or under in world.up(node) or node in world.up(under)]
    return RawCeiling(
        node=rnd.choice(near or levels),
        rights=rnd.choice([None, None, _rights(rnd), frozenset({"look"})]),
        windows=tuple(_window(rnd) for _ in range(rnd.choice([0, 0, 1, 2]))),
        zone=rnd.choice(["Europe/Zurich", *ZONES]),
        approval=rnd.choice([frozenset(), frozenset(), _rights(rnd) - {"look"}]),
        two_factor=rnd.random() < 0.2,
        confirm=rnd.choice([frozenset(), frozenset(), _rights(rnd) - {"look"}]),
    )


def _session(rnd: random.Random, world: World, night: datetime) -> RawSession:
    """Somebody connects to a site, mostly one at or below which they hold something."""
    grant = rnd.choice([*world.grants.values()]) if world.grants else None
    below = grant.node if grant and rnd.random() < 0.8 else None
    sites = [
        node
        for node, raw in world.nodes.items()
        if raw.kind == "site" and (below is None or below in world.up(node))
    ]
    begins = rnd.choice([night - BEFORE, _near(rnd, night)])
    return RawSession(
        person=grant.person if grant and rnd.random() < 0.8 else rnd.choice(EVERYBODY),
        site=rnd.choice(sites),
        begins=begins,
        ends=begins + rnd.choice([rnd.randint(1, 12), 400]) * QUARTER,
    )


def _kept_out(rnd: random.Random, world: World, night: datetime) -> RawKeptOut:
    """Somebody is kept out, mostly somebody who holds something near there."""
    grant = rnd.choice([*world.grants.values()]) if world.grants else None
    begins = _near(rnd, night)
    return RawKeptOut(
        person=grant.person if grant and rnd.random() < 0.8 else rnd.choice(EVERYBODY),
        node=_node(rnd, world, below=grant.node if grant and rnd.random() < 0.8 else None),
        rights=_rights(rnd),
        begins=rnd.choice([night - BEFORE, begins]),
        ends=rnd.choice([None, begins + rnd.randint(1, 12) * QUARTER]),
    )


def _with_owners(rnd: random.Random, world: World, night: datetime) -> World:
    """Half of the worlds have owners that leave little to others, or a level that is archived; in some, somebody's
    access was ended for a while."""
    if rnd.random() < 0.25:
        world = replace(
            world, kept_out=tuple(_kept_out(rnd, world, night) for _ in range(rnd.choice([1, 2])))
        )
    if rnd.random() < 0.4:
        return world
    ceilings = [_ceiling(rnd, world) for _ in range(rnd.choice([1, 1, 2, 3]))]
    reseller = rnd.choice([node for node in world.nodes if world.nodes[node].kind == "reseller"])
    sessions = tuple(_session(rnd, world, night) for _ in range(rnd.choice([0, 1, 2, 3])))
    if rnd.random() < 0.2:
        ceilings.append(RawCeiling(reseller, two_factor=True))
    return replace(
        world,
        ceilings={each.node: each for each in ceilings},
        sessions=sessions,
        strong=frozenset(rnd.sample(PERSONS, rnd.randint(0, 2))),
        archived=frozenset(rnd.sample(sorted(world.nodes), rnd.choice([0, 0, 0, 1, 2]))) - {_operator(world)},
    )


def _operator(world: World) -> int:
    return next(node for node in world.nodes if world.nodes[node].kind == "operator")


def _limited(rnd: random.Random) -> Situation:
    """One or two accesses of one person on the way up from a site, and owners who leave little there: so often that one
    thing alone stands in the way, or just two."""
    night = rnd.choice(NIGHTS)
    world = World(rnd.choice(_TREES), {})
    site = rnd.choice(
        [node for node, raw in world.nodes.items() if raw.kind == "site" and world.ancestor(node, "customer")]
    )
    at = _near(rnd, night)
    for number in rnd.sample(_GRANT_IDS, rnd.choice([1, 2])):
        grant = RawGrant(
            id=number,
            person=PERSONS[0],
            node=rnd.choice(list(world.up(site))),
            rights=frozenset(RIGHTS) - frozenset(rnd.sample(RIGHTS, rnd.choice([0, 0, 1]))),
            begins=at - QUARTER,
            ends=rnd.choice([None, at + 8 * QUARTER]),
            depth=None,
            staff=rnd.choice([True, False]),
            approved=rnd.choice([True, False]),
        )
        world = replace(world, grants={**world.grants, number: grant})
    ceilings = {
        node: RawCeiling(
            node,
            rights=rnd.choice([None, None, None, frozenset({"look", "people"}), frozenset({"look"})]),
            windows=(_window(rnd),) if rnd.random() < 0.3 else (),
            approval=rnd.choice([frozenset(), frozenset(), frozenset(RIGHTS) - {"look"}]),
            two_factor=rnd.random() < 0.2,
            confirm=rnd.choice([frozenset(), frozenset(), frozenset(RIGHTS) - {"look"}]),
        )
        for node in (site, world.ancestor(site, "customer"))
        if node is not None and rnd.random() < 0.8
    }
    world = replace(world, ceilings=ceilings, strong=frozenset(rnd.sample(PERSONS, rnd.choice([0, 2]))))
    if rnd.random() < 0.5:
        session = RawSession(PERSONS[0], site, at - QUARTER, at + rnd.choice([0, 1, 4]) * QUARTER)
        world = replace(world, sessions=(session,))
    return Situation(world, night, (at, at + rnd.choice([-1, 1, 4]) * QUARTER, _near(rnd, night)))


def _situation(rnd: random.Random, number_of_grants: int) -> Situation:
    if number_of_grants > 1 and rnd.random() < 0.3:
        return _limited(rnd)
    night = rnd.choice(NIGHTS)
    world = World(rnd.choice(_TREES), {})
    for number in _GRANT_IDS[:number_of_grants]:
        world = replace(world, grants={**world.grants, number: _grant(rnd, world, number, night)})
    world = _with_owners(rnd, world, night)
    edges = [edge for grant in world.grants.values() for edge in (grant.begins, grant.ends) if edge]
    edges += [edge for each in world.kept_out for edge in (each.begins, each.ends) if edge]
    moments = [
        rnd.choice([*edges, night, _near(rnd, night), _near(rnd, night)])
        + rnd.choice([0, 0, -1, 1]) * INSTANT
        for _ in range(3)
    ]
    return Situation(world, night, tuple(moments))


def situations(most_grants: int = 6) -> st.SearchStrategy[Situation]:
    """Two trees and grants in them, and moments that often lie exactly on an edge or beside it."""
    return st.builds(_situation, RANDOM, st.sampled_from(range(most_grants, -1, -1)))


def some_rights(least: int = 1) -> st.SearchStrategy[frozenset[str]]:
    """Some of the rights, never all."""
    return st.builds(lambda rnd: _rights(rnd, least), RANDOM)


def some_windows(most: int) -> st.SearchStrategy[list[RawWindow]]:
    """Weekly windows, one at least."""
    return st.builds(lambda rnd, number: [_window(rnd) for _ in range(number)], RANDOM, st.integers(1, most))


def near(night: datetime) -> st.SearchStrategy[datetime]:
    """A moment on the grid, often in the hours of the change."""
    return st.builds(lambda rnd: _near(rnd, night), RANDOM)


def limits(world: World) -> st.SearchStrategy[RawLimit]:
    """What a token leaves: some rights or all, at one node or at all."""

    def limit(rnd: random.Random) -> RawLimit:
        rights = rnd.choice([None, _rights(rnd), _rights(rnd, least=0)])
        return RawLimit(rights, rnd.choice([None, _node(rnd, world), _node(rnd, world)]))

    return st.builds(limit, RANDOM)


#: In what an offer that would be allowed is spoiled; the first does nothing.
_FAULTS = (
    "",
    "",
    "rights",
    "nothing",
    "node",
    "end",
    "backwards",
    "past",
    "not yet",
    "hours",
    "depth",
    "part",
)


def _granting(
    rnd: random.Random, situation: Situation, faults: set[str]
) -> tuple[Situation, datetime, RawOffer]:
    world, at = situation.world, situation.moments[0]
    lasts = rnd.choice([None, 2, 8, 100])
    generous = RawGrant(
        id=77,
        person=PERSONS[0],
        node=_node(rnd, world),
        rights=frozenset(RIGHTS),
        begins=at - rnd.choice([0, 1]) * QUARTER,
        ends=None if lasts is None else at + lasts * QUARTER,
        depth=rnd.choice([None, 1, 2]),
        staff=rnd.choice([True, False]),
    )
    offer = RawOffer(
        rights=_rights(rnd),
        node=_node(rnd, world, below=generous.node),
        begins=at + rnd.choice([0, 1]) * QUARTER,
        ends=rnd.choice([generous.ends, at + 2 * QUARTER]),
        depth=rnd.choice([None, 0, 1]) if generous.depth is None else generous.depth - 1,
        staff=rnd.choice([True, False]),
    )
    if "rights" in faults:
        generous = replace(generous, rights=generous.rights - _rights(rnd))
    if "nothing" in faults:
        offer = replace(offer, rights=frozenset())
    if "node" in faults:
        offer = replace(offer, node=_node(rnd, world))
    if "end" in faults:
        offer = replace(offer, ends=generous.ends and generous.ends + rnd.choice([INSTANT, 9 * QUARTER]))
    if "backwards" in faults:
        offer = replace(offer, ends=offer.begins)
    if "past" in faults:
        offer = replace(offer, begins=at - INSTANT)
    if "not yet" in faults:
        generous = replace(generous, begins=at + INSTANT)
        offer = replace(offer, begins=at + QUARTER)
    if "hours" in faults:
        generous = replace(generous, windows=(_window(rnd),))
    if "depth" in faults:
        offer = replace(offer, depth=rnd.choice([generous.depth, None, 3]))
    if "part" in faults:
        generous = replace(generous, part=_part(rnd))
        offer = replace(offer, part=rnd.choice([None, generous.part, generous.part, _part(rnd)]))
    situation = situation.with_grant(generous)
    if rnd.random() < 0.5:  # an owner who limits nobody, but says whose people are the owner's
        lying = {offer.node: RawCeiling(offer.node)} if not world.ceilings else world.ceilings
        situation = replace(situation, world=replace(situation.world, ceilings=lying))
    if "not yet" in faults or rnd.choice([True, False]):
        above = rnd.choice(list(world.up(offer.node)))
        people = frozenset({"people"})
        situation = situation.with_grant(
            RawGrant(78, PERSONS[0], above, people, at - QUARTER, at + QUARTER, depth=0)
        )
    return situation, at, offer


def granting() -> st.SearchStrategy[tuple[Situation, datetime, RawOffer]]:
    """Person 1 wants to grant something at a moment: just what they may, or a step too far in one or two things.

    Half of the time they administer people there for a moment anyway, out of a grant that gives nothing else.
    """
    faults = st.sets(st.sampled_from(_FAULTS), min_size=1, max_size=2)
    return st.builds(_granting, RANDOM, situations(most_grants=3), faults)
