"""The one policy: may this person do this here now, and where may they do it. Nobody else compares rights.

Everything the person may have comes in as `held`: all their grants that matter, in any order, each of the
same person. Rights flow down the tree, never up or sideways. The answers agree with each other:
`scope(…).contains(place)` is true exactly where `decide(…)` allows, and `open_intervals(…)` covers
exactly the moments at which it does.

What the owner of a level leaves to others comes in as `ceilings`: those of the place and of the levels above
it (more do no harm), or for `scope` those of all levels that the person may see. Looking is never limited by them.

A malformed question raises: an unknown right, a moment that is not in UTC, grants of two persons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import assert_never

from furka.access.facts import Ceiling, Held, Kind, Limit, Place
from furka.access.narrowing import WHOLE, Narrowing, Spot
from furka.access.rights import JOURNAL, LOOK, PEOPLE, RIGHTS, STRUCTURE, Right
from furka.access.windows import Interval, covers, intersection, merged, subtract, utc

#: What still counts on a level that is out of service: to see what was, and to bring it back.
COUNTS_WHEN_ARCHIVED = frozenset(right.key for right in (LOOK, JOURNAL, STRUCTURE, PEOPLE))

_NEVER_ENDS = datetime.max.replace(tzinfo=UTC)


class Reason(StrEnum):
    """Why it was decided like this. `NOT_VISIBLE` is answered "not found", other denials "not allowed"."""

    GRANTED = "granted"
    NOT_VISIBLE = "not-visible"  # nothing that the person holds now lets them see that place
    LIMITED = "limited"  # they see it and hold the right now; the token they use leaves it out
    ARCHIVED = "archived"  # they hold it; the level is out of service
    UNCONFIRMED = "unconfirmed"  # they hold it; they have to confirm first that they connect
    TWO_FACTOR = "two-factor"  # they hold it; the level asks for a second factor, and they have none
    CEILING = "ceiling"  # they hold it; the owner of the level leaves it to nobody else
    CEILING_HOURS = "ceiling-hours"  # they hold it; the owner leaves it to others at other hours
    APPROVAL = "approval"  # they hold it; the owner wants to be asked each time
    KEPT_OUT = "kept-out"  # they hold it; somebody has ended their access for a while
    NARROWED = "narrowed"  # they may do it at the site, but not with that device, or not on that port
    NOT_NOW = "not-now"  # they see it, and hold the right there at another time
    RIGHT_MISSING = "right-missing"  # they see it, and do not hold the right there at all


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with the grant that allows it (only then) and the reason."""

    allowed: bool
    because: Held | None
    reason: Reason

    @property
    def visible(self) -> bool:
        """Whether the person may know that the place exists."""
        return self.reason is not Reason.NOT_VISIBLE


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the tree: below these resellers and customers, and these nodes; without what is `closed`.

    A row matches if `(everything OR reseller_id IN resellers OR customer_id IN customers OR id IN nodes) AND NOT
    (id IN closed OR customer_id IN closed OR reseller_id IN closed)`, and is not archived if `in_service`.
    The resellers and customers themselves are
    among the nodes: their rows need not name themselves as ancestors.
    """

    everything: bool = False
    resellers: frozenset[int] = frozenset()
    customers: frozenset[int] = frozenset()
    nodes: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()
    in_service: bool = False
    narrowing: Narrowing = WHOLE  # of the devices at sites only those

    def contains(self, place: Place) -> bool:
        """Whether the node matches."""
        if self.in_service and place.archived:
            return False
        if not self.closed.isdisjoint((place.id, place.customer_id, place.reseller_id)):
            return False
        return (
            self.everything
            or place.reseller_id in self.resellers
            or place.customer_id in self.customers
            or place.id in self.nodes
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """Where something is allowed: in any of these stretches."""

    stretches: tuple[Stretch, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether every node matches."""
        return any(each.everything and not each.closed and not each.in_service for each in self.stretches)

    @property
    def nothing(self) -> bool:
        """Whether it is allowed nowhere, whatever there is."""
        return not self.stretches

    def contains(self, place: Place) -> bool:
        """Whether the node matches."""
        return any(each.contains(place) for each in self.stretches)


