"""Who may do what: owners, staff, supporters with and without an end, people who only look, open invitations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time, timedelta
from itertools import cycle

from furka.access.windows import WeeklyWindow
from furka.people.models import Person
from furka.tree.grants import EndedBecause, Grant, Relation
from furka.tree.models import Node
from furka.world.ground import Ground
from furka.world.letting_in import Access, LettingIn
from furka.world.levels import Levels
from furka.world.persons import Persons

#: So many grants the supporter holds whom one can try the portal with.
MANY = 25

_OFFICE = WeeklyWindow(frozenset(range(5)), time(7), time(18))
_NIGHTS = WeeklyWindow(frozenset(range(7)), time(22), time(5))
_REASONS = ("Störung der Heizung", "Inbetriebnahme", "Wartungsvertrag", "Optimierung", "")

#: Windows are expanded for some weeks ahead: what began earlier would have been expanded again since.
_WINDOWS_BEGAN = timedelta(days=4)


@dataclass(slots=True)
class _Scene:
    """What is known while people are let in."""

    ground: Ground
    levels: Levels
    persons: Persons
    crowd: Iterator[Person]
    letting: LettingIn
    owners: dict[int, Person] = field(default_factory=dict)  # by node

    def host(self, node: Node) -> Person:
        """Who owns what lies closest above a node."""
        return self.owners[node.customer_id or node.reseller_id or node.pk]

    def accepted(self, node: Node, someone: Person, access: Access) -> None:
        """Somebody was let in by the owner."""
        self.letting.accepted(node, someone, self.host(node), access)


def make_access(ground: Ground, levels: Levels, persons: Persons) -> dict[int, list[Grant]]:
    """Write all grants; returns the live ones by person."""
    ground.tell("owners, staff, supporters, invitations")
    scene = _Scene(ground, levels, persons, cycle(persons.others), LettingIn(ground))
    _owners_of_resellers(scene)
    _owners_of_customers(scene)
    _staff(scene)
    _supporters(scene)
    _lookers(scene)
    _open_invitations(scene)
    scene.letting.store()
    ground.tell("access that was passed on")
    _passed_on(scene)
    scene.letting.store()
    return scene.letting.held


def _owners_of_resellers(scene: _Scene) -> None:
    for number, reseller in enumerate(scene.levels.resellers):
        scene.owners[reseller.pk] = scene.persons.large if number == 0 else next(scene.crowd)
        scene.letting.opened(reseller, scene.owners[reseller.pk])


def _owners_of_customers(scene: _Scene) -> None:
    """Most have an owner of their own; some people own several."""
    small, owner = _small_customer(scene.levels), next(scene.crowd)
    for customer in scene.levels.customers:
        if customer.pk == small.pk:
            scene.owners[customer.pk] = scene.persons.small
        else:
            owner = next(scene.crowd) if scene.ground.draw.happens(0.9) else owner
            scene.owners[customer.pk] = owner
        if customer.reseller_id is None:
            scene.letting.opened(customer, scene.owners[customer.pk])
        else:
            access = Access("owner", Relation.STAFF, depth=None, since=customer.created_at)
            host = scene.owners[customer.reseller_id]
            scene.letting.accepted(customer, scene.owners[customer.pk], host, access)


def _small_customer(levels: Levels) -> Node:
    numbers = defaultdict[int | None, int](int)
    for site in levels.sites:
        numbers[site.customer_id] += 1
    under_resellers = (customer for customer in levels.customers if customer.reseller_id)
    return next((each for each in under_resellers if 2 <= numbers[each.pk] <= 5), levels.customers[0])


def _staff(scene: _Scene) -> None:
    draw = scene.ground.draw
    for rank, reseller in enumerate(scene.levels.resellers):
        for _ in range(max(2, 60 // (rank + 1))):
            lead = draw.happens(0.2)
            role = "owner" if lead else draw.one_of(("technician", "technician", "viewer"))
            access = Access(role, Relation.STAFF, depth=1 if lead else 0)
            scene.accepted(reseller, next(scene.crowd), access)
    for customer in scene.levels.customers:
        if draw.happens(0.4):
            role = draw.one_of(("technician", "viewer"))
            scene.accepted(customer, next(scene.crowd), Access(role, Relation.STAFF))


def _supporters(scene: _Scene) -> None:
    draw, levels = scene.ground.draw, scene.levels
    for site in draw.some_of(levels.sites, MANY):
        scene.accepted(site, scene.persons.supporter, Access("supporter", reason=_REASONS[2]))
    for _ in range(scene.ground.size.people // 4):
        someone = next(scene.crowd)
        for _ in range(draw.few(1.5, 30)):
            node = draw.one_of(levels.customers if draw.happens(0.15) else levels.sites)
            scene.accepted(node, someone, _of_a_supporter(scene.ground))


def _of_a_supporter(ground: Ground) -> Access:
    draw = ground.draw
    role, reason = draw.one_of(("supporter", "supporter", "technician")), draw.one_of(_REASONS)
    if draw.happens(0.15):
        windows = (_OFFICE if draw.happens(0.8) else _NIGHTS,)
        since = draw.before(ground.at, _WINDOWS_BEGAN)
        return Access(role, reason=reason, windows=windows, since=since)
    if draw.happens(0.3):
        soon = draw.happens(0.3)
        return Access(role, reason=reason, until=draw.after(ground.at, timedelta(days=7 if soon else 180)))
    if draw.happens(0.15):
        over = draw.one_of((EndedBecause.REVOKED, EndedBecause.EXPIRED))
        return Access(role, reason=reason, over=over)
    return Access(role, reason=reason)


def _lookers(scene: _Scene) -> None:
    """The rest of the people: each looks at one site."""
    for someone in scene.persons.others:
        if someone.pk not in scene.letting.busy:
            scene.accepted(scene.ground.draw.one_of(scene.levels.sites), someone, Access("viewer"))


def _open_invitations(scene: _Scene) -> None:
    for number in range(max(2, scene.ground.size.people // 50)):
        node = scene.ground.draw.one_of(scene.levels.sites)
        email = f"invited-{scene.ground.seed}-{number}@example.org"
        scene.letting.invited(node, email, scene.host(node), Access("supporter"))


def _passed_on(scene: _Scene) -> None:
    """What those have granted who may pass on, but do not own: it falls with what they hold."""
    ground, below = scene.ground, defaultdict[int | None, list[Node]](list)
    for site in scene.levels.sites:
        below[site.reseller_id].append(site)
    for lead in [grant for held in scene.letting.held.values() for grant in held if grant.depth == 1]:
        if not below[lead.node_id] or lead.person is None:
            continue
        site = ground.draw.one_of(below[lead.node_id])
        since = ground.draw.before(ground.at, ground.at - max(lead.begun_at, site.created_at))
        access = Access("supporter", since=since, source_series=lead.series)
        scene.letting.accepted(site, next(scene.crowd), lead.person, access)
