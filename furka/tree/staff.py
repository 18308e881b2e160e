"""Operators: nobody is all-powerful for good; who runs the installation opens a session with a reason and an end."""

from __future__ import annotations

from datetime import datetime, timedelta

from furka.access.roles import rights_of
from furka.people.models import Person
from furka.tree import intervals
from furka.tree.grants import Grant, Relation, State
from furka.tree.operation import Work, own_operation
from furka.tree.queries import operator

SESSION_LASTS = timedelta(hours=8)


@own_operation("only who runs the installation can call this, on its machine")
def open_operator_session(work: Work, person: Person, reason: str) -> datetime:
    """All rights everywhere, for some hours, on the record. Returns the end."""
    root, until = operator(), work.at + SESSION_LASTS
    grant = Grant.objects.create(
        node=root,
        state=State.ACTIVE,
        relation=Relation.STAFF,
        person=person,
        email=person.email,
        role="owner",
        rights=sorted(rights_of("owner")),
        depth=0,
        valid_from=work.at,
        valid_until=until,
        reason=reason,
        time_zone=root.time_zone,
        begun_at=work.at,
    )
    intervals.rewrite(work, grant)
    work.record(
        root, "operator.session", after={"person": person.email, "until": until.isoformat(), "reason": reason}
    )
    return until