def reaches(kind: Kind, node_id: int, place: Place) -> bool:
    """Whether what is held on that node counts at that place: on itself and everything below."""
    kind = Kind(kind)
    match kind:
        case Kind.OPERATOR:
            return True
        case Kind.RESELLER:
            return place.reseller_id == node_id
        case Kind.CUSTOMER:
            return place.customer_id == node_id
        case Kind.SITE:
            return place.kind is Kind.SITE and place.id == node_id
    assert_never(kind)


def decide(
    held: Iterable[Held],
    right: Right | str,
    place: Place,
    at: datetime,
    limit: Limit | None = None,
    ceilings: Iterable[Ceiling] = (),
) -> Decision:
    """Whether the person may do this at that place at that moment, and because of which grant.

    Of several grants that allow it the one that lasts longest is named, of these the one with the lowest
    id.
    """
    key, at, held = RIGHTS.get(right).key, utc(at), of_one_person(held)
    above = ceilings_over(ceilings, place)
    here = [(narrow, each) for each in held if (narrow := narrowed(each, limit)) and _reached(narrow, place)]
    now = [(narrow, each) for narrow, each in here if key in narrow.rights and narrow.interval.covers(at)]
    if now and place.archived and key not in COUNTS_WHEN_ARCHIVED:
        return Decision(False, None, Reason.ARCHIVED)
    allowing = [each for _, each in now if not closed_by(above, each, key, at)]
    if allowing:
        return Decision(True, longest(allowing), Reason.GRANTED)
    if now:
        return Decision(False, None, _mildest(closed_by(above, each, key, at) for _, each in now))
    return Decision(False, None, _denial(here, key, at))


def _denial(here: list[tuple[Held, Held]], key: str, at: datetime) -> Reason:
    now = [(narrow, each) for narrow, each in here if narrow.interval.covers(at)]
    if not any(LOOK.key in narrow.rights for narrow, _ in now):
        return Reason.NOT_VISIBLE
    if any(key in each.rights for _, each in now):
        return Reason.LIMITED
    if any(key in narrow.rights for narrow, _ in here):
        return Reason.NOT_NOW
    return Reason.RIGHT_MISSING


def scope(
    held: Iterable[Held],
    right: Right | str,
    at: datetime,
    limit: Limit | None = None,
    ceilings: Iterable[Ceiling] = (),
) -> Scope:
    """All nodes where the person may do this at that moment."""
    key, at, held = RIGHTS.get(right).key, utc(at), of_one_person(held)
    lying = tuple(ceilings)
    alike: dict[tuple[frozenset[int], Narrowing], list[Place]] = defaultdict(list)
    for each in held:
        narrow = narrowed(each, limit)
        if narrow is None or key not in narrow.rights or not narrow.interval.covers(at):
            continue
        for site in _confirmed_below(lying, narrow.place, each) if _asks_to_confirm(lying, key) else ():
            if not closed_by(ceilings_over(lying, site), each, key, at):
                alike[frozenset(), each.narrowing].append(site)
        if closed_by(ceilings_over(lying, narrow.place), each, key, at):
            continue
        below = (ceiling for ceiling in lying if _at_or_above(narrow.place, ceiling.place))
        closed = frozenset(c.place.id for c in below if closed_by((c,), each, key, at))
        alike[closed, each.narrowing].append(narrow.place)
    in_service = key not in COUNTS_WHEN_ARCHIVED
    return Scope(
        tuple(
            replace(_stretch(places, closed, in_service), narrowing=narrowing)
            for (closed, narrowing), places in alike.items()
        )
    )


def _confirmed_below(ceilings: Iterable[Ceiling], top: Place, held: Held) -> list[Place]:
    """The sites at or below a level for which the person has confirmed, perhaps at another time."""
    own = (each for each in ceilings if each.confirmed and each.person_id == held.person_id)
    return [each.place for each in own if _at_or_above(top, each.place)]


def _stretch(places: list[Place], closed: frozenset[int], in_service: bool) -> Stretch:
    ids: dict[Kind, set[int]] = {kind: set() for kind in Kind}
    for place in places:
        ids[place.kind].add(place.id)
    if ids[Kind.OPERATOR]:
        return Stretch(everything=True, closed=closed, in_service=in_service)
    return Stretch(
        resellers=frozenset(ids[Kind.RESELLER]),
        customers=frozenset(ids[Kind.CUSTOMER]),
        nodes=frozenset().union(*ids.values()),
        closed=closed,
        in_service=in_service,
    )


