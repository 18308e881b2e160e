"""Marks of places: three letters that nobody can type, one piece of the index each. With them a search goes through
what is below somebody's levels only, however often the same word stands elsewhere. They make it quick; what somebody
may find is decided by the guard, whatever the marks say."""

from __future__ import annotations

from furka.access.facts import Place
from furka.access.policy import Scope

#: Letters for private use, of which no name that is kept has any.
_FIRST = 0xE000
_BASE = 6000
#: More places than that are not marked in one question.
MOST = 60


def marks_of(place: Place) -> str:
    """The marks of what stands at a place: of the level itself and those above it."""
    ids = dict.fromkeys(id_ for id_ in (place.id, place.customer_id, place.reseller_id) if id_)
    return "".join(map(mark, ids))


def marks_in(scope: Scope) -> tuple[str, ...]:
    """One of these is on whatever lies in the scope; none if that is everything, or too many to name."""
    if any(stretch.everything for stretch in scope.stretches):
        return ()
    ids = {id_ for each in scope.stretches for id_ in (*each.resellers, *each.customers, *each.nodes)}
    return tuple(map(mark, sorted(ids))) if len(ids) <= MOST else ()


def mark(node_id: int) -> str:
    """The mark of one level; two may have the same, which costs time and nothing else."""
    high, low = divmod(node_id, _BASE)
    return chr(_FIRST + _BASE + 1) + chr(_FIRST + high % _BASE) + chr(_FIRST + low)
