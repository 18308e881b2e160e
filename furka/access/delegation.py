"""Passing on: nobody grants a right, a node, a time or a depth that they do not hold themselves right now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from furka.access.facts import Ceiling, Held, Limit, Place, check_depth
from furka.access.narrowing import WHOLE, Narrowing
from furka.access.policy import (
    ceilings_over,
    decide,
    is_own_side,
    longest,
    narrowed,
    of_one_person,
    reaches,
)
from furka.access.rights import PEOPLE, Right, normalised
from furka.access.windows import Interval, WeeklyWindow, intersection, utc


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody wants to grant. `valid_until=None` means until revoked.

    Weekly windows only make it smaller. `depth` says how many more times the receiver may pass it on: 0
    not at all, None without end. `staff` makes them one of the level's own people. Times are not compared
    here but in `may_grant`, which has a reason for each refusal.
    """

    rights: frozenset[str]
    place: Place
    valid_from: datetime
    valid_until: datetime | None
    windows: tuple[WeeklyWindow, ...] = ()
    depth: int | None = 0
    staff: bool = False
    narrowing: Narrowing = WHOLE

    def __post_init__(self) -> None:
        check_depth(self.depth)
        object.__setattr__(self, "rights", normalised(self.rights))
        object.__setattr__(self, "valid_from", utc(self.valid_from))
        if self.valid_until is not None:
            object.__setattr__(self, "valid_until", utc(self.valid_until))


@dataclass(frozen=True, slots=True)
class Allowance:
    """Yes; and the granter's holding out of which it is given: the new grant falls when that one falls."""

    source: Held


class Excess(StrEnum):
    """In what an offer goes too far."""

    NO_RIGHTS = "no-rights"  # it grants nothing
    ENDS_BEFORE_BEGIN = "ends-before-begin"
    PAST = "past"  # it begins before now: history is not written afterwards
    NODE = "node"  # the granter sees nothing there now
    PEOPLE = "people"  # the granter may not administer people there now
    STAFF = "staff"  # a ceiling limits the granter there: whom they let in is not of the owner's side
    RIGHTS = "rights"  # no single holding of the granter has all of them; `details.rights` are missing
    PART = "part"  # none that has them leads that far: to the whole site, these devices, these ports
    TIME = "time"  # none that has them lasts that long; `details.interval` is the longest
    DEPTH = (
        "depth"  # none of these may be passed on that often; `details.depth` is the most that may be offered
    )


@dataclass(frozen=True, slots=True)
class Details:
    """What a refusal can say beyond its reason."""

    rights: frozenset[str] = frozenset()
    interval: Interval | None = None
    depth: int | None = None


class Exceeds(Exception):
    """The offer is more than the granter holds."""

    def __init__(self, reason: Excess, details: Details | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.details = details or Details()


def may_grant(
    held: Iterable[Held],
    offer: Offer,
    at: datetime,
    limit: Limit | None = None,
    ceilings: Iterable[Ceiling] = (),
) -> Allowance:
    """Whether the person who holds this may grant that now; `limit` is of the token they use. Raises Exceeds.

    The granter needs PEOPLE at the place, and one holding that is live now and has all of the rights for
    all of the time, and leads at least as far. Of several the one that lasts longest is the source, of these
    the one with the lowest id.
    """
    at, held, above = utc(at), of_one_person(held), ceilings_over(ceilings, offer.place)
    span = _span(offer, at)
    may_invite = decide(held, PEOPLE, offer.place, at, limit, above)
    if not may_invite.allowed:
        raise Exceeds(Excess.PEOPLE if may_invite.visible else Excess.NODE)
    if offer.staff and not is_of_owners(held, PEOPLE, offer.place, at, limit, above):
        raise Exceeds(Excess.STAFF)
    narrow = [(narrowed(each, limit), each) for each in held]
    live = [(left, each) for left, each in narrow if left is not None and _counts(left, offer, at)]
    sources = [each for left, each in live if offer.rights <= left.rights]
    if not sources:
        missing = (offer.rights - left.rights for left, _ in live)
        fewest = min(missing, key=lambda rights: (len(rights), sorted(rights)))
        raise Exceeds(Excess.RIGHTS, Details(rights=fewest))
    wide = [each for each in sources if offer.narrowing.may_come_of(each.narrowing)]
    if not wide:
        raise Exceeds(Excess.PART)
    lasting = [each for each in wide if each.interval.contains(span)]
    if not lasting:
        raise Exceeds(Excess.TIME, Details(interval=longest(wide).interval))
    deep = [each for each in lasting if _is_deeper(each.depth, offer.depth)]
    if not deep:
        raise Exceeds(Excess.DEPTH, Details(depth=_deepest_offer(lasting)))
    return Allowance(longest(deep))


def is_of_owners(
    held: Iterable[Held],
    right: Right,
    place: Place,
    at: datetime,
    limit: Limit | None = None,
    ceilings: Iterable[Ceiling] = (),
) -> bool:
    """Whether the person may do this there by a holding that none of these ceilings limits."""
    above = ceilings_over(ceilings, place)
    owners = [each for each in above if each.person_id is None]
    free = [each for each in held if all(is_own_side(each, ceiling) for ceiling in owners)]
    return decide(free, right, place, at, limit, above).allowed


def _span(offer: Offer, at: datetime) -> Interval:
    if not offer.rights:
        raise Exceeds(Excess.NO_RIGHTS)
    if offer.valid_until is not None and offer.valid_until <= offer.valid_from:
        raise Exceeds(Excess.ENDS_BEFORE_BEGIN)
    if offer.valid_from < at:
        raise Exceeds(Excess.PAST)
    return Interval(offer.valid_from, offer.valid_until)


def _counts(held: Held, offer: Offer, at: datetime) -> bool:
    return reaches(held.place.kind, held.place.id, offer.place) and held.interval.covers(at)


def _is_deeper(source: int | None, offered: int | None) -> bool:
    """Without end minus one is still without end."""
    return source is None or (offered is not None and offered < source)


def _deepest_offer(held: Iterable[Held]) -> int | None:
    """The most that may be offered; None if these may not be passed on at all."""
    most = max(each.depth for each in held if each.depth is not None)
    return most - 1 if most > 0 else None


class Effective(NamedTuple):
    """What of a grant is in force."""

    intervals: tuple[Interval, ...]
    rights: frozenset[str]
    narrowing: Narrowing = WHOLE


def effective(
    own_intervals: Iterable[Interval],
    own_rights: Iterable[str],
    source_intervals: Iterable[Interval],
    source_rights: Iterable[str],
    own_narrowing: Narrowing = WHOLE,
    source_narrowing: Narrowing = WHOLE,
) -> Effective:
    """What is left of a grant by its source: the times, the rights and the part that both have."""
    return Effective(
        intersection(own_intervals, source_intervals),
        normalised(own_rights) & normalised(source_rights),
        own_narrowing.shared_with(source_narrowing),
    )