def open_intervals(
    held: Iterable[Held],
    right: Right | str,
    place: Place,
    horizon: datetime,
    limit: Limit | None = None,
    ceilings: Iterable[Ceiling] = (),
) -> tuple[Interval, ...]:
    """When the person may do this at that place: merged intervals that begin before the horizon.

    An interval that begins before the horizon keeps its own end, wherever that lies.
    """
    key, horizon, held = RIGHTS.get(right).key, utc(horizon), of_one_person(held)
    if place.archived and key not in COUNTS_WHEN_ARCHIVED:
        return ()
    above = ceilings_over(ceilings, place)
    when: list[Interval] = []
    for each in held:
        narrow = narrowed(each, limit)
        if narrow and key in narrow.rights and _reached(narrow, place):
            when.extend(_left_by(above, each, key, narrow.interval))
    return tuple(interval for interval in merged(when) if interval.begins_at < horizon)


def decide_at(
    held: Iterable[Held],
    right: Right | str,
    place: Place,
    spot: Spot,
    at: datetime,
    limit: Limit | None = None,
    ceilings: Iterable[Ceiling] = (),
) -> Decision:
    """The same as `decide` about one device of a site, or one port of it."""
    held, lying = of_one_person(held), tuple(ceilings)
    there = decide([each for each in held if each.narrowing.opens(spot)], right, place, at, limit, lying)
    if there.allowed:
        return there
    somewhere = decide(held, right, place, at, limit, lying)
    return Decision(False, None, Reason.NARROWED) if somewhere.allowed else somewhere


def openings(
    held: Iterable[Held],
    right: Right | str,
    place: Place,
    horizon: datetime,
    limit: Limit | None = None,
    ceilings: Iterable[Ceiling] = (),
) -> dict[Narrowing, tuple[Interval, ...]]:
    """When the person may do this with which part of that place: `open_intervals` of what leads to the same part."""
    held, lying = of_one_person(held), tuple(ceilings)
    alike: dict[Narrowing, list[Held]] = defaultdict(list)
    for each in held:
        alike[each.narrowing].append(each)
    found = {
        narrowing: open_intervals(some, right, place, horizon, limit, lying)
        for narrowing, some in alike.items()
    }
    return {narrowing: intervals for narrowing, intervals in found.items() if intervals}


def ceilings_over(ceilings: Iterable[Ceiling], place: Place) -> tuple[Ceiling, ...]:
    """Those that count at that place: its own, and those of the levels above it."""
    return tuple(ceiling for ceiling in ceilings if _at_or_above(ceiling.place, place))


def is_own_side(held: Held, ceiling: Ceiling) -> bool:
    """Whether somebody is not limited by an owner's ceiling: the owner's people, and those of levels below it."""
    return held.staff and owner_among(held.place, ceiling.place)


def owner_among(place: Place, limited: Place) -> bool:
    """Whether a place is the level whose own people a limit leaves free, or stands below it.

    That level is the customer, or without one the reseller.
    """
    owner = limited.customer_id or limited.reseller_id
    return owner is not None and owner in _way(place)


def closed_by(ceilings: Iterable[Ceiling], held: Held, key: str, at: datetime) -> Reason | None:
    """Why these ceilings, all of which count there, leave nothing of that right to that holding at that moment."""
    if key == LOOK.key:
        return None
    lying = tuple(ceilings)
    found = [reason for ceiling in lying if (reason := _closed(ceiling, held, key, at))]
    if _asks_to_confirm(lying, key) and not covers(_confirmed(lying, held), at):
        found.append(Reason.UNCONFIRMED)
    return max(found, key=_HARDEST.index) if found else None


def _asks_to_confirm(ceilings: Iterable[Ceiling], key: str) -> bool:
    return any(key in ceiling.confirm for ceiling in ceilings)


def _confirmed(ceilings: Iterable[Ceiling], held: Held) -> tuple[Interval, ...]:
    """When the person has confirmed that they connect to the site at which these ceilings count."""
    return merged(each.confirmed for each in ceilings if each.confirmed and each.person_id == held.person_id)


def as_if_confirmed(ceilings: Iterable[Ceiling]) -> tuple[Ceiling, ...]:
    """The same without what everybody can do by themselves at any time: to confirm that they connect."""
    return tuple(replace(each, confirm=frozenset()) for each in ceilings if each.confirmed is None)


