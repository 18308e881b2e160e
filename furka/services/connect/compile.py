"""From who may enter to doors of the hub; pure."""

from __future__ import annotations

from furka.plan.compile import compile_doors, compile_pages, compile_real
from furka.plan.entries import Entry
from furka.plan.world import VisitWorld


def compile_visit(world: VisitWorld, enabled: bool) -> tuple[Entry, ...]:
    """The doors of one person to one site, their open pages, and its real addresses; none while the service is off."""
    return (*compile_doors(world), *compile_pages(world), *compile_real(world)) if enabled else ()
