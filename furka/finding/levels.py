"""What the tree itself is found by: names and references of levels, and people where somebody administers them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from furka.access.rights import PEOPLE
from furka.finding.sources import Findable, source
from furka.tree.models import Node
from furka.tree.who import people_on


@source("level", rank=0)
def levels(nodes: Collection[int]) -> Iterable[Findable]:
    """The levels themselves."""
    rows = Node.objects.everything("entries are narrowed when they are read").filter(pk__in=nodes)
    return [Findable(node.pk, node.key, node.name, texts=(node.reference,)) for node in rows]


@source("person", PEOPLE, rank=90)
def people(nodes: Collection[int]) -> Iterable[Findable]:
    """Who was let in at a level or is invited there."""
    return [
        Findable(each.node_id, each.grant_key, each.name or each.email, each.email)
        for each in people_on(nodes)
    ]
