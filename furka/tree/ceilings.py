"""The owner's ceiling: what the owner of a customer or a site leaves to others there, at most.

Like a grant, a ceiling is never overwritten: a change ends the row and begins the next one. Its weekly hours are
expanded into intervals, which decisions, lists, plan entries and kernel timeouts read alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Max, Prefetch, Q
from django.utils.translation import gettext_lazy as _

from furka.access import facts
from furka.access.delegation import is_of_owners
from furka.access.policy import is_own_side
from furka.access.rights import LOOK, PEOPLE, RIGHTS, UnknownRight, normalised
from furka.access.windows import Interval, WeeklyWindow, expand, windows_from_json, windows_to_json
from furka.errors import Conflict, Invalid, Refused
from furka.tree.acting import Acting
from furka.tree.confirmations import confirmed, end_below
from furka.tree.guard import Owned, OwnedQuerySet
from furka.tree.intervals import HORIZON, LEAST_AHEAD
from furka.tree.models import Kind, Node
from furka.tree.operation import AccessTouched, Work, operation, own_operation
from furka.tree.reasons import sentence
from furka.vault import public_key_id

#: The longest that a confirmation can count, in minutes.
LONGEST_SESSION = 24 * 60
#: What owners begin with, in minutes.
USUAL_PAUSE, USUAL_SESSION = 30, 8 * 60

_EVERYBODY = "what an owner leaves to others counts for everybody"


class OwnersCeilings(OwnedQuerySet["Ceiling"]):
    """What owners leave to others, without the rows that keep one person out."""

    def _opened(self, reason: str) -> Self:
        return super()._opened(reason).filter(person=None)


class Ceiling(Owned):
    """What others may do on a level and below, at most; and whether everybody needs a second factor there.

    A row with a person keeps this one out of `kept_from`, from `begun_at` until `ended_at`, which may lie ahead
    (`keeping_out`); the policy reads both kinds at once.
    """

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    rights: models.JSONField[Any, Any] = models.JSONField(null=True)  # sorted list of keys; null: no bound
    windows: models.JSONField[Any, Any] = models.JSONField(default=list)  # none: at all hours
    time_zone = models.CharField(max_length=40)  # of the clock that the windows are read on
    approval: models.JSONField[Any, Any] = models.JSONField(default=list)  # only with a yes to each time
    two_factor = models.BooleanField(default=False)
    emergency = models.BooleanField(default=False)  # in an emergency without a yes; alarms the owners
    confirm: models.JSONField[Any, Any] = models.JSONField(default=list)  # only in a session, for everybody
    confirm_reason = models.BooleanField(default=False)
    confirm_factor = models.BooleanField(default=False)
    idle_minutes = models.PositiveIntegerField(default=30)
    longest_minutes = models.PositiveIntegerField(default=480)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    kept_from: models.JSONField[Any, Any] = models.JSONField(default=list)  # sorted list of keys of rights

    objects = models.Manager.from_queryset(OwnersCeilings)()  # type: ignore[misc]  # narrower than that of `Owned`
    every = models.Manager.from_queryset(OwnedQuerySet)()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["node"],
                condition=Q(ended_at=None, person=None),
                name="one_live_ceiling_per_level",
            ),
        )
        indexes = (
            models.Index(fields=["node", "ended_at"], name="ceiling_of_node"),
            models.Index(
                fields=["person", "node"], condition=Q(person__isnull=False), name="kept_out_of_person"
            ),
        )

    def __str__(self) -> str:
        return f"{self.node_id}: {self.rights} {self.windows} {self.approval}"


class CeilingInterval(models.Model):
    """Hours in which a ceiling with weekly hours leaves something to others."""

    ceiling = models.ForeignKey(Ceiling, on_delete=models.CASCADE, related_name="intervals")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["ceiling", "ends_at"], name="hours_of_ceiling"),)
        ordering = ("begins_at",)

    def __str__(self) -> str:
        return f"{self.ceiling_id}: {self.begins_at} – {self.ends_at}"


@dataclass(frozen=True, slots=True)
class CeilingTerms:
    """What an owner wants to leave to others. `rights=None`: whatever they were granted; no windows: at all hours."""

    rights: Collection[str] | None = None
    windows: tuple[WeeklyWindow, ...] = ()
    approval: Collection[str] = ()
    two_factor: bool = False
    emergency: bool = False
    confirm: Collection[str] = ()  # only in a session that was confirmed in the portal, for everybody
    confirm_reason: bool = False
    confirm_factor: bool = False
    idle_minutes: int = USUAL_PAUSE
    longest_minutes: int = USUAL_SESSION

    @property
    def leaves_everything(self) -> bool:
        """Whether it limits nobody."""
        limits = self.rights is not None or self.windows or self.approval or self.two_factor or self.confirm
        return not limits


# --- Reads -----------------------------------------------------------------------------------------------------------


def ceilings_at(condition: Q, at: datetime) -> tuple[facts.Ceiling, ...]:
    """The ceilings that count at a moment, past ones too, as the policy sees them, with their hours from then on."""
    rows = _with_hours(at).filter(Q(ended_at=None) | Q(ended_at__gt=at), condition, begun_at__lte=at)
    found = tuple(_fact(row) for row in rows)
    return found + confirmed(condition, at) if any(each.confirm for each in found) else found


def ceilings_over(nodes: Iterable[Node], at: datetime) -> tuple[facts.Ceiling, ...]:
    """The ceilings that count at these nodes; one query and one for the hours."""
    ids = {id_ for node in nodes for id_ in (node.pk, node.customer_id, node.reseller_id) if id_}
    return ceilings_at(Q(node_id__in=ids), at)


def ceiling_of(by: Acting, node: Node) -> Ceiling | None:
    """The ceiling that lies on exactly this level, for everybody who may see it: whom it limits may read it."""
    rows = Ceiling.objects.visible_to(by, LOOK).filter(node=node, ended_at=None)
    return rows.select_related("set_by", "node").first()


def ceilings_limiting(by: Acting, node: Node) -> list[Ceiling]:
    """The ceilings at a level and above it that limit the one who acts, the highest first."""
    if not by.may(LOOK, node.place) or not by.ceilings_over(node.place):
        return []
    ids = [id_ for id_ in (node.reseller_id, node.customer_id, node.pk) if id_]
    rows = Ceiling.objects.everything("whom a ceiling limits may read it").filter(
        node_id__in=ids, ended_at=None
    )
    found = [row for row in rows.select_related("node", "set_by") if _limits(row, by)]
    return sorted(found, key=lambda row: ids.index(row.node_id))


def may_set(by: Acting, node: Node) -> bool:
    """Whether the one who acts is of the owner's side there and administers people."""
    return node.kind != Kind.OPERATOR and is_of_owners(
        by.held, PEOPLE, node.place, by.at, by.limit, _with_new(by, node)
    )


