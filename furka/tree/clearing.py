"""Removes levels of a sample world with all that hangs on them: nothing of it is a record of anything."""

from __future__ import annotations

from collections.abc import Collection

from furka.journal.models import Chain, Event
from furka.tree.absences import Absence
from furka.tree.grants import Grant, Invitation
from furka.tree.models import Kind, Node, NodePlacement

_REASON = "a whole sample world goes"


def clear(ids: Collection[int]) -> None:
    """Remove these nodes, their grants, places and events. Must be in a transaction, and nothing may lead there."""
    nodes = Node.objects.everything(_REASON).filter(pk__in=ids)
    keys = list(nodes.values_list("key", flat=True))
    series = Grant.objects.everything(_REASON).filter(node_id__in=ids).values_list("series", flat=True)
    Invitation.objects.filter(grant_series__in=list(series)).delete()
    NodePlacement.objects.everything(_REASON).filter(node_id__in=ids).delete()
    Absence.objects.everything(_REASON).filter(node_id__in=ids).delete()
    for kind in (Kind.SITE, Kind.CUSTOMER, Kind.RESELLER):  # from below: nothing hangs on what goes
        nodes.filter(kind=kind).delete()
    Event.objects.filter(chain__key__in=keys).delete()
    Chain.objects.filter(key__in=keys).delete()
