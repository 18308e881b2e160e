"""Access on request: what is known about requests. Rows and named reads.

Four clocks, apart from each other: how long a request stays open, by when a yes must be used, when it may begin, and
how long it lasts from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from furka.access.facts import Held
from furka.access.policy import as_if_confirmed, decide
from furka.access.rights import LOOK, PEOPLE, RIGHTS, Right
from furka.tree.acting import Acting
from furka.tree.ceilings import Ceiling
from furka.tree.grants import Grant
from furka.tree.guard import Owned
from furka.tree.models import Node
from furka.tree.queries import rows_below
from furka.vault import public_key_id

_OWN = "everybody may see what they asked for themselves"


class Stage(models.TextChoices):
    """How far a request has come."""

    OPEN = "open", _("open")
    APPROVED = "approved", _("approved")
    RUNNING = "running", _("running")
    OVER = "over", _("over")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")
    LAPSED = "lapsed", _("lapsed")  # nobody answered, or nobody used the yes in time


class AccessRequest(Owned):
    """Somebody asks to do something at a level for a while, and why."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    source_series = models.CharField(
        max_length=12
    )  # the grant under which it is asked, and with which it falls
    rights: models.JSONField[Any, Any] = models.JSONField()  # sorted list of keys
    reason = models.CharField(max_length=500)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.OPEN)
    is_emergency = models.BooleanField(default=False)
    wanted_minutes = models.PositiveIntegerField()
    wanted_from = models.DateTimeField(null=True)  # null: as soon as there is a yes
    asked_at = models.DateTimeField()
    open_until = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    answer = models.CharField(max_length=500, default="")
    given_minutes = models.PositiveIntegerField(null=True)
    use_until = models.DateTimeField(null=True)
    grant_series = models.CharField(max_length=12, default="")  # what came of it
    began_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    justification = models.CharField(max_length=1000, default="")  # of an emergency, afterwards
    justified_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["node", "person"],
                condition=Q(stage__in=["open", "approved", "running"]),
                name="one_request_at_a_time",
            ),
        )
        indexes = (
            models.Index(fields=["stage", "open_until"], name="request_by_stage"),
            models.Index(fields=["person", "asked_at"], name="request_of_person"),
        )
        ordering = ("-asked_at", "-id")

    def __str__(self) -> str:
        return f"{self.person_id} → {self.node_id} ({self.stage})"

    @property
    def waits_for_justification(self) -> bool:
        """Whether somebody entered in an emergency and has not said yet what it was."""
        return self.is_emergency and self.justified_at is None

    def stage_at(self, at: datetime) -> str:
        """The stage, also where the worker has not noted yet that time has passed."""
        ends = {Stage.OPEN: self.open_until, Stage.APPROVED: self.use_until, Stage.RUNNING: self.ends_at}
        end = ends.get(Stage(self.stage))
        if end is not None and end <= at:
            return Stage.OVER if self.stage == Stage.RUNNING else Stage.LAPSED
        return self.stage


@dataclass(frozen=True, slots=True)
class Asking:
    """Whether somebody may ask for something at a level: under which grant; and whether an emergency is an answer."""

    source: Held
    in_emergency: bool


def may_ask(by: Acting, node: Node, rights: Iterable[Right]) -> Asking | None:
    """Whether a yes would let the one who acts do this at the level now or later, and they may not do it without.

    They may have been let in for requests only, or the owner wants to be asked each time.
    """
    wanted = tuple(rights)
    if by.person_id is None or not wanted or not by.may(LOOK, node.place):
        return None
    ceilings = as_if_confirmed(by.ceilings_over(node.place))
    if all(decide(by.held, right, node.place, by.at, by.limit, ceilings).allowed for right in wanted):
        return None
    rows = Grant.objects.everything(_OWN).filter(pk__in=[held.grant_id for held in by.held])
    granted = {row.pk: row for row in rows}
    found = []
    for held in by.held:
        row = granted[held.grant_id]
        given = replace(held, rights=frozenset(row.rights) if row.on_request else held.rights, approved=True)
        if all(decide((given,), right, node.place, by.at, by.limit, ceilings).allowed for right in wanted):
            found.append(held)
    if not found:
        return None
    lasting = max(found, key=lambda held: (held.interval.ends_at is None, held.interval.ends_at or by.at))
    return Asking(lasting, _emergency_allowed(node, wanted))