#: From what is soonest mended to what only the owner can change.
_HARDEST = (
    Reason.UNCONFIRMED,
    Reason.APPROVAL,
    Reason.TWO_FACTOR,
    Reason.CEILING_HOURS,
    Reason.KEPT_OUT,
    Reason.CEILING,
)


def _closed(ceiling: Ceiling, held: Held, key: str, at: datetime) -> Reason | None:
    if ceiling.kept_out is not None:
        return Reason.KEPT_OUT if _keeps_out(ceiling, held, key) and ceiling.kept_out.covers(at) else None
    if ceiling.confirmed is not None:
        return None
    reason = _closed_for_good(ceiling, held, key)
    if reason is Reason.CEILING or is_own_side(held, ceiling):
        return reason
    outside = ceiling.hours is not None and not covers(ceiling.hours, at)
    return Reason.CEILING_HOURS if outside else reason


def _keeps_out(ceiling: Ceiling, held: Held, key: str) -> bool:
    return ceiling.person_id == held.person_id and key in ceiling.kept_from


def _closed_for_good(ceiling: Ceiling, held: Held, key: str) -> Reason | None:
    """Whatever the hour: those of the owner's side are only asked for a second factor."""
    own = is_own_side(held, ceiling)
    if not own and ceiling.rights is not None and key not in ceiling.rights:
        return Reason.CEILING
    if ceiling.two_factor and not held.strong:
        return Reason.TWO_FACTOR
    if not own and key in ceiling.approval and not held.approved:
        return Reason.APPROVAL
    return None


def _left_by(ceilings: Iterable[Ceiling], held: Held, key: str, interval: Interval) -> tuple[Interval, ...]:
    """What ceilings that count there leave of an interval."""
    left: tuple[Interval, ...] = (interval,)
    if key == LOOK.key:
        return left
    lying = tuple(ceilings)
    if _asks_to_confirm(lying, key):
        left = intersection(left, _confirmed(lying, held))
    for ceiling in lying:
        if ceiling.kept_out is not None:
            left = subtract(left, (ceiling.kept_out,)) if _keeps_out(ceiling, held, key) else left
        if ceiling.person_id is not None:
            continue
        if _closed_for_good(ceiling, held, key):
            return ()
        if ceiling.hours is not None and not is_own_side(held, ceiling):
            left = intersection(left, ceiling.hours)
    return left


def _mildest(reasons: Iterable[Reason | None]) -> Reason:
    """Of several holdings that are all closed, the reason that is soonest mended."""
    return min((reason for reason in reasons if reason), key=_HARDEST.index)


def narrowed(held: Held, limit: Limit | None) -> Held | None:
    """What a limit leaves of a holding: fewer rights, or a smaller place; None if nothing is left.

    Of two nodes one is above the other or they have nothing in common: then what is left is the lower
    one.
    """
    if limit is None:
        return held
    rights = held.rights if limit.rights is None else held.rights & limit.rights
    if limit.place is None or _at_or_above(limit.place, held.place):
        place = held.place
    elif _at_or_above(held.place, limit.place):
        place = limit.place
    else:
        return None
    return replace(held, place=place, rights=rights) if rights else None


def longest(held: Iterable[Held]) -> Held:
    """The one that lasts longest; of these the one with the lowest id. Raises ValueError if there is none."""
    return min(held, key=lambda each: (_NEVER_ENDS - _end(each), each.grant_id, each.interval.begins_at))


def of_one_person(held: Iterable[Held]) -> tuple[Held, ...]:
    """The same, in the hand. Raises ValueError if they are of two persons: these never add up."""
    together = tuple(held)
    if len({each.person_id for each in together}) > 1:
        raise ValueError("grants of two persons were mixed")
    return together


def _end(held: Held) -> datetime:
    return _NEVER_ENDS if held.interval.ends_at is None else held.interval.ends_at


def _reached(held: Held, place: Place) -> bool:
    return reaches(held.place.kind, held.place.id, place)


def _at_or_above(upper: Place, lower: Place) -> bool:
    return reaches(upper.kind, upper.id, lower)


def _way(place: Place) -> tuple[int | None, ...]:
    """The node, and those above it."""
    return (place.id, place.customer_id, place.reseller_id)
