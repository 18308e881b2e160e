"""What all parts of a made-up world stand on: chance, the moment, and writing many rows at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection, models

from furka import clock
from furka.journal.chain import Happening
from furka.manyrows import insert_all
from furka.tree.models import Node
from furka.tree.operation import top_of
from furka.world.draw import Draw
from furka.world.size import Size

M = TypeVar("M", bound=models.Model)

#: So many events are linked together.
BATCH = 2_000


@dataclass(slots=True)
class Ground:
    """Handed from part to part."""

    size: Size
    draw: Draw
    at: datetime
    seed: int
    say: Callable[[str], None]
    happenings: dict[str, list[Happening]] = field(default_factory=dict)  # by chain
    _began: float = field(default_factory=clock.monotonic)

    def tell(self, what: str) -> None:
        """Say what happens now, and how long it took until here."""
        self.say(f"{clock.monotonic() - self._began:6.1f} s  {what}")

    def happened(
        self, node: Node, action: str, at: datetime, after: dict[str, Any], by: tuple[int | None, str]
    ) -> None:
        """Remember something for the journal; it is written at the end, in the order of time."""
        chain = top_of(node)
        self.happenings.setdefault(chain, []).append(
            Happening(
                chain_key=chain,
                at=at,
                action=action,
                actor_id=by[0],
                actor_name=by[1],
                via="sample",
                node_id=node.pk,
                node_key=node.key,
                node_name=node.name,
                reseller_id=node.place.reseller_id,
                customer_id=node.place.customer_id,
                after=after,
            )
        )


def write(rows: list[M]) -> list[M]:
    """Store new rows; each knows its number afterwards."""
    insert_all(rows)
    return rows


def refresh_statistics() -> None:
    """Let the database count what is in its tables now, so that it chooses the right ways to search them."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
