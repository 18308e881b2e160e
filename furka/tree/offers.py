"""Offers of moves: one side offers a level or asks for one, the other accepts or declines. Rows and named reads.

The other side is named by the key of its level, or by the e-mail address of its owner, who then chooses the level.
Until it is answered neither side learns more of the other than what was said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK, STRUCTURE, Right
from furka.people.models import Person
from furka.tree.acting import Acting
from furka.tree.belongings import Hanging, hanging
from furka.tree.guard import Guarded, GuardedQuerySet
from furka.tree.models import Kind, Node
from furka.tree.moving import Effects, effects_told, giving_end
from furka.vault import public_key_id


class Side(models.TextChoices):
    """Who began: whoever has the level, or whoever wants it."""

    GIVE = "give", _("offered")
    ASK = "ask", _("asked for")


class Answer(models.TextChoices):
    """How an offer ended. That its time is over is said by its time."""

    OPEN = "open", _("open")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


class OfferQuerySet(GuardedQuerySet["MoveOffer"]):
    """Offers, for those at either end."""

    def _narrow(self, by: Acting, right: Right) -> Self:
        scope = by.scope(right)
        moving = scope.condition("node__", "node_id") & Q(node__deleted_at=None)
        receiving = scope.condition("target__", "target_id") & Q(target__deleted_at=None)
        return self.filter(Q(moving, node__isnull=False) | Q(receiving, target__isnull=False))


class MoveOffer(Guarded):
    """A level that is to move from one owner to another. What is not known yet is chosen by whoever accepts."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    side = models.CharField(max_length=4, choices=Side.choices)
    node = models.ForeignKey(Node, on_delete=models.CASCADE, null=True, related_name="+")  # what moves
    target = models.ForeignKey(Node, on_delete=models.CASCADE, null=True, related_name="+")  # where to
    email = models.EmailField(default="")  # of whoever is to answer; "": whoever administers the level named
    message = models.CharField(max_length=500, default="")
    keep_staff = models.BooleanField(default=True)  # what the asking side said; the giving side is not asked
    keep_supporters = models.BooleanField(default=False)
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    begun_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, default=Answer.OPEN)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)

    objects = models.Manager.from_queryset(OfferQuerySet)()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(side=Side.GIVE, node__isnull=False) | Q(side=Side.ASK, target__isnull=False),
                name="offer_has_its_own_end",
            ),
            models.CheckConstraint(
                condition=~Q(email="") | Q(node__isnull=False, target__isnull=False),
                name="offer_says_to_whom",
            ),
        )
        indexes = (
            models.Index(fields=["node"], name="open_offer_of_node", condition=Q(answer="open")),
            models.Index(fields=["target"], name="open_offer_to_node", condition=Q(answer="open")),
            models.Index(fields=["email"], name="open_offer_to_email", condition=Q(answer="open")),
        )

    def __str__(self) -> str:
        return f"{self.side} {self.node_id} → {self.target_id or self.email}"

    @property
    def own_end(self) -> Node:
        """The level of whoever began."""
        if self.side == Side.GIVE:
            assert self.node is not None
            return giving_end(self.node)
        assert self.target is not None
        return self.target

    @property
    def other_end(self) -> Node | None:
        """The level of whoever is to answer, if it was named."""
        if self.side == Side.GIVE:
            return self.target
        return giving_end(self.node) if self.node is not None else None


_REASON = "whoever administers either end, or was written to, may read an offer"


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer as one person sees it. `mine`: they can withdraw it; `to_answer`: they can accept or decline."""

    key: str
    side: str
    state: str  # open, expired, accepted, declined, withdrawn
    node: Node | None  # what moves, as far as it may be told
    target: Node | None
    to: str  # in words: the name of the other level, or the address
    message: str
    begun_by: str
    begun_at: datetime
    expires_at: datetime
    mine: bool
    to_answer: bool


def offers_around(by: Acting, node: Node, most: int) -> list[OfferView]:
    """Open offers that concern a level or one below it, at either end; for whoever may change the tree there."""
    return _offers_around(by, node, most, _email(by))


def _offers_around(by: Acting, node: Node, most: int, email: str) -> list[OfferView]:
    if not by.may(STRUCTURE, node.place):
        return []
    rows = _open(MoveOffer.objects.visible_to(by, STRUCTURE), by.at)
    if node.kind != Kind.OPERATOR:
        rows = rows.filter(_near("node", node) | _near("target", node))
    views = _all_seen(by, rows.order_by("expires_at", "id")[:most], email)
    return [view for view in views if view.mine or view.to_answer]


def offers_concerning(by: Acting, node: Node, most: int) -> list[OfferView]:
    """Open offers to one's own address, and those around a level; each once."""
    email = _email(by)
    found = (*_offers_to(by, email), *_offers_around(by, node, most, email))
    return list({view.key: view for view in found}.values())


def offers_for(by: Acting) -> list[OfferView]:
    """Open offers to the confirmed address of the one who acts."""
    return _offers_to(by, _email(by))


