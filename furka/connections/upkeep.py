"""What becomes of connections without anybody's doing: sessions in which nothing passes end, lost ones are closed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from furka.connections.models import Connection
from furka.sites.queries import HUB_SILENT_AFTER
from furka.tree import sessions
from furka.tree.acting import Acting
from furka.tree.confirmations import Session

_EVERYBODY = "time passes for everybody"

#: Whatever runs is told of by its hub far more often than that.
LOST_AFTER = timedelta(minutes=10)
BATCH = 500


def end_idle_sessions(by: Acting) -> int:
    """End sessions that came to their end, and those in which nothing passed for as long as their owner leaves."""
    live = list(sessions.live_sessions(by.at).order_by("pk")[:BATCH])
    last = _last_used(live)
    ended = sessions.note_ends(by)
    for row in live:
        used = last.get((row.person_id, row.node_id), row.begun_at)
        idle = used is not None and max(used, row.begun_at) + timedelta(minutes=row.idle_minutes) <= by.at
        ended += idle and sessions.end_idle(by, row.key)
    return ended


def close_lost(by: Acting) -> int:
    """A hub that answers and says nothing more of a connection has lost it: it was over when it was last told of."""
    rows = Connection.objects.everything(_EVERYBODY).filter(
        ended_at=None, told_at__lt=by.at - LOST_AFTER, hub__seen_at__gte=by.at - HUB_SILENT_AFTER
    )
    found = list(rows.order_by("pk")[:BATCH])
    for row in found:
        row.ended_at, row.ended_by = row.told_at, "lost"
        row.save(update_fields=["ended_at", "ended_by"])
    return len(found)


def _last_used(live: list[Session]) -> dict[tuple[int, int], datetime | None]:
    """When something passed last for whom and where; None: it goes on."""
    if not live:
        return {}
    rows = Connection.objects.everything(_EVERYBODY).filter(
        Q(ended_at=None) | Q(ended_at__gte=min(row.begun_at for row in live)),
        node__in={row.node_id for row in live},
        person__in={row.person_id for row in live},
    )
    found: dict[tuple[int, int], datetime | None] = {}
    for person, node, ended in rows.values_list("person_id", "node_id", "ended_at"):
        before = found.get((person, node), ended)
        found[person, node] = None if before is None or ended is None else max(before, ended)
    return found
