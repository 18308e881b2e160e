"""Named reads: what holds a text, as far as the one who acts may find it."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from furka.access.rights import LOOK, Right
from furka.finding.marks import marks_in
from furka.finding.models import Entry, Sought
from furka.finding.sources import rights, sources
from furka.tree.acting import Acting
from furka.tree.texts import folded, sort_key

#: A piece of the index has so many letters; of shorter words only the beginnings of names are looked at.
PIECE = 3
#: Shorter texts find too much.
SHORTEST = 2
_JOINED = "joined to levels that the one who acts may see"
#: More words than that nobody remembers.
MOST_WORDS = 8


def find(by: Acting, text: str, most: int, *, whats: tuple[str, ...] = ()) -> list[Entry]:
    """What holds every word of the text; best first: those whose name begins like it, levels before the rest."""
    found: list[Entry] = []
    for right in rights():
        rows = holding(by, text, right)
        if rows is None:
            return []
        if whats:
            rows = rows.filter(what__in=whats)
        begins = Case(
            When(_begins(sort_key(text)), then=Value(0)), default=Value(1), output_field=IntegerField()
        )
        ordered = rows.alias(begins=begins).order_by("begins", "rank", "sort_key", "id")
        found += ordered.select_related("node", "node__customer", "node__reseller")[:most]
    beginning = sort_key(text)
    found.sort(key=lambda row: (not row.sort_key.startswith(beginning), row.rank, row.sort_key, row.pk))
    return found[:most]


def holding(
    by: Acting, text: str, right: Right = LOOK, *, shortest: int = SHORTEST
) -> QuerySet[Entry] | None:
    """Entries that hold every word of the text and that this right lets one find; None if the text is too short."""
    return _that_hold(Entry.objects.visible_to(by, right), by, text, right, shortest)


def at_levels(by: Acting, text: str, *, shortest: int = SHORTEST) -> QuerySet[Entry] | None:
    """The same with the right to look, to be joined to levels that the one who acts may see: they narrow it, and the
    many entries of a common word need not be narrowed one by one before."""
    return _that_hold(Entry.objects.everything(_JOINED), by, text, LOOK, shortest)


def _that_hold(
    rows: QuerySet[Entry], by: Acting, text: str, right: Right, shortest: int
) -> QuerySet[Entry] | None:
    words = folded(text).split()[:MOST_WORDS]
    if not words or max(map(len, words)) < shortest:
        return None
    rows = rows.filter(needs=right.key)
    if by.scope(right).is_narrowed:
        for each in sources():
            if each.narrowed is not None:
                rows = rows.filter(~Q(what=each.what) | Q(key__in=each.narrowed(by, right).values("key")))
    long = [word for word in words if len(word) >= PIECE]
    if long:
        rows = rows.filter(text__holds=Sought(tuple(long), marks_in(by.scope(right).scope)))
    for word in words:
        if len(word) < PIECE:
            rows = rows.filter(text__contains=word) if long else rows.filter(_begins(sort_key(word)))
    return rows


def _begins(beginning: str) -> Q:
    """Names that begin so, as a range of the index."""
    return Q(sort_key__gte=beginning, sort_key__lt=beginning + "\U0010ffff")