def _emergency_allowed(node: Node, rights: tuple[Right, ...]) -> bool:
    """Whether every owner who wants to be asked there lets people in without in an emergency."""
    ids = [id_ for id_ in (node.pk, node.customer_id, node.reseller_id) if id_ is not None]
    rows = Ceiling.objects.everything("what an owner allows in an emergency").filter(
        node_id__in=ids, ended_at=None
    )
    asking = [row for row in rows if {right.key for right in rights} & set(row.approval)]
    return bool(asking) and all(row.emergency for row in asking)


def requests_at(by: Acting, node: Node, *, below: bool = False) -> QuerySet[AccessRequest]:
    """Requests at a level (and below), newest first, for whoever administers people there."""
    rows = AccessRequest.objects.visible_to(by, PEOPLE)
    rows = rows.filter(rows_below(node)) if below else rows.filter(node=node)
    return rows.select_related("node", "person", "answered_by").order_by("-asked_at", "-id")


def requests_open(by: Acting, node: Node, most: int) -> list[AccessRequest]:
    """Requests at a level and below that wait for an answer, the one that lapses next first."""
    rows = requests_at(by, node, below=True).filter(stage=Stage.OPEN, open_until__gt=by.at)
    return list(rows.order_by("open_until", "id")[:most])


def emergencies_at(by: Acting, node: Node, most: int) -> list[AccessRequest]:
    """Who entered in an emergency at a level and below and is still inside, or has not said yet what it was."""
    rows = requests_at(by, node, below=True).filter(is_emergency=True)
    inside = Q(stage=Stage.RUNNING, ends_at__gt=by.at)
    return list(rows.filter(inside | Q(justified_at=None))[:most])


def own_to_do(by: Acting, node: Node | None = None) -> list[AccessRequest]:
    """What the one who acts has to do about their own requests, there and below: begin by then, or justify."""
    if by.person_id is None or by.looks_only:
        return []
    rows = AccessRequest.objects.everything(_OWN).filter(person_id=by.person_id, node__deleted_at=None)
    if node is not None:
        rows = rows.filter(rows_below(node))
    begin = Q(stage=Stage.APPROVED, use_until__gt=by.at)
    justify = Q(is_emergency=True, justified_at=None, ends_at__lte=by.at)
    return list(rows.filter(begin | justify).select_related("node").order_by("asked_at", "id"))


def request_of_key(by: Acting, node: Node, key: str) -> AccessRequest | None:
    """A request at exactly this level, for whoever administers people there."""
    return requests_at(by, node).filter(key=key).first()


def own_requests(by: Acting, most: int = 50) -> list[AccessRequest]:
    """What the one who acts asked for, newest first."""
    if by.person_id is None or by.looks_only:
        return []
    rows = AccessRequest.objects.everything(_OWN).filter(person_id=by.person_id, node__deleted_at=None)
    return list(rows.select_related("node", "person", "answered_by")[:most])


def own_request(by: Acting, key: str) -> AccessRequest | None:
    """One of these."""
    if by.person_id is None or by.looks_only:
        return None
    rows = AccessRequest.objects.everything(_OWN).filter(person_id=by.person_id, key=key)
    return rows.select_related("node", "person", "answered_by").first()


def titles(request: AccessRequest) -> tuple[str, ...]:
    """What is asked for, as msgids of the rights' titles, looking left out."""
    return tuple(RIGHTS.get(key).title for key in request.rights if key != LOOK.key)
