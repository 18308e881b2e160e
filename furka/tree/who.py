"""Named reads of people around a level: who may do something there now, who owns it, who is invited, who must leave."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from furka.access.rights import LOOK, PEOPLE, Right
from furka.tree.acting import Acting
from furka.tree.grants import Grant, GrantInterval, State
from furka.tree.models import Kind, Node
from furka.tree.queries import GrantView, on_line, rows_below, seen


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody who may do something at a level now. `until` is the end of the running interval, None: until revoked."""

    person_id: int
    name: str
    email: str
    relation: str
    granted_at: Node  # the level that the access was granted on: this one or one above
    grant_key: str
    until: datetime | None


def entrants(by: Acting, node: Node, right: Right) -> list[Entrant]:
    """Everybody who may do this at the node at this moment, as the policy decides it, for whoever administers people
    there. Of several grants of a person the one that lasts longest counts."""
    if not by.may(PEOPLE, node.place):
        return []
    rows = GrantInterval.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=by.at),
        on_line(_own_and_above(node)),
        begins_at__lte=by.at,
    ).select_related("person", "grant", "node")
    found: dict[int, Entrant] = {}
    for row in rows.order_by("person__name", "person__email", "id"):
        if right.key not in row.rights or not row.person.is_active:
            continue
        other = found.get(row.person_id)
        if other is None or _later(row.ends_at, other.until):
            found[row.person_id] = Entrant(
                row.person_id,
                str(row.person),
                row.person.email,
                row.grant.relation,
                row.node,
                row.grant.series,
                row.ends_at,
            )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Owner:
    """A person who owns a level and can allow everything there."""

    name: str
    email: str
    level: Node


def owners(by: Acting, node: Node) -> list[Owner]:
    """Who owns a level or one above it, nearest first: whom to ask, for everybody who may see the level."""
    if not by.may(LOOK, node.place):
        return []
    rows = Grant.objects.everything("whom to ask is told to everybody who may see the level").filter(
        Q(valid_until=None) | Q(valid_until__gt=by.at),
        node_id__in=_own_and_above(node),
        depth=None,
        state=State.ACTIVE,
        ended_at=None,
        valid_from__lte=by.at,
        person__is_active=True,
    )
    near = {Kind.SITE: 0, Kind.CUSTOMER: 1, Kind.RESELLER: 2, Kind.OPERATOR: 3}
    chosen = sorted(
        rows.select_related("person", "node"), key=lambda row: (near[Kind(row.node.kind)], str(row.person))
    )
    return [Owner(str(row.person), row.person.email, row.node) for row in chosen if row.person is not None]


def waiting_invitations(by: Acting, node: Node, most: int) -> list[GrantView]:
    """Invitations at a level and below that nobody has answered, oldest first; for whoever administers people there."""
    rows = Grant.objects.visible_to(by, PEOPLE).filter(
        Q(valid_until=None) | Q(valid_until__gt=by.at), rows_below(node), state=State.INVITED, ended_at=None
    )
    return _views(
        rows.select_related("person", "granted_by", "node").order_by("begun_at", "id")[:most], by.at
    )


def ending_before(by: Acting, node: Node, moment: datetime, most: int) -> list[GrantView]:
    """Accesses at a level and below that end before that moment, the next one first; for whoever administers people."""
    rows = Grant.objects.visible_to(by, PEOPLE).filter(
        rows_below(node), state=State.ACTIVE, ended_at=None, valid_until__gt=by.at, valid_until__lt=moment
    )
    return _views(
        rows.select_related("person", "granted_by", "node").order_by("valid_until", "id")[:most], by.at
    )


@dataclass(frozen=True, slots=True)
class PersonOn:
    """Somebody who was let in at a level or is invited there; the name is empty until they have accepted."""

    node_id: int
    grant_key: str
    name: str
    email: str


def people_on(nodes: Collection[int]) -> list[PersonOn]:
    """Who is or will be let in at these levels, for whoever keeps what can be found there."""
    rows = Grant.objects.everything("entries are narrowed when they are read").filter(
        node_id__in=nodes, ended_at=None
    )
    return [
        PersonOn(row.node_id, row.series, row.person.name if row.person else "", row.email)
        for row in rows.select_related("person")
    ]


def levels_of_person(person_id: int) -> list[int]:
    """The levels where somebody is or will be let in, for whoever keeps what can be found there."""
    rows = Grant.objects.everything("entries are narrowed when they are read")
    return list(rows.filter(person_id=person_id, ended_at=None).values_list("node_id", flat=True))


def _views(rows: Iterable[Grant], at: datetime) -> list[GrantView]:
    return [seen(row, at) for row in rows]


def _own_and_above(node: Node) -> list[int]:
    return [id_ for id_ in (node.pk, node.customer_id, node.reseller_id) if id_ is not None]


def _later(one: datetime | None, other: datetime | None) -> bool:
    return other is not None and (one is None or one > other)
