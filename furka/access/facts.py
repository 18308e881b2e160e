"""The frozen records that the policy looks at; whoever asks it reads them from rows first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from furka.access.narrowing import NEEDS_WHOLE, WHOLE, Narrowing
from furka.access.rights import normalised
from furka.access.windows import Interval


class Kind(StrEnum):
    """What a node is. The operator stands above all resellers."""

    OPERATOR = "operator"
    RESELLER = "reseller"
    CUSTOMER = "customer"
    SITE = "site"


def _is_id(number: object) -> bool:
    return type(number) is int and number > 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands in the tree: itself and its ancestors, as its row holds them.

    Ids are unique over all kinds (one table). The `reseller_id` of a reseller and the `customer_id` of a
    customer are its own id; a self-registered customer and its sites have no reseller. Raises ValueError
    for anything else.
    """

    kind: Kind
    id: int
    reseller_id: int | None = None
    customer_id: int | None = None
    archived: bool = False  # it, or a level above it, is out of service

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))
        ancestors = (self.reseller_id, self.customer_id)
        numbers = (self.id, *(number for number in ancestors if number is not None))
        if not all(map(_is_id, numbers)) or not self._stands_right():
            raise ValueError(f"no node stands like this: {self!r}")

    def _stands_right(self) -> bool:
        reseller, customer = self.reseller_id, self.customer_id
        match self.kind:
            case Kind.OPERATOR:
                return reseller is None and customer is None
            case Kind.RESELLER:
                return reseller == self.id and customer is None
            case Kind.CUSTOMER:
                return customer == self.id and reseller != self.id
            case Kind.SITE:
                has_parent = reseller is not None or customer is not None
                return has_parent and self.id not in (reseller, customer) and reseller != customer
        assert_never(self.kind)


@dataclass(frozen=True, slots=True)
class Held:
    """One interval of one grant that a person holds on a node, with the rights that are in force.

    It is what is left after the grant's source and the owner's limits took their share. `depth` says how
    many more times it may be passed on (None: without end). Rights are normalised: any right brings LOOK; what is
    narrowed to a part of sites brings none that counts on whole levels only.
    """

    grant_id: int
    grant_key: str
    person_id: int
    place: Place
    rights: frozenset[str]
    interval: Interval
    role: str = ""
    depth: int | None = 0
    source_id: int | None = None
    staff: bool = False  # the level's own people, not somebody whom it let in
    approved: bool = False  # the owner's side said yes to exactly this
    strong: bool = False  # the person logs in with a second factor
    narrowing: Narrowing = WHOLE  # to which part of a site it leads

    def __post_init__(self) -> None:
        if not _is_id(self.grant_id) or not _is_id(self.person_id):
            raise ValueError("a grant and its person have ids")
        check_depth(self.depth)
        rights = normalised(self.rights)
        object.__setattr__(self, "rights", rights if self.narrowing.is_whole else rights - NEEDS_WHOLE)


@dataclass(frozen=True, slots=True)
class Limit:
    """What an API token leaves of what its person holds; None leaves all of it."""

    rights: frozenset[str] | None = None
    place: Place | None = None

    def __post_init__(self) -> None:
        if self.rights is not None:
            object.__setattr__(self, "rights", normalised(self.rights))


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What the owner of a level leaves to others there and below, at most; looking is always left.

    `rights` are the most that others may do (None: no bound), `hours` when they may do it (None: always),
    `approval` what they may do only with a yes of the owner's side to each time. `two_factor` asks everybody
    for a second factor, the owner's side included, and `confirm` are rights that count for everybody only while they
    have confirmed in the portal that they connect to the site.

    One with a `person_id` is no owner's, and is about that one person, whoever's they are: it keeps them out of
    `kept_from` in `kept_out`, or says that they have confirmed for the site in `confirmed`; nothing else.
    """

    place: Place
    rights: frozenset[str] | None = None
    hours: tuple[Interval, ...] | None = None
    approval: frozenset[str] = frozenset()
    two_factor: bool = False
    confirm: frozenset[str] = frozenset()
    person_id: int | None = None
    kept_from: frozenset[str] = frozenset()
    kept_out: Interval | None = None
    confirmed: Interval | None = None

    def __post_init__(self) -> None:
        if self.rights is not None:
            object.__setattr__(self, "rights", normalised(self.rights))
        if (self.person_id is not None) != ((self.kept_out is None) != (self.confirmed is None)):
            raise ValueError("one person is kept out for a time, or has confirmed for a time")
        if self.confirmed is not None and self.place.kind is not Kind.SITE:
            raise ValueError("one connects to sites")


def check_depth(depth: int | None) -> None:
    """Raise ValueError unless it is None or a number from 0."""
    if depth is not None and (type(depth) is not int or depth < 0):
        raise ValueError("the depth of a grant is a number from 0, or None for no end")
