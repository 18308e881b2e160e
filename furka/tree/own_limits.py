"""What owners leave to somebody of what they were granted: for the person who is limited, with why and from when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q

from furka.access.facts import Held, Place
from furka.access.policy import Reason, narrowed, open_intervals, owner_among, reaches
from furka.access.rights import LOOK, Right
from furka.tree.acting import Acting
from furka.tree.ceilings import Ceiling
from furka.tree.grants import Relation
from furka.tree.holdings import held_from
from furka.tree.models import Node
from furka.tree.queries import GrantView, grants_of

_WHOM = "whom a ceiling limits may read it"
#: So many levels with limits are looked at for one page; whoever reaches more is told on the level itself.
MOST_LIMITS = 200
#: So many levels at which somebody is held back stand on one page.
MOST_HELD_BACK = 30

#: Why somebody can not do at this moment what they were granted, what is soonest mended first.
WAITS_FOR = (
    Reason.UNCONFIRMED,
    Reason.TWO_FACTOR,
    Reason.APPROVAL,
    Reason.KEPT_OUT,
    Reason.CEILING_HOURS,
    Reason.CEILING,
)


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A level where somebody was granted a right and can not use it now, why, and from when they can by themselves."""

    node: Node
    reason: Reason
    opens_at: datetime | None = None


def limits_at(by: Acting, nodes: Iterable[Node]) -> dict[int, list[Ceiling]]:
    """The limits that owners set to the one who acts at each of these levels, by its id, the highest first."""
    nodes = list(nodes)
    above = {node.pk: [id_ for id_ in (node.reseller_id, node.customer_id, node.pk) if id_] for node in nodes}
    rows = _rows(Q(node_id__in={id_ for ids in above.values() for id_ in ids}))
    limiting = {row.node_id: row for row in rows if _limits_held(row, by.held)}
    return {pk: [limiting[id_] for id_ in ids if id_ in limiting] for pk, ids in above.items()}


def limits_on(by: Acting, grants: Sequence[GrantView]) -> dict[str, list[Ceiling]]:
    """The limits that lie on each of one's own grants, by its key: at its level, above and below."""
    places = [grant.node.place for grant in grants]
    ids = {id_ for place in places for id_ in (place.id, place.customer_id, place.reseller_id) if id_}
    own = {place.id for place in places}
    where = Q(node_id__in=ids) | Q(node__customer_id__in=own) | Q(node__reseller_id__in=own)
    rows = _rows(where) if grants else []
    strong = any(held.strong for held in by.held)
    found: dict[str, list[Ceiling]] = defaultdict(list)
    for grant in grants:
        for row in rows:
            free = grant.relation == Relation.STAFF and owner_among(grant.node.place, row.node.place)
            lies_on_it = _touch(grant.node.place, row.node.place)
            if lies_on_it and (not free or row.confirm or (row.two_factor and not strong)):
                found[grant.key].append(row)
    return found


def held_back(by: Acting, right: Right) -> list[HeldBack]:
    """Where the one who acts was granted a right and can not use it now, but for what an owner wants.

    The lower of the level of the grant and that of the limit is named; what is soonest mended comes first.
    """
    if by.person_id is None or by.looks_only:
        return []
    granted = [left for held in by.held if (left := narrowed(held, by.limit)) and right.key in left.rights]
    lying = {row.place for row in by.ceilings_within if row.person_id in (None, by.person_id)}
    places = {
        ceiling if reaches(held.place.kind, held.place.id, ceiling) else held.place
        for held in granted
        for ceiling in lying
        if _touch(held.place, ceiling)
    }
    by.foresee(places)
    decided = {place: by.decide(right, place).reason for place in places}
    reasons = {place.id: reason for place, reason in decided.items() if reason in WAITS_FOR}
    asking = (grant for grant in grants_of(by) if grant.on_request and grant.state == "active")
    for grant in asking:
        # Let in for requests only: nothing is in force, but there is something to ask for.
        if right.key in grant.rights and not by.may(right, grant.node.place):
            reasons.setdefault(grant.node.pk, Reason.APPROVAL)
    return _told(by, right, reasons)


def _told(by: Acting, right: Right, reasons: dict[int, Reason]) -> list[HeldBack]:
    if not reasons:
        return []
    nodes = Node.objects.visible_to(by, LOOK).filter(pk__in=reasons, archived_at=None)
    ahead = held_from(by.person_id, by.at) if by.person_id is not None else ()
    found = [
        HeldBack(node, reasons[node.pk], _opens_at(by, right, node.place, ahead))
        if reasons[node.pk] in (Reason.CEILING_HOURS, Reason.KEPT_OUT)
        else HeldBack(node, reasons[node.pk])
        for node in nodes.select_related("customer", "reseller").order_by("sort_key", "id")[:MOST_HELD_BACK]
    ]
    return sorted(found, key=lambda each: WAITS_FOR.index(each.reason))


def _opens_at(by: Acting, right: Right, place: Place, held: Collection[Held]) -> datetime | None:
    last = datetime.max.replace(tzinfo=UTC)
    times = open_intervals(held, right, place, last, by.limit, by.ceilings_over(place))
    return next((time.begins_at for time in times if time.begins_at > by.at), None)


def _rows(where: Q) -> list[Ceiling]:
    rows = Ceiling.objects.everything(_WHOM).filter(where, ended_at=None, node__deleted_at=None)
    return list(rows.select_related("node").order_by("node__sort_key", "id")[:MOST_LIMITS])


def _limits_held(row: Ceiling, held: Iterable[Held]) -> bool:
    near = [each for each in held if _touch(each.place, row.node.place)]
    free = any(each.staff and owner_among(each.place, row.node.place) for each in near)
    asks = bool(row.confirm) or (row.two_factor and not any(each.strong for each in near))
    return bool(near) and (not free or asks)


def _touch(one: Place, other: Place) -> bool:
    """Whether one of two places is the other, or stands above it."""
    return reaches(one.kind, one.id, other) or reaches(other.kind, other.id, one)
