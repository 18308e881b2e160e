"""Rows of grants as changes handle them: locked from above to below, ended, followed by the next of the series."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from furka.access.policy import decide, narrowed
from furka.access.rights import PEOPLE
from furka.tree import intervals
from furka.tree.grants import EndedBecause, Grant, Invitation, State
from furka.tree.letters import tell_revoked
from furka.tree.level_roles import names_of
from furka.tree.models import Node
from furka.tree.operation import Work
from furka.tree.parts import told_part

ANY_ROW = "the decision was made on the node; the row is looked up for it"


def locked_rows() -> QuerySet[Grant]:
    """Live rows to be locked, always from above to below: a grant before those that fall with it."""
    rows = Grant.objects.everything(ANY_ROW).select_for_update(of=("self",)).filter(ended_at=None)
    return rows.select_related("node").order_by("pk")


def locked(series: str) -> Grant | None:
    """The live row of a grant. Whoever waited for another change gets the row that came of it."""
    while True:
        found = locked_rows().filter(series=series).first()
        if found is not None:
            return found
        if not Grant.objects.everything(ANY_ROW).filter(series=series, ended_at=None).exists():
            return None


def locked_after_source(series: str) -> Grant | None:
    """The live row; none if the grant that it falls with has ended, which then can't end meanwhile either."""
    rows = Grant.objects.everything(ANY_ROW).filter(series=series, ended_at=None)
    source = rows.values_list("source_series", flat=True).first()
    if source and locked(source) is None:
        return None
    return locked(series)


def locked_with_owners(grant: Grant) -> Grant | None:
    """The live row; if it is an owner's, the others stay owners until the end of the transaction."""
    if grant.depth is None:
        list(locked_rows().filter(node=grant.node, depth=None))
    return locked(grant.series)


def end_row(work: Work, grant: Grant, because: EndedBecause) -> None:
    """Close one row; what comes after it is up to the caller."""
    grant.ended_at, grant.ended_because, grant.ended_by_id = work.at, because, work.by.person_id
    grant.save(update_fields=["ended_at", "ended_because", "ended_by"])


def end_for_good(work: Work, live: Grant) -> None:
    """End a grant, and all that falls with it: nobody is shown as let in who is not."""
    invited = live.state == State.INVITED
    end_row(work, live, EndedBecause.WITHDRAWN if invited else EndedBecause.REVOKED)
    Invitation.objects.filter(grant_series=live.series).delete()
    work.record(live.node, "grant.withdrawn" if invited else "grant.revoked", before=told(live))
    for child in locked_rows().filter(source_series=live.series):
        end_for_good(work, child)
        if child.person_id != live.person_id:
            tell_revoked(child, work.by)
    intervals.rewrite(work, live)


def end_if_live(work: Work, series: str) -> None:
    """End a grant that a change of the tree has no room for; it may have ended with another one already."""
    live = locked(series)
    if live is not None:
        end_for_good(work, live)


def successor(grant: Grant, at: datetime, **changes: Any) -> Grant:
    """The next row in the life of a grant."""
    kept = {field.attname: getattr(grant, field.attname) for field in Grant._meta.concrete_fields}
    for name in ("id", "ended_at", "ended_because", "ended_by_id"):
        del kept[name]
    if "person" in changes:
        del kept["person_id"]
    return Grant.objects.create(**{**kept, "begun_at": at, **changes})


def holds_without_end(work: Work, node: Node) -> bool:
    """Whether the one who acts administers people there as an owner does."""
    left = [narrowed(held, work.by.limit) for held in work.by.held if held.depth is None]
    return decide([held for held in left if held], PEOPLE, node.place, work.at).allowed


def is_last_owner(grant: Grant, at: datetime) -> bool:
    """Whether nobody would own a top-level node for good any more without this grant."""
    if grant.node.reseller_id is not None or grant.node.customer_id is not None:
        return False
    return [owner.pk for owner in _lasting_owners(grant.node, at)] == [grant.pk]


def has_lasting_owner(node: Node, at: datetime) -> bool:
    """Whether somebody owns a level itself, without end and at all hours."""
    return bool(_lasting_owners(node, at))


def _lasting_owners(node: Node, at: datetime) -> list[Grant]:
    owners = Grant.objects.everything(ANY_ROW).filter(
        node=node,
        depth=None,
        state=State.ACTIVE,
        ended_at=None,
        valid_from__lte=at,
        valid_until=None,
        person__is_active=True,
    )
    return [owner for owner in owners if PEOPLE.key in owner.rights and not owner.windows]


def told(grant: Grant) -> dict[str, Any]:
    """The terms of a grant as the journal keeps them."""
    return {
        "grant": grant.series,
        "person": grant.email,
        "role": names_of([grant.role]).get(grant.role, grant.role),
        "rights": grant.rights,
        "from": grant.valid_from.isoformat(),
        "until": grant.valid_until.isoformat() if grant.valid_until else None,
        "windows": grant.windows,
        "reason": grant.reason,
        "relation": grant.relation,
        "depth": grant.depth,
        "on_request": grant.on_request,
        "part": told_part(grant.narrowing),
    }
