"""Who acts, and when: the one value that every read and every change of owned rows asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from furka.access.facts import Ceiling, Held, Limit, Place
from furka.access.narrowing import Narrowing, Spot
from furka.access.policy import (
    Decision,
    Scope,
    Stretch,
    ceilings_over,
    decide,
    decide_at,
    narrowed,
    reaches,
    scope,
)
from furka.access.rights import LOOK, Right


@dataclass(frozen=True, slots=True)
class NodeScope:
    """A scope that can narrow a query."""

    scope: Scope

    def condition(self, prefix: str, id_field: str) -> Q:
        """The condition on rows whose node's columns are reached by `prefix` and whose node's id is `id_field`."""
        return any_of(_condition(stretch, prefix, id_field) for stretch in self.scope.stretches)

    def parts(self, prefix: str, id_field: str) -> list[tuple[Narrowing, Q]]:
        """The same for each part of sites that it is narrowed to."""
        return [
            (stretch.narrowing, _condition(stretch, prefix, id_field)) for stretch in self.scope.stretches
        ]

    @property
    def is_narrowed(self) -> bool:
        """Whether somewhere only a part of a site belongs to it."""
        return not all(stretch.narrowing.is_whole for stretch in self.scope.stretches)


def any_of(conditions: Iterable[Q]) -> Q:
    """The condition on rows that meet one of these. Joined with `|` alone, one that asks for nothing would be lost."""
    found = Q(pk__in=())
    for condition in conditions:
        if not condition:
            return condition
        found |= condition
    return found


def _condition(stretch: Stretch, prefix: str, id_field: str) -> Q:
    found = Q()
    if not stretch.everything:
        found = Q(**{f"{id_field}__in": sorted(stretch.nodes)})
        if stretch.resellers:
            found |= Q(**{f"{prefix}reseller_id__in": sorted(stretch.resellers)})
        if stretch.customers:
            found |= Q(**{f"{prefix}customer_id__in": sorted(stretch.customers)})
    if stretch.in_service:
        found &= Q(**{f"{prefix}archived_at": None})
    if stretch.closed:
        closed = sorted(stretch.closed)
        for column in (id_field, f"{prefix}customer_id", f"{prefix}reseller_id"):
            found &= ~Q(**{f"{column}__in": closed})
    return found


#: Reads the ceilings that count at a moment, as far as a condition on rows with a column `node` leaves them.
ReadCeilings = Callable[[Q, datetime], tuple[Ceiling, ...]]


def no_ceilings(_condition: Q, _at: datetime) -> tuple[Ceiling, ...]:
    """For those who hold nothing."""
    return ()


def _way(place: Place) -> tuple[int, ...]:
    """The level and those above it, each once."""
    return tuple(dict.fromkeys(id_ for id_ in (place.id, place.customer_id, place.reseller_id) if id_))


class Acting:
    """A person (or a program of the installation) at one moment, with what they hold then; read once, on demand."""

    #: Somebody else looks through this person's eyes: nothing is changed, and nothing of theirs alone is shown.
    looks_only = False

    def __init__(
        self,
        person_id: int | None,
        name: str,
        at: datetime,
        via: str,
        holds: Callable[[int, datetime], tuple[Held, ...]],
        ceilings: ReadCeilings,
        limit: Limit | None = None,
        in_sample: bool = False,
    ) -> None:
        self.in_sample = in_sample  # somebody who only looks around in a sample world
        self.person_id = person_id
        self.name = name
        self.at = at
        self.via = via
        self.limit = limit
        self._read = holds
        self._read_ceilings = ceilings
        self._held: tuple[Held, ...] | None = None
        self._ceilings_over: dict[Place, tuple[Ceiling, ...]] = {}
        self._ceilings_below: tuple[Place, dict[int, list[Ceiling]]] | None = None
        self._ceilings_within: tuple[Ceiling, ...] | None = None

    @property
    def held(self) -> tuple[Held, ...]:
        """Every interval of a grant that the person holds at that moment."""
        if self._held is None:
            self._held = self._read(self.person_id, self.at) if self.person_id is not None else ()
        return self._held

    def ceilings_over(self, place: Place) -> tuple[Ceiling, ...]:
        """What owners left there to others: the ceilings of a place and of the levels above it."""
        self.foresee((place,))
        return self._ceilings_over.get(place, ())

    def foresee(self, places: Iterable[Place]) -> None:
        """Read at once what owners left at many places: for whoever will ask what may be done at each of them."""
        new = {place for place in places if place not in self._ceilings_over}
        if not new or not self.held:
            return
        if self._ceilings_below is not None:
            top, by_level = self._ceilings_below
            inside = {place for place in new if reaches(top.kind, top.id, place)}
            self._ceilings_over |= {
                place: tuple(each for id_ in _way(place) for each in by_level.get(id_, ()))
                for place in inside
            }
            new -= inside
            if not new:
                return
        ids = {id_ for place in new for id_ in _way(place)}
        read = self._read_ceilings(Q(node_id__in=ids), self.at)
        self._ceilings_over |= {place: ceilings_over(read, place) for place in new}

    def foresee_below(self, top: Place) -> None:
        """Read at once what owners left at a level, above it and everywhere below: for whoever will ask at any of so
        many places that they can not be named."""
        if not self.held:
            return
        below = Q(node__reseller_id=top.id) | Q(node__customer_id=top.id) | Q(node_id__in=_way(top))
        by_level: dict[int, list[Ceiling]] = {}
        for each in self._read_ceilings(below, self.at):
            by_level.setdefault(each.place.id, []).append(each)
        self._ceilings_below = (top, by_level)

    @property
    def ceilings_within(self) -> tuple[Ceiling, ...]:
        """The ceilings of all levels that the person may see, and of levels above those where they hold something."""
        if self._ceilings_within is None:
            places = [left.place for each in self.held if (left := narrowed(each, self.limit))]
            above = {id_ for place in places for id_ in (place.customer_id, place.reseller_id) if id_}
            seen = NodeScope(scope(self.held, LOOK, self.at, self.limit)).condition("node__", "node_id")
            self._ceilings_within = (
                self._read_ceilings(any_of((seen, Q(node_id__in=above))), self.at) if self.held else ()
            )
        return self._ceilings_within

    def forget(self) -> None:
        """Read again what is held and what owners leave: it has just changed."""
        self._held = self._ceilings_within = self._ceilings_below = None
        self._ceilings_over = {}

    def decide(self, right: Right, place: Place) -> Decision:
        """May they do this there, then?"""
        ceilings = () if right is LOOK else self.ceilings_over(place)
        return decide(self.held, right, place, self.at, self.limit, ceilings)

    def may(self, right: Right, place: Place) -> bool:
        """The same, as yes or no."""
        return self.decide(right, place).allowed

    def decide_at(self, right: Right, place: Place, spot: Spot) -> Decision:
        """May they do this with a device there, or on a port of it, then?"""
        ceilings = () if right is LOOK else self.ceilings_over(place)
        return decide_at(self.held, right, place, spot, self.at, self.limit, ceilings)

    def scope(self, right: Right) -> NodeScope:
        """Where may they do this, then?"""
        ceilings = () if right is LOOK else self.ceilings_within
        return NodeScope(scope(self.held, right, self.at, self.limit, ceilings))
