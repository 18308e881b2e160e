"""Takes what a hub's trial of its own way found; looked at by `looking`, like everything else."""

from __future__ import annotations

from furka.status.models import HubCanary
from furka.tree.operation import Work, own_operation
from furka.tunnel.models import Hub
from furka.wire.hub import CanarySeen


@own_operation("the hub's token is the proof")
def take_canary(work: Work, hub: Hub, seen: CanarySeen) -> None:
    """A hub is believed about itself; the moment is ours, since its clock may be wrong."""
    HubCanary.objects.update_or_create(
        hub=hub,
        defaults={
            "at": work.at,
            "code": seen.code,
            "connect_ms": seen.connect_ms,
            "reach_ms": seen.reach_ms,
            "sent": seen.sent,
            "lost": seen.lost,
        },
    )
