"""Where levels stand and stood: every change of a place or a name is noted here, in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q

from furka.manyrows import insert_all
from furka.tree.models import Node, NodePlacement

_REASON = "where a level stood is noted for everybody"


def begin(node: Node, at: datetime) -> None:
    """Note where a new level stands."""
    _placement(node, at).save(force_insert=True)


def begin_all(nodes: Iterable[Node]) -> None:
    """Note where new levels stand, each since it was created."""
    insert_all([_placement(node, node.created_at) for node in nodes])


def follow(nodes: Iterable[Node], at: datetime) -> None:
    """Note where levels stand from now on. A place that began at the same moment (or, by another clock, later) is
    replaced: it never held."""
    standing = list(nodes)
    for start in range(0, len(standing), 500):
        batch = {node.pk: node for node in standing[start : start + 500]}
        rows = NodePlacement.objects.everything(_REASON).filter(node__in=batch, ended_at=None)
        for row in rows.filter(begun_at__gte=at):
            replacement = _placement(batch.pop(row.node_id), row.begun_at)
            replacement.pk = row.pk
            replacement.save(force_update=True)
        rows.filter(begun_at__lt=at).update(ended_at=at)
        insert_all([_placement(node, at) for node in batch.values()])


def placement_at(node_id: int, moment: datetime) -> NodePlacement | None:
    """Where a level stood at that moment, and what it was called; None before it began.

    Whoever asks must have got the node from a read for those who may see it.
    """
    rows = NodePlacement.objects.everything(_REASON).filter(
        Q(ended_at=None) | Q(ended_at__gt=moment), node_id=node_id, begun_at__lte=moment
    )
    return rows.first()


def standing_at(node_ids: Collection[int], moment: datetime) -> dict[int, NodePlacement]:
    """The same for many levels at once, by id; those that had not begun are missing."""
    rows = NodePlacement.objects.everything(_REASON).filter(
        Q(ended_at=None) | Q(ended_at__gt=moment), node_id__in=node_ids, begun_at__lte=moment
    )
    return {row.node_id: row for row in rows}


def placements_of(node_id: int) -> list[NodePlacement]:
    """Everywhere a level ever stood, the first place first; the same holds for whoever asks."""
    rows = NodePlacement.objects.everything(_REASON).filter(node_id=node_id)
    return list(rows.order_by("begun_at", "id"))


def _placement(node: Node, at: datetime) -> NodePlacement:
    assert node.parent_id is not None  # the root never moves, and has no name of its own
    return NodePlacement(
        node=node,
        kind=node.kind,
        name=node.name,
        parent_id=node.parent_id,
        reseller_id=node.reseller_id,
        customer_id=node.customer_id,
        begun_at=at,
    )
