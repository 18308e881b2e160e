"""From requests that were approved and not begun to what the plan listens for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from furka.access.facts import Place
from furka.access.policy import reaches
from furka.access.rights import Right
from furka.access.windows import Interval
from furka.plan.world import Yes
from furka.tree.requests import AccessRequest, Stage

_REASON = "the plan is compiled for everybody"


def unused_yeses(persons: Iterable[int], at: datetime) -> dict[int, list[AccessRequest]]:
    """The approvals that can still be used, by person."""
    rows = AccessRequest.objects.everything(_REASON).filter(
        person__in=list(persons), stage=Stage.APPROVED, use_until__gt=at
    )
    found: dict[int, list[AccessRequest]] = defaultdict(list)
    for row in rows.select_related("node").order_by("pk"):
        found[row.person_id].append(row)
    return found


def yeses_at(rows: Iterable[AccessRequest], right: Right, place: Place) -> tuple[Yes, ...]:
    """Those of them that lead into a place by a right, and when a first packet there begins them."""
    found = []
    for row in rows:
        begins, ends = row.wanted_from or row.answered_at, row.use_until
        leads_there = right.key in row.rights and reaches(row.node.place.kind, row.node_id, place)
        if leads_there and begins is not None and ends is not None and begins < ends:
            found.append(Yes(row.key, Interval(begins, ends)))
    return tuple(found)
