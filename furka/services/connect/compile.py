"""From who may enter to doors of the hub; pure."""

from __future__ import annotations

from furka.plan.compile import compile_doors, compile_knocks, compile_pages, compile_real
from furka.plan.entries import Entry
from furka.plan.world import VisitWorld


def compile_visit(world: VisitWorld, enabled: bool) -> tuple[Entry, ...]:
    """The doors of one person to one site, their open pages, where their first packet is waited for, and the real
    addresses of the site; none while the service is off there."""
    if not enabled:
        return ()
    return (*compile_doors(world), *compile_pages(world), *compile_knocks(world), *compile_real(world))
