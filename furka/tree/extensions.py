"""What is known about ends: who was warned, and who asked for an extension. Rows and named reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from furka.access.rights import PEOPLE
from furka.tree.acting import Acting
from furka.tree.grants import Grant, State
from furka.tree.guard import Owned
from furka.tree.models import Node
from furka.tree.queries import GrantView, rows_below, seen
from furka.vault import public_key_id

_REASON = "everybody may see what they asked for themselves"


class EndWarning(models.Model):
    """That somebody was warned of this end, so long ahead: the claim of whoever sends the mails."""

    grant_series = models.CharField(max_length=12)
    valid_until = models.DateTimeField()
    ahead_minutes = models.PositiveIntegerField()
    warned_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["grant_series", "valid_until", "ahead_minutes"], name="warned_once_of_an_end"
            ),
        )

    def __str__(self) -> str:
        return f"{self.grant_series}: {self.ahead_minutes} min"


class Outcome(models.TextChoices):
    """How a request ended. That its access is over is said by the grant."""

    OPEN = "open", _("open")
    GRANTED = "granted", _("granted")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


class ExtensionRequest(Owned):
    """Somebody asks that their access goes on: until when, and why."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    grant_series = models.CharField(max_length=12, db_index=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    wanted_until = models.DateTimeField(null=True)  # null: until revoked
    reason = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    given_until = models.DateTimeField(null=True)
    answer = models.CharField(max_length=500, default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["grant_series"], condition=Q(outcome=Outcome.OPEN), name="one_open_request_per_grant"
            ),
        )
        indexes = (models.Index(fields=["node", "outcome"], name="request_of_node"),)
        ordering = ("asked_at", "id")

    def __str__(self) -> str:
        return f"{self.grant_series}: {self.outcome}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits for its answer, with the access that it is about."""

    key: str
    grant: GrantView
    until: datetime | None
    reason: str
    asked_at: datetime


def waiting_requests(by: Acting, node: Node, most: int) -> list[Asked]:
    """Requests at a level and below that nobody has answered, the next end first; for whoever administers people."""
    return _asked(list(_waiting(by, node)[:most]), by.at)


def requests_at(by: Acting, node: Node) -> list[ExtensionRequest]:
    """The same as rows, the oldest first."""
    return list(_waiting(by, node).select_related("person"))


def _waiting(by: Acting, node: Node) -> QuerySet[ExtensionRequest]:
    rows = _live(ExtensionRequest.objects.visible_to(by, PEOPLE), by.at)
    return rows.filter(rows_below(node), outcome=Outcome.OPEN).select_related("node")


def request_of_key(by: Acting, node: Node, key: str) -> ExtensionRequest | None:
    """A request at a level, answered or not, for whoever administers people there."""
    rows = ExtensionRequest.objects.visible_to(by, PEOPLE).filter(node=node, key=key)
    return rows.select_related("node", "person", "answered_by").first()


def asked_of(request: ExtensionRequest, at: datetime) -> Asked | None:
    """A request with its access; None if that is over."""
    return next(iter(_asked([request], at)), None)


def own_requests(by: Acting) -> dict[str, ExtensionRequest]:
    """What the one who acts asked for last, by the key of the access."""
    if by.person_id is None:
        return {}
    rows = ExtensionRequest.objects.everything(_REASON).filter(person_id=by.person_id)
    return {row.grant_series: row for row in rows.order_by("asked_at", "id")}


def was_own(by: Acting, grant_key: str) -> bool:
    """Whether the one who acts holds or held that access."""
    rows = Grant.objects.everything("everybody may know what they held themselves")
    return by.person_id is not None and rows.filter(person_id=by.person_id, series=grant_key).exists()


def _live(rows: QuerySet[ExtensionRequest], at: datetime) -> QuerySet[ExtensionRequest]:
    grants = Grant.objects.everything("a request counts as long as its access").filter(
        Q(valid_until=None) | Q(valid_until__gt=at), series=OuterRef("grant_series"), ended_at=None
    )
    return rows.filter(Exists(grants))


def _asked(rows: list[ExtensionRequest], at: datetime) -> list[Asked]:
    grants = Grant.objects.everything("whoever may see the request may see its access").filter(
        Q(valid_until=None) | Q(valid_until__gt=at),
        series__in=[row.grant_series for row in rows],
        ended_at=None,
        state__in=(State.ACTIVE, State.PAUSED),
    )
    views = {row.series: seen(row, at) for row in grants.select_related("person", "granted_by", "node")}
    found = [
        Asked(row.key, views[row.grant_series], row.wanted_until, row.reason, row.asked_at)
        for row in rows
        if row.grant_series in views
    ]
    return sorted(found, key=lambda each: each.grant.valid_until or datetime.max.replace(tzinfo=at.tzinfo))
