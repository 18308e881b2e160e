"""Named reads for the list of those who may enter a level: searched, filtered, ordered, also of levels below."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from furka.access.rights import PEOPLE
from furka.tree.acting import Acting
from furka.tree.grants import Grant, Relation, State
from furka.tree.models import Node
from furka.tree.queries import rows_below

#: What one can ask for: those whose access runs, ends soon, begins later, is paused.
STATES = ("active", "ends", "upcoming", "paused")

#: An access that ends within this time ends soon.
SOON = timedelta(days=1)

#: Later than every end there is; a list is ordered by something that is never empty.
_FAR = datetime(9999, 1, 1, tzinfo=UTC)


def supporters(
    by: Acting, node: Node, *, below: bool = False, text: str = "", state: str = "", relation: str = ""
) -> QuerySet[Grant]:
    """Who holds something on exactly this level, or with `below` also further down, for whoever administers people.

    Those without an end come last; `rank` puts supporters first, then users of a site, then staff.
    """
    rows = Grant.objects.visible_to(by, PEOPLE).filter(
        Q(valid_until=None) | Q(valid_until__gt=by.at),
        rows_below(node) if below else Q(node=node),
        ended_at=None,
        state__in=(State.ACTIVE, State.PAUSED),
    )
    match state:
        case "active":
            rows = rows.filter(state=State.ACTIVE, valid_from__lte=by.at)
        case "ends":
            rows = rows.filter(state=State.ACTIVE, valid_until__lte=by.at + SOON)
        case "upcoming":
            rows = rows.filter(state=State.ACTIVE, valid_from__gt=by.at)
        case "paused":
            rows = rows.filter(state=State.PAUSED)
    if relation in Relation.values:
        rows = rows.filter(relation=relation)
    if text:
        named = Q(person__name__icontains=text) | Q(email__icontains=text) | Q(reason__icontains=text)
        rows = rows.filter(named | Q(node__name__icontains=text) if below else named)
    ranks = [
        When(relation=each, then=Value(rank))
        for rank, each in enumerate((Relation.SUPPORTER, Relation.SITE_USER, Relation.STAFF))
    ]
    return rows.annotate(
        rank=Case(*ranks, default=Value(len(ranks)), output_field=IntegerField()),
        end=Coalesce("valid_until", Value(_FAR)),
    ).select_related("person", "granted_by", "node")


def sole_owners(by: Acting, nodes: Iterable[Node]) -> set[str]:
    """The keys of grants without which nobody would own a top-level node for good any more."""
    tops = [node.pk for node in nodes if node.reseller_id is None and node.customer_id is None]
    if not tops:
        return set()
    rows = Grant.objects.visible_to(by, PEOPLE).filter(
        node__in=tops,
        depth=None,
        state=State.ACTIVE,
        ended_at=None,
        valid_from__lte=by.at,
        valid_until=None,
        person__is_active=True,
    )
    owners: dict[int, list[str]] = {}
    for row in rows:
        if PEOPLE.key in row.rights and not row.windows:
            owners.setdefault(row.node_id, []).append(row.series)
    return {keys[0] for keys in owners.values() if len(keys) == 1}
