"""Levels are put into the archive and taken back, deleted and restored: always with everything below them.

Everything below carries the same moment, so taking back takes back exactly what went with it. A deleted level is gone
for everybody at once; for some time it can be restored, then a duty of the worker removes it for good (`removal`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from furka.access.rights import STRUCTURE
from furka.errors import Conflict, Invalid, NotThere
from furka.tree import absences, notices
from furka.tree.absences import What
from furka.tree.acting import Acting
from furka.tree.belongings import belongings, hanging
from furka.tree.locking import lock
from furka.tree.models import Kind, Node
from furka.tree.operation import SubtreeTouched, Work, operation, own_operation
from furka.tree.queries import below
from furka.tree.reasons import sentence

#: So long a deleted level can be restored.
UNDO = timedelta(days=30)

_REASON = "the right was decided on the level; what is below goes with it"


@operation(STRUCTURE)
def archive(work: Work, node: Node) -> None:
    """Put a level and all below it aside: everything stays, but nobody enters its sites any more."""
    _must_not_be_root(node)
    node = _locked(node)
    if node.archived_at is not None:
        return
    _mark(node, "archived_at", None, work.at)
    absences.begin(node, What.ARCHIVED, work.at)
    work.touch(SubtreeTouched(node.pk))
    work.record(node, "node.archived", after=_numbers(node, work.at))
    notices.level_archived(work, node)


@operation(STRUCTURE)
def reopen(work: Work, node: Node) -> None:
    """Take a level back from the archive, with all that went there with it."""
    node = _locked(node)
    if node.archived_at is None:
        return
    if node.parent is not None and node.parent.archived_at is not None:
        raise Conflict(
            "archived-above", _("The level above is archived, too. Take that back from the archive.")
        )
    _mark(node, "archived_at", node.archived_at, None)
    absences.end_of_those_back(node, What.ARCHIVED, work.at)
    work.touch(SubtreeTouched(node.pk))
    work.record(node, "node.reopened")


@operation(STRUCTURE)
def delete(work: Work, node: Node, name: str) -> None:
    """Delete a level and all below it, once its name was typed. For 30 days it can be restored."""
    _must_not_be_root(node)
    if name.strip() != node.name:
        raise Invalid.at("name", "name-differs", _("Please type the name of the level exactly as it is."))
    node = _locked(node)
    numbers = _numbers(node, work.at)
    notices.level_deleted(work, node, work.at + UNDO)
    work.record(node, "node.deleted", before=numbers, after={"until": (work.at + UNDO).isoformat()})
    _mark(node, "deleted_at", None, work.at)
    absences.begin(node, What.DELETED, work.at)
    for each in belongings():
        if each.on_delete is not None:
            each.on_delete(node, work.at)
    work.touch(SubtreeTouched(node.pk))


@own_operation("the level is deleted: nobody can enter at it; the right is decided on where it was")
def restore(work: Work, key: str) -> Node:
    """Bring a deleted level back as it was, with all that was deleted with it."""
    found = deleted_levels(work.by).filter(key=key).values_list("pk", flat=True).first()
    node = lock([found]).get(found) if found is not None else None
    if node is None or node.deleted_at is None:
        raise NotThere("not-there", sentence("not-visible"))
    if node.parent is not None and node.parent.deleted_at is not None:
        raise Conflict("deleted-above", _("The level above is deleted, too. Restore that first."))
    if node.deleted_at + UNDO <= work.at:
        raise Conflict("too-late", _("The time to restore this level is over."))
    _mark(node, "deleted_at", node.deleted_at, None)
    absences.end_of_those_back(node, What.DELETED, work.at)
    if node.parent is not None and node.parent.archived_at is not None:
        _mark(node, "archived_at", None, node.parent.archived_at)
    node = Node.objects.everything(_REASON).select_related("parent", "reseller", "customer").get(pk=node.pk)
    work.touch(SubtreeTouched(node.pk))
    work.record(node, "node.restored")
    return node


def deleted_levels(by: Acting) -> QuerySet[Node]:
    """What was deleted and can still be restored by the one who acts; not what went together with a level above it."""
    rows = Node.objects.everything("deleted levels, for whoever may change the tree where they were")
    return rows.filter(
        Q(parent__deleted_at=None) | ~Q(parent__deleted_at=F("deleted_at")),
        by.scope(STRUCTURE).condition("", "id"),
        deleted_at__gt=by.at - UNDO,
    ).order_by("-deleted_at", "name", "id")


def deleted_below(by: Acting, node: Node) -> QuerySet[Node]:
    """The same below one level."""
    return deleted_levels(by).filter(below(node)).exclude(pk=node.pk)


@dataclass(frozen=True, slots=True)
class InBin:
    """A deleted level, and until when it can be restored."""

    node: Node
    deleted_at: datetime
    until: datetime


def in_bin(rows: QuerySet[Node], most: int) -> list[InBin]:
    """Deleted levels with their times."""
    found = rows.select_related("parent", "customer", "reseller")[:most]
    return [InBin(row, row.deleted_at, row.deleted_at + UNDO) for row in found if row.deleted_at is not None]


def _locked(node: Node) -> Node:
    row = lock([node.pk]).get(node.pk)
    if row is None or row.deleted_at is not None:
        raise NotThere("not-there", sentence("not-visible"))
    return row


def _mark(
    node: Node,
    column: Literal["archived_at", "deleted_at"],
    before: datetime | None,
    after: datetime | None,
) -> None:
    """Set a moment at a node and at everything below that has the one from before."""
    rows = Node.objects.everything(_REASON).filter(below(node), **{column: before})
    lock(rows.values_list("pk", flat=True))
    Node.objects.everything(_REASON).filter(below(node), **{column: before}).update(**{column: after})


def _numbers(node: Node, at: datetime) -> dict[str, Any]:
    return {each.key: each.number for each in hanging(node, at) if each.number}


def _must_not_be_root(node: Node) -> None:
    if node.kind == Kind.OPERATOR:
        raise Invalid("wrong-kind", _("The installation itself can not be put aside or deleted."))
