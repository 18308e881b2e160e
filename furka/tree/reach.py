"""Named reads for logins: whether somebody was let in at a level or below, by which nobody sees anything."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from furka import clock
from furka.people.models import Person
from furka.tree.grants import Grant, Relation, State
from furka.tree.guard import OwnedQuerySet
from furka.tree.models import Node
from furka.tree.queries import rows_below

_REASON = "a login asks before anybody acts"


def is_let_in_at_or_below(person: Person, node: Node) -> bool:
    """Whether somebody holds an access at a level or below that runs or will run."""
    rows = _live().filter(rows_below(node), person=person, state__in=[State.ACTIVE, State.PAUSED])
    return rows.exists()


def invited_at_or_below(email: str, node: Node) -> bool:
    """Whether an invitation to this address waits at a level or below."""
    return _live().filter(rows_below(node), email=email, state=State.INVITED).exists()


def staff_of(person: Person, nodes: Collection[Node]) -> set[int]:
    """Of these levels, by id: where somebody is staff on the level itself and does not own it."""
    rows = _live().filter(node__in=[node.pk for node in nodes], person=person, state=State.ACTIVE)
    found = list(rows.values_list("node_id", "relation", "depth"))
    owned = {node_id for node_id, _relation, depth in found if depth is None}
    return {node_id for node_id, relation, _depth in found if relation == Relation.STAFF} - owned


def _live() -> OwnedQuerySet[Grant]:
    return Grant.objects.everything(_REASON).filter(
        Q(valid_until=None) | Q(valid_until__gt=clock.now()), ended_at=None
    )
