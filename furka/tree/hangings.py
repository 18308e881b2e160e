"""What this room keeps for levels: customers and sites below, people who were let in, invitations, offers."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from furka.tree.belongings import Belonging, register
from furka.tree.grants import Grant, Invitation, State
from furka.tree.models import Kind, Node
from furka.tree.offers import Answer, MoveOffer
from furka.tree.queries import below, rows_below

_REASON = "what hangs on a level is counted for whoever may change it"


def register_all() -> None:
    """Called once, when the program starts."""
    register(Belonging("customers", lambda node, _at: _levels(node, Kind.CUSTOMER)))
    register(Belonging("sites", lambda node, _at: _levels(node, Kind.SITE)))
    register(Belonging("people", _people))
    register(Belonging("invitations", _invitations, on_remove=_forget_invitations))
    register(Belonging("offers", _offers, on_move=_withdraw_offers))


def _levels(node: Node, kind: Kind) -> int:
    rows = Node.objects.everything(_REASON).filter(below(node), kind=kind, deleted_at=None)
    return rows.exclude(pk=node.pk).count()


def _grants(node: Node, at: datetime) -> Q:
    return Q(
        Q(valid_until=None) | Q(valid_until__gt=at), rows_below(node), ended_at=None, node__deleted_at=None
    )


def _people(node: Node, at: datetime) -> int:
    rows = Grant.objects.everything(_REASON).filter(_grants(node, at)).exclude(state=State.INVITED)
    return rows.values("person_id").distinct().count()


def _invitations(node: Node, at: datetime) -> int:
    return Grant.objects.everything(_REASON).filter(_grants(node, at), state=State.INVITED).count()


def _forget_invitations(node: Node, _at: datetime) -> None:
    series = Grant.objects.everything(_REASON).filter(rows_below(node)).values("series")
    Invitation.objects.filter(grant_series__in=series).delete()


def _offers(node: Node, at: datetime) -> int:
    rows = MoveOffer.objects.everything(_REASON).filter(
        Q(node=node) | Q(target=node), answer=Answer.OPEN, expires_at__gt=at
    )
    return rows.count()


def _withdraw_offers(node: Node, at: datetime) -> None:
    """Whoever offered it no longer has it, or it is where it was asked for."""
    rows = MoveOffer.objects.everything(_REASON).filter(node=node, answer=Answer.OPEN)
    rows.update(answer=Answer.WITHDRAWN, answered_at=at)
