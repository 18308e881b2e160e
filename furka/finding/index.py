"""Keeps the entries in step with what they speak of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from furka.access.facts import Kind as PlaceKind
from furka.access.facts import Place
from furka.finding.marks import marks_of
from furka.finding.models import Entry
from furka.finding.sources import Findable, Source, sources
from furka.manyrows import insert_all
from furka.tree.models import Kind, Node
from furka.tree.operation import Work
from furka.tree.texts import findable
from furka.tree.who import levels_of_person

_REASON = "entries are made for everybody and narrowed when they are read"
#: So many levels are looked at together.
AT_ONCE = 1000
#: What is compared.
_COLUMNS = ("node_id", "what", "key", "name", "detail", "text", "needs", "rank")
#: What a place is read from.
_OF_PLACE = ("kind", "reseller_id", "customer_id", "archived_at")
#: Events that change nothing that can be found, and come in numbers.
_BY_THE_WAY = ("access.",)
#: Events of levels that begin in this very transaction.
_BEGINS = frozenset(f"{kind}.created" for kind in Kind)


def settle(work: Work) -> None:
    """At the end of an operation: the levels at which something happened are looked at again."""
    nodes = {each.node_id for each in work.happenings if not each.action.startswith(_BY_THE_WAY)}
    fresh = {each.node_id for each in work.happenings if each.action in _BEGINS}
    renew(nodes - fresh)
    make(fresh)


def follow_person(person_id: int) -> None:
    """Somebody is called differently now: the levels where they were let in are looked at again."""
    renew(levels_of_person(person_id))


def renew(nodes: Iterable[int]) -> int:
    """Have the entries of these levels say what is so; returns how many were written or removed."""
    waiting, count = sorted(set(nodes)), 0
    while waiting:
        some, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        changed, moved = _renew(some)
        count += changed
        if moved:  # what hangs below stands elsewhere now, too
            below = Q(reseller_id__in=moved) | Q(customer_id__in=moved)
            waiting += Node.objects.everything(_REASON).filter(below).values_list("pk", flat=True)
    return count


def make(nodes: Iterable[int]) -> None:
    """Write the entries of levels that nobody else can know of yet: there is nothing to compare with."""
    waiting = sorted(set(nodes))
    for begin in range(0, len(waiting), AT_ONCE):
        some = waiting[begin : begin + AT_ONCE]
        insert_all(list(_wanted(some, _places(some)).values()))


def renew_all() -> int:
    """Look at every level there is."""
    return renew(Node.objects.everything(_REASON).values_list("pk", flat=True))


def renew_missing(most: int = 5000) -> int:
    """Look at levels that have no entry at all: those that did not come by an operation."""
    entries = Entry.objects.everything(_REASON).filter(node=OuterRef("pk"), what="level")
    rows = Node.objects.everything(_REASON).filter(~Exists(entries))
    return renew(rows.values_list("pk", flat=True)[:most])


def _renew(nodes: Collection[int]) -> tuple[int, list[int]]:
    """How many entries were not right, and the levels above sites that stand elsewhere than their entry said."""
    places = _places(nodes)
    wanted = _wanted(nodes, places)
    moved = []
    with transaction.atomic():
        gone = []
        for row in Entry.objects.everything(_REASON).filter(node_id__in=nodes):
            same = wanted.get((row.node_id, row.what, row.key))
            if same is None:
                gone.append(row.pk)
            elif _facts(same) == _facts(row):
                del wanted[row.node_id, row.what, row.key]
            elif row.what == "level" and _marks(row) != _marks(same):
                moved += [row.node_id] if places[row.node_id].kind is not PlaceKind.SITE else []
        if gone:
            Entry.objects.everything(_REASON).filter(pk__in=gone).delete()
        # Somebody else may have changed something at the same level at the same time: then the row is there already.
        Entry.objects.everything(_REASON).bulk_create(
            wanted.values(),
            batch_size=500,
            update_conflicts=True,
            unique_fields=("node", "what", "key"),
            update_fields=("name", "sort_key", "detail", "text", "needs", "rank"),
        )
    return len(gone) + len(wanted), moved


def _places(nodes: Collection[int]) -> dict[int, Place]:
    rows = Node.objects.everything(_REASON).filter(pk__in=nodes)
    return {node.pk: node.place for node in rows.only(*_OF_PLACE)}


def _wanted(nodes: Collection[int], places: Mapping[int, Place]) -> dict[tuple[int, str, str], Entry]:
    """The entries that there have to be."""
    return {
        (row.node_id, row.what, row.key): row
        for each in sources()
        for row in (_entry(each, found, places[found.node_id]) for found in each.read(nodes))
    }


def _entry(source: Source, found: Findable, place: Place) -> Entry:
    name, detail = found.name[:160], found.detail[:200]
    return Entry(
        node_id=found.node_id,
        what=source.what,
        key=found.key,
        name=name,
        detail=detail,
        text=f"{marks_of(place)}\n{findable(name, detail, *found.texts)}",
        needs=source.needs.key,
        rank=source.rank,
    )


def _facts(row: Entry) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in _COLUMNS)


def _marks(row: Entry) -> str:
    return str(row.text).partition("\n")[0]
