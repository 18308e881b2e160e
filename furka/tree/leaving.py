"""Named reads of what hangs on one person alone: looked at before an account ends."""

from __future__ import annotations

from django.db.models import Q

from furka.access.rights import PEOPLE
from furka.tree.acting import Acting
from furka.tree.grants import Grant, State
from furka.tree.models import Kind, Node

_REASON = "what would be without an owner is looked at before its owner goes"


def owned_alone(by: Acting) -> list[Node]:
    """The top-level nodes that nobody would own for good any more without the one who acts."""
    if by.person_id is None:
        return []
    lasting = Grant.objects.everything(_REASON).filter(
        depth=None,
        state=State.ACTIVE,
        ended_at=None,
        valid_from__lte=by.at,
        valid_until=None,
        node__reseller=None,
        node__customer=None,
        node__kind__in=(Kind.RESELLER, Kind.CUSTOMER),
        node__deleted_at=None,
        person__is_active=True,
        person__closing_since=None,
    )
    own = {row.node_id: row.node for row in lasting.filter(person_id=by.person_id).select_related("node")}
    others = {
        row.node_id
        for row in lasting.filter(node_id__in=own).exclude(person_id=by.person_id)
        if PEOPLE.key in row.rights and not row.windows
    }
    return sorted(
        (node for id_, node in own.items() if id_ not in others), key=lambda node: (node.name, node.pk)
    )


def falling_with_person(by: Acting) -> int:
    """How many others lose access because it was the one who acts who let them in."""
    if by.person_id is None:
        return 0
    held = Grant.objects.everything(_REASON).filter(person_id=by.person_id, ended_at=None)
    asked, wanted, people = set[str](), set(held.values_list("series", flat=True)), set[int]()
    while wanted:
        rows = Grant.objects.everything(_REASON).filter(
            Q(valid_until=None) | Q(valid_until__gt=by.at),
            source_series__in=wanted,
            ended_at=None,
            state=State.ACTIVE,
        )
        asked |= wanted
        found = list(rows.values_list("series", "person_id"))
        people |= {person_id for _series, person_id in found if person_id is not None}
        wanted = {series for series, _person in found} - asked
    return len(people - {by.person_id})
