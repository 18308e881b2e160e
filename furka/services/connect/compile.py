"""From who may enter to doors of the hub; pure."""

from __future__ import annotations

from furka.plan.compile import compile_doors, compile_knocks, compile_pages
from furka.plan.entries import Entry
from furka.plan.world import VisitWorld


def compile_visit(world: VisitWorld, enabled: bool) -> tuple[Entry, ...]:
    """The doors of one person to one site, their open pages, and where their first packet is waited for; none while
    the service is off there."""
    return (*compile_doors(world), *compile_pages(world), *compile_knocks(world)) if enabled else ()