def _limits(row: Ceiling, by: Acting) -> bool:
    fact = _fact(row, hours=())
    free = any(is_own_side(held, fact) for held in by.held)
    return not free or bool(row.confirm) or (row.two_factor and not any(held.strong for held in by.held))


def _with_hours(at: datetime) -> Any:
    hours = CeilingInterval.objects.filter(ends_at__gt=at).order_by("begins_at")
    return (
        Ceiling.every.everything(_EVERYBODY)
        .select_related("node")
        .prefetch_related(Prefetch("intervals", queryset=hours, to_attr="hours_ahead"))
        .order_by("pk")
    )


def _fact(row: Ceiling, hours: Sequence[CeilingInterval] | None = None) -> facts.Ceiling:
    if row.person_id is not None:
        return facts.Ceiling(
            place=row.node.place,
            person_id=row.person_id,
            kept_from=frozenset(row.kept_from),
            kept_out=Interval(row.begun_at, row.ended_at),
        )
    ahead: Sequence[CeilingInterval] = row.hours_ahead if hours is None else hours  # type: ignore[attr-defined]
    return facts.Ceiling(
        place=row.node.place,
        rights=None if row.rights is None else frozenset(row.rights),
        hours=tuple(Interval(each.begins_at, each.ends_at) for each in ahead) if row.windows else None,
        approval=frozenset(row.approval),
        two_factor=row.two_factor,
        confirm=frozenset(row.confirm),
    )


def _with_new(by: Acting, node: Node) -> tuple[facts.Ceiling, ...]:
    """The ceilings there, and one on the level itself, which may not be there yet: who would be limited by it?"""
    return (*by.ceilings_over(node.place), facts.Ceiling(node.place))


# --- Changes ---------------------------------------------------------------------------------------------------------


@operation(PEOPLE)
def set_ceiling(work: Work, node: Node, terms: CeilingTerms) -> None:
    """Say what others may do here and below, at most; from now on, also for packets that already flow.

    Only the owner's own people may: a reseller can't lift what its customer set. Raises Refused; Invalid for terms
    that make no sense; Conflict if the one who sets it would lock themselves out.
    """
    terms = _checked(node, terms)
    if not may_set(work.by, node):
        raise Refused("ceiling-owner", _("Only the owner's own people may set limits for others here."))
    before = (
        Ceiling.objects.everything(_EVERYBODY).select_for_update().filter(node=node, ended_at=None).first()
    )
    if before is not None:
        if _terms_of(before) == _told(terms):
            return
        before.ended_at = work.at
        before.save(update_fields=["ended_at"])
    elif terms.leaves_everything:
        return
    if not terms.leaves_everything:
        row = Ceiling.objects.create(
            node=node, set_by_id=work.by.person_id, begun_at=work.at, time_zone=node.time_zone, **_told(terms)
        )
        _expand(row, work.at)
        _refuse_lock_out(work, row)
    work.record(
        node,
        "ceiling.lifted" if terms.leaves_everything else "ceiling.set",
        before=_in_short(_terms_of(before)) if before else None,
        after=_in_short(_told(terms)) if not terms.leaves_everything else None,
    )
    if terms.confirm and (before is None or _terms_of(before) != _told(terms)):
        end_below(work, node, "asked-anew")
    work.touch(AccessTouched(None, node.pk))


