"""Notes that time has passed: grants that came to their end, windows that must be expanded further."""

from __future__ import annotations

from furka.tree import intervals
from furka.tree.acting import Acting
from furka.tree.grants import EndedBecause, Grant, Invitation, State
from furka.tree.operation import AccessTouched, Work, own_operation

_REASON = "the time of everybody's grants is watched"
BATCH = 200


def end_expired(by: Acting) -> int:
    """End the rows of grants whose time is over; each in a transaction of its own."""
    due = Grant.objects.everything(_REASON).filter(ended_at=None, valid_until__lte=by.at)
    series = list(due.order_by("valid_until").values_list("series", flat=True)[:BATCH])
    return sum(_end_one(by, each) for each in series)


@own_operation("time has passed; nobody has to allow that")
def _end_one(work: Work, series: str) -> bool:
    rows = Grant.objects.everything(_REASON).select_for_update(of=("self",)).select_related("node")
    grant = rows.filter(series=series, ended_at=None, valid_until__lte=work.at).first()
    if grant is None or grant.valid_until is None:
        return False  # another worker was quicker, or it was extended meanwhile
    was_invited = grant.state == State.INVITED
    grant.ended_at, grant.ended_because = grant.valid_until, EndedBecause.EXPIRED
    grant.save(update_fields=["ended_at", "ended_because"])
    Invitation.objects.filter(grant_series=series).delete()
    told = {"grant": series, "person": grant.email, "role": grant.role}
    action = "grant.invitation-expired" if was_invited else "grant.expired"
    work.record(grant.node, action, at=grant.valid_until, before=told)
    if grant.person_id is not None:
        work.touch(AccessTouched(grant.person_id, grant.node_id))
        work.tell_person(grant.person_id, "access")
    return True


def look_ahead(by: Acting) -> int:
    """Expand the windows of grants whose intervals end too soon."""
    return sum(_expand_one(by, series) for series in intervals.running_short(by.at))


@own_operation("what was granted stays as it is; only its expansion goes further")
def _expand_one(work: Work, series: str) -> bool:
    rows = Grant.objects.everything(_REASON).select_for_update(of=("self",)).select_related("node")
    grant = rows.filter(series=series, ended_at=None, state=State.ACTIVE).first()
    if grant is None:
        return False  # it was ended meanwhile
    intervals.rewrite(work, grant)
    return True
