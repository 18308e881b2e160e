"""Deleted levels are removed for good when the time to restore them is over; the journal and their places stay."""

from __future__ import annotations

from furka.tree.acting import Acting
from furka.tree.belongings import belongings
from furka.tree.lifecycle import UNDO
from furka.tree.locking import lock
from furka.tree.models import Kind, Node, NodePlacement
from furka.tree.operation import Work, own_operation
from furka.tree.queries import below

BATCH = 20

_REASON = "what was deleted long ago is removed for everybody"


def remove_overdue(by: Acting) -> int:
    """Remove what was deleted and not restored in time; each level in a transaction of its own."""
    due = Node.objects.everything(_REASON).filter(deleted_at__lte=by.at - UNDO)
    ids = due.order_by("deleted_at", "pk").values_list("pk", flat=True)[:BATCH]
    return sum(_remove(by, id_) for id_ in list(ids))


@own_operation("whoever deleted it was allowed to; the time to think again is over")
def _remove(work: Work, node_id: int) -> bool:
    node = lock([node_id]).get(node_id)
    if node is None or node.deleted_at is None or node.deleted_at > work.at - UNDO:
        return False  # it was restored meanwhile, or went with a level above it
    for each in belongings():
        if each.on_remove is not None:
            each.on_remove(node, work.at)
    work.record(node, "node.removed", before={"name": node.name})
    inside = Node.objects.everything(_REASON).filter(below(node))
    ids = list(inside.values_list("pk", flat=True))
    NodePlacement.objects.everything(_REASON).filter(node__in=ids, ended_at=None).update(ended_at=work.at)
    for kind in (Kind.SITE, Kind.CUSTOMER, Kind.RESELLER):  # nothing goes before what hangs on it
        inside.filter(kind=kind).delete()
    return True