def lift_ceiling(by: Acting, node: Node) -> None:
    """Leave to others whatever they were granted."""
    set_ceiling(by, node, CeilingTerms())


def _checked(node: Node, terms: CeilingTerms) -> CeilingTerms:
    if node.kind == Kind.OPERATOR:
        raise Invalid("ceiling-kind", _("There are no limits to set here."))
    limits_others = terms.rights is not None or terms.windows or terms.approval or terms.confirm
    if node.kind == Kind.RESELLER and limits_others:
        raise Invalid("ceiling-kind", _("What others may do is limited at a customer or at a site."))
    try:
        rights = None if terms.rights is None else normalised({LOOK.key, *terms.rights})
        approval = {RIGHTS.get(key).key for key in terms.approval}
        confirm = {RIGHTS.get(key).key for key in terms.confirm} - {LOOK.key}
    except UnknownRight:
        raise Invalid.at("rights", "right-unknown", _("This right does not exist.")) from None
    if LOOK.key in approval:
        raise Invalid.at("approval", "approval-look", _("Looking needs no approval."))
    if rights is not None:
        approval &= rights
    if terms.emergency and not approval:
        raise Invalid.at(
            "emergency", "emergency-without-approval", _("Emergency access only makes sense with approval.")
        )
    if not confirm:
        return CeilingTerms(rights, terms.windows, approval, terms.two_factor, terms.emergency)
    if not 1 <= terms.idle_minutes <= terms.longest_minutes <= LONGEST_SESSION:
        text = _("Between one minute and a day; the pause is at most as long as the whole.")
        raise Invalid.at("idle_minutes", "duration-out-of-range", text)
    return replace(terms, rights=rights, approval=approval, confirm=confirm)


def _in_short(told: dict[str, Any]) -> dict[str, Any]:
    """For the journal: of sessions only where they are asked for."""
    return told if told["confirm"] else {name: told[name] for name in _LIMITS}


_LIMITS = ("rights", "windows", "approval", "two_factor", "emergency")
_SESSIONS = ("confirm", "confirm_reason", "confirm_factor", "idle_minutes", "longest_minutes")


def _told(terms: CeilingTerms) -> dict[str, Any]:
    return {
        "confirm": sorted(terms.confirm),
        "confirm_reason": terms.confirm_reason,
        "confirm_factor": terms.confirm_factor,
        "idle_minutes": terms.idle_minutes,
        "longest_minutes": terms.longest_minutes,
        "rights": None if terms.rights is None else sorted(terms.rights),
        "windows": windows_to_json(terms.windows),
        "approval": sorted(terms.approval),
        "two_factor": terms.two_factor,
        "emergency": terms.emergency,
    }


def _terms_of(row: Ceiling) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*_LIMITS, *_SESSIONS)}


def _refuse_lock_out(work: Work, row: Ceiling) -> None:
    work.by.forget()
    still = work.by.decide(PEOPLE, row.node.place)
    if not still.allowed:
        raise Conflict("ceiling-lock-out", sentence(f"lock-out-{still.reason}"))


# --- Time ------------------------------------------------------------------------------------------------------------


def _expand(row: Ceiling, at: datetime) -> None:
    """Write the hours ahead; those that have begun stay as they are."""
    windows = windows_from_json(row.windows)
    if not windows:
        return
    last = row.intervals.aggregate(last=Max("ends_at"))["last"] or at
    begin = max(last, at)
    hours = expand(windows, ZoneInfo(row.time_zone), Interval(begin, max(begin, at + HORIZON)))
    CeilingInterval.objects.bulk_create(
        CeilingInterval(ceiling=row, begins_at=each.begins_at, ends_at=each.ends_at)
        for each in hours
        if each.ends_at is not None  # what was expanded up to an end has one
    )


def look_ahead(by: Acting) -> int:
    """Expand the hours of ceilings that end too soon."""
    live = Ceiling.objects.everything(_EVERYBODY).filter(ended_at=None).exclude(windows=[])
    known = live.annotate(last=Max("intervals__ends_at"))
    short = known.filter(Q(last=None) | Q(last__lt=by.at + LEAST_AHEAD)).order_by("pk")
    return sum(_expand_one(by, key) for key in short.values_list("key", flat=True))


@own_operation("what an owner leaves to others stays as it is; only its expansion goes further")
def _expand_one(work: Work, key: str) -> bool:
    rows = Ceiling.objects.everything(_EVERYBODY).select_for_update(of=("self",)).select_related("node")
    row = rows.filter(key=key, ended_at=None).first()
    if row is None:
        return False
    _expand(row, work.at)
    work.touch(AccessTouched(None, row.node_id))
    return True
