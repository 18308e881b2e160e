"""What hangs on a level: each room says what it keeps for levels, how much of it there is, and what becomes of it.

Rooms above this one register themselves when the program starts; so whoever deletes a level is told everything that
hangs on it, and nothing has to be deleted in an order that people must know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from furka.tree.models import Node

#: Counts things of a sort at a level and below, at that moment.
Count = Callable[[Node, datetime], int]
#: Does what has to be done for a level and all below it, in the transaction of the change.
Follow = Callable[[Node, datetime], None]


@dataclass(frozen=True, slots=True)
class Belonging:
    """One sort of things that hang on levels. Its key is said in words by the portal (`furka.portal.belonging_words`).

    `on_delete`: the level was deleted, and may yet be restored. `on_remove`: it goes for good now; rows with a foreign
    key to it go by themselves. `on_move`: it belongs to somebody else from now on.
    """

    key: str
    count: Count
    on_delete: Follow | None = None
    on_remove: Follow | None = None
    on_move: Follow | None = None


_belongings: Final[dict[str, Belonging]] = {}


def register(belonging: Belonging) -> None:
    """Have a sort of things counted and looked after."""
    _belongings[belonging.key] = belonging


def belongings() -> Sequence[Belonging]:
    """Every sort of things that hang on levels, in the order in which rooms registered."""
    return tuple(_belongings.values())


@dataclass(frozen=True, slots=True)
class Hanging:
    """How many things of a sort hang on a level."""

    key: str
    number: int


def hanging(node: Node, at: datetime) -> list[Hanging]:
    """What hangs on a level and below; one query for each sort. Whoever asks must hold a right to change the level."""
    return [Hanging(each.key, each.count(node, at)) for each in belongings()]