def _offers_to(by: Acting, email: str) -> list[OfferView]:
    if not email:
        return []
    rows = _open(MoveOffer.objects.everything(_REASON), by.at).filter(email=email)
    return _all_seen(by, rows.order_by("expires_at", "id")[:20], email)


def offer_of_key(by: Acting, key: str) -> OfferView | None:
    """One offer, answered or not, for either side."""
    row = _rows(MoveOffer.objects.everything(_REASON)).filter(key=key).first()
    view = _seen(by, row, _email(by)) if row is not None else None
    if row is None or view is None:
        return None
    return view if view.mine or view.to_answer or _may_read(by, row) else None


@dataclass(frozen=True, slots=True)
class Coming:
    """What comes with a level that is offered or asked for, and what changes for whom."""

    hanging: list[Hanging]
    effects: Effects


def coming_with(by: Acting, view: OfferView) -> Coming | None:
    """What comes with the level of an offer, for whoever was offered it or has it; None while it is not known."""
    node = view.node
    if node is None or not (view.to_answer or by.may(STRUCTURE, node.place)):
        return None
    target = view.target if view.target is not None and by.may(LOOK, view.target.place) else None
    comes = [each for each in hanging(node, by.at) if each.key != "offers"]  # this very one
    return Coming(comes, effects_told(by, node, target))


def receivers(by: Acting, kind: Kind, most: int) -> list[Node]:
    """Levels of the one who acts that a customer or a site could move to."""
    kinds = (Kind.RESELLER,) if kind == Kind.CUSTOMER else (Kind.RESELLER, Kind.CUSTOMER)
    rows = Node.objects.visible_to(by, STRUCTURE).filter(kind__in=kinds, archived_at=None)
    return list(rows.select_related("reseller").order_by("kind", "name", "id")[:most])


def givable(by: Acting, target: Node, most: int) -> list[Node]:
    """Levels that the one who acts could give to whoever asks: customers of their own that stand alone, and sites."""
    rows = Node.objects.visible_to(by, STRUCTURE).exclude(pk=target.pk)
    alone = Q(kind=Kind.CUSTOMER, reseller=None)
    wanted = alone | Q(kind=Kind.SITE) if target.kind == Kind.RESELLER else Q(kind=Kind.SITE)
    return list(rows.filter(wanted).order_by("kind", "name", "id")[:most])


def _all_seen(by: Acting, rows: Iterable[MoveOffer], email: str) -> list[OfferView]:
    found = list(rows)
    by.foresee(end.place for row in found for end in (row.own_end, row.other_end) if end is not None)
    return [_seen(by, row, email) for row in found]


def _seen(by: Acting, row: MoveOffer, email: str) -> OfferView:
    is_open = row.answer == Answer.OPEN and row.expires_at > by.at
    mine = by.may(STRUCTURE, row.own_end.place)
    other = row.other_end
    addressed = bool(row.email) and row.email == email
    to_answer = addressed or (not row.email and other is not None and by.may(STRUCTURE, other.place))
    # Whoever only knew a key does not learn the name behind it before somebody there accepts.
    shows_other = to_answer or row.answer == Answer.ACCEPTED
    hidden = not shows_other and other is not None and not by.may(LOOK, other.place)
    node = None if hidden and row.side == Side.ASK else row.node
    target = None if hidden and row.side == Side.GIVE else row.target
    other_row = row.target if row.side == Side.GIVE else row.node
    to = row.email or (other_row.key if hidden and other_row else str(other_row or ""))
    state = "expired" if row.answer == Answer.OPEN and not is_open else row.answer
    return OfferView(
        key=row.key,
        side=row.side,
        state=state,
        node=node,
        target=target,
        to=to,
        message=row.message,
        begun_by=str(row.begun_by) if row.begun_by else "",
        begun_at=row.begun_at,
        expires_at=row.expires_at,
        mine=mine,
        to_answer=to_answer and not (mine and not row.email and other == row.own_end),
    )


def _may_read(by: Acting, row: MoveOffer) -> bool:
    ends = [level for level in (row.node, row.target) if level is not None]
    return row.begun_by_id == by.person_id or any(by.may(STRUCTURE, level.place) for level in ends)


def _open(rows: OfferQuerySet, at: datetime) -> OfferQuerySet:
    return _rows(rows).filter(
        Q(node=None) | Q(node__deleted_at=None),
        Q(target=None) | Q(target__deleted_at=None),
        answer=Answer.OPEN,
        expires_at__gt=at,
    )


def _rows(rows: OfferQuerySet) -> OfferQuerySet:
    return rows.select_related("node__parent", "target__parent", "begun_by")


def _near(end: str, node: Node) -> Q:
    return (
        Q(**{f"{end}_id": node.pk})
        | Q(**{f"{end}__reseller_id": node.pk})
        | Q(**{f"{end}__customer_id": node.pk})
        | Q(**{f"{end}__parent_id": node.pk})
    )


def _email(by: Acting) -> str:
    if by.person_id is None or by.looks_only:
        return ""
    return Person.objects.filter(pk=by.person_id).values_list("email", flat=True).first() or ""
