"""The rows of sessions: who has confirmed in the portal that they connect to a site, from when to when."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet

from furka.access import facts
from furka.access.windows import Interval
from furka.tree.guard import Owned
from furka.tree.models import Node
from furka.tree.operation import AccessTouched, Work
from furka.tree.queries import rows_below
from furka.vault import public_key_id

_TIME = "time passes for everybody"
_EVERYBODY = "who has confirmed is read wherever owners ask for it"


class Session(Owned):
    """Somebody has confirmed that they connect to a site."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=300, default="")
    with_factor = models.BooleanField(default=False)  # proven a moment before
    idle_minutes = models.PositiveIntegerField()
    begun_at = models.DateTimeField()
    ends_at = models.DateTimeField()  # at the latest
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=20, default="")

    class Meta:
        indexes = (
            models.Index(fields=["node", "person"], condition=Q(ended_at=None), name="session_running"),
            models.Index(fields=["person", "-begun_at"], name="session_of_person"),
        )

    def __str__(self) -> str:
        return f"{self.node_id} {self.begun_at}"


def confirmed(condition: Q, at: datetime) -> tuple[facts.Ceiling, ...]:
    """Who has confirmed at a moment or later, on rows with a column `node`, as the policy sees it."""
    rows = Session.objects.everything(_EVERYBODY).filter(
        Q(ended_at=None) | Q(ended_at__gt=at), condition, begun_at__lte=at, ends_at__gt=at
    )
    return tuple(
        facts.Ceiling(
            place=row.node.place,
            person_id=row.person_id,
            confirmed=Interval(row.begun_at, min(row.ended_at or row.ends_at, row.ends_at)),
        )
        for row in rows.select_related("node")
    )


def end_at(work: Work, site: Node, person_id: int, because: str) -> None:
    """Whatever session somebody has at a site ends. Part of an operation."""
    for row in live(locked().filter(node=site, person_id=person_id), work.at):
        end(work, row, because)


def end_below(work: Work, node: Node, because: str) -> None:
    """All sessions at a level and below end: what is asked for is different now. Part of an operation."""
    for row in live(locked().filter(rows_below(node)), work.at):
        end(work, row, because)


def end(work: Work, row: Session, because: str, at: datetime | None = None) -> None:
    """Part of an operation: one session ends."""
    if row.ended_at is not None:
        return
    row.ended_at = max(row.begun_at, min(at or work.at, row.ends_at))
    row.ended_by = because
    row.save(update_fields=["ended_at", "ended_by"])
    touch(work, row)
    told = {"name": str(row.person), "because": because, "reason": row.reason}
    work.record(row.node, "session.ended", at=row.ended_at, after=told)


def locked() -> QuerySet[Session]:
    """To end some of them."""
    rows = Session.objects.everything(_TIME).select_for_update(of=("self",))
    return rows.select_related("node", "node__reseller", "node__customer", "person")


def live(rows: QuerySet[Session], at: datetime) -> QuerySet[Session]:
    """Those that run."""
    return rows.filter(ended_at=None, begun_at__lte=at, ends_at__gt=at, node__deleted_at=None)


def touch(work: Work, row: Session) -> None:
    """Who may enter is different now, and open pages show it."""
    work.by.forget()
    work.touch(AccessTouched(row.person_id, row.node_id))
    work.tell_person(row.person_id, "access")
    work.tell(row.node, "session")
