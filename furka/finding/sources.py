"""What other rooms want to be found by: each says it once, when it starts.

    @source("device", CONFIGURE)
    def devices(nodes: Collection[int]) -> Iterable[Findable]:
        '''The devices of these levels.'''

From then on the entries of a level are compared with what its sources say at the end of every operation that left an
event there, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from furka.access.rights import LOOK, Right
from furka.tree.acting import Acting


@dataclass(frozen=True, slots=True)
class Findable:
    """Something that can be found: how it is called and where it belongs; `texts` are looked at and not shown."""

    node_id: int
    key: str
    name: str
    detail: str = ""
    texts: tuple[str, ...] = ()


Read = Callable[[Collection[int]], Iterable[Findable]]
Narrowed = Callable[[Acting, Right], "QuerySet[Any]"]


@dataclass(frozen=True, slots=True)
class Source:
    """One sort of things, the right that one needs at their level to find them, and how they are read.

    `narrowed` reads those of them, by their column `key`, that somebody may find who reaches only parts of levels.
    """

    what: str
    needs: Right
    rank: int
    read: Read
    narrowed: Narrowed | None = None


_sources: Final[dict[str, Source]] = {}


def source(
    what: str, needs: Right = LOOK, *, rank: int = 50, narrowed: Narrowed | None = None
) -> Callable[[Read], Read]:
    """Register how the things of one sort are read; those with a lower rank are shown first."""

    def register(read: Read) -> Read:
        _sources[what] = Source(what, needs, rank, read, narrowed)
        return read

    return register


def sources() -> list[Source]:
    """All of them."""
    return list(_sources.values())


def rights() -> list[Right]:
    """The rights with which something can be found."""
    return list(dict.fromkeys(each.needs for each in _sources.values()))
