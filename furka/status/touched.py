"""Which sites an incident touches, as far as somebody may see them. Nothing else of anybody's is ever named here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from furka.access.rights import LOOK
from furka.people.models import Person
from furka.sites.models import Gateway
from furka.status.models import Component, Incident
from furka.tree.acting import Acting
from furka.tree.holdings import of_person
from furka.tree.models import Node
from furka.tree.queries import rows_below

#: So many sites are named.
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Touched:
    """Sites behind hubs that are not well."""

    number: int
    named: list[Node]

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.number - len(self.named)


NONE = Touched(0, [])


def touched_sites(by: Acting, level: Node | None, hubs: Collection[int]) -> Touched:
    """Sites at a level and below (or anywhere) whose gateway is at one of these hubs; two queries at most."""
    if not hubs:
        return NONE
    rows = Gateway.objects.visible_to(by, LOOK).filter(
        hub_id__in=hubs, released_at=None, node__archived_at=None, node__deleted_at=None
    )
    if level is not None:
        rows = rows.filter(rows_below(level))
    named = list(rows.select_related("node").order_by("node__sort_key", "node_id")[:MOST_NAMED])
    return Touched(rows.count(), [row.node for row in named])


def hubs_of(components: Collection[Component]) -> set[int]:
    """The hubs whose parts these are."""
    return {each.hub_id for each in components if each.hub_id is not None}


def touches(person: Person, incident: Incident, at: datetime) -> bool:
    """Whether a person has to do with it: of a hub's incident with a site there, of any other with any level at all."""
    by = of_person(person, at, "program")
    components = [part.component for part in incident.parts.select_related("component")]
    hubs = hubs_of(components)
    if any(each.hub_id is None for each in components) or not components:
        return bool(by.held)
    return bool(touched_sites(by, None, hubs).number)
