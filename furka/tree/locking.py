"""Locks on rows of levels, taken in one order, before anything is read that a change of the tree follows from."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from furka.errors import Conflict, NotThere
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

_REASON = "rows are locked for a change that was decided on them, or will be"


def lock(ids: Iterable[int | None]) -> dict[int, Node]:
    """The rows of these levels as they are now, locked until the commit; deleted ones too.

    Rows may refer to a locked level meanwhile, but nobody moves, archives or deletes it.
    """
    wanted = {id_ for id_ in ids if id_ is not None}
    rows = Node.objects.everything(_REASON).select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk__in=wanted).select_related("parent", "reseller", "customer").order_by("pk")
    return {row.pk: row for row in found}


def lock_to_build_on(parent: Node) -> Node:
    """A level on which something new is to hang, locked. Raises NotThere if it was deleted, Conflict if archived."""
    if parent.kind == Kind.OPERATOR:
        return parent  # it never moves; nobody has to wait for others who begin
    row = lock([parent.pk]).get(parent.pk)
    if row is None or row.deleted_at is not None:
        raise NotThere("not-there", sentence("not-visible"))
    if row.archived_at is not None:
        raise archived()
    return row


def archived() -> Conflict:
    """The sentence for whoever wants to build on an archived level."""
    return Conflict("archived", _("This level is archived. Take it back from the archive first."))
