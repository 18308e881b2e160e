"""Taking in a table: a file is brought, read, its columns are named, it is checked row by row, and applied as a whole.

Between the steps an import rests as a row, so that whoever began it can leave and find it again. Short tables are gone
on with at once; long ones by the worker (`carry_on`).
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from furka.access.rights import STRUCTURE
from furka.errors import Conflict, FurkaError, Invalid, NotThere
from furka.inventory import mapping as columns
from furka.inventory.checking import CHANGED, FAULTY, NEW, SAME, Known, Verdict, check_all
from furka.inventory.models import WAITING, ImportRun, ImportState
from furka.inventory.reading import LARGEST_FILE, MOST_ROWS, read_table
from furka.inventory.tables import COLUMNS
from furka.particulars.many import Notes, note_all
from furka.tree.acting import Acting
from furka.tree.holdings import of_person
from furka.tree.many import ChangedLevel, NewLevel, change_levels, create_levels
from furka.tree.models import Kind, Node
from furka.tree.operation import Work, operation
from furka.tree.reasons import sentence
from furka.tree.texts import one_line

#: So many levels that are there already an import may change.
MOST_CHANGED = 5000
#: So many imports of a level somebody may have lying around.
MOST_RUNS = 20
#: Imports are forgotten after that time.
KEPT = timedelta(days=30)
#: A program that has not come back for that long is not coming back.
_GIVEN_UP = timedelta(minutes=10)
#: What is small is gone on with at once.
SMALL_FILE = 100_000
SMALL_TABLE = 1000

_OWN = "an import belongs to whoever began it"
WHATS = (NEW, CHANGED, SAME, FAULTY)


def run_of_key(by: Acting, key: str) -> ImportRun:
    """An import of one's own at a level where one may administer the structure. Raises NotThere."""
    rows = ImportRun.objects.visible_to(by, STRUCTURE).filter(person_id=by.person_id or 0, key=key)
    found = rows.select_related("node", "node__customer", "node__reseller").first()
    if found is None:
        raise NotThere("not-there", sentence("not-visible"))
    return found


def runs_of(by: Acting, node: Node) -> list[ImportRun]:
    """One's own imports at a level, newest first."""
    rows = ImportRun.objects.visible_to(by, STRUCTURE).filter(person_id=by.person_id or 0, node=node)
    plain = rows.select_related("node").defer("packed_file", "packed_rows", "packed_verdicts")
    return list(plain.order_by("-created_at", "-pk")[:MOST_RUNS])


@operation(STRUCTURE)
def begin_import(work: Work, node: Node, file_name: str, content: bytes) -> ImportRun:
    """Bring a file. It is only looked at later."""
    if len(content) > LARGEST_FILE:
        raise Invalid.at("file", "file-too-large", _("The file is larger than 10 MB."))
    return _begun(work, node, file_name, ImportState.READING, packed_file=zlib.compress(content, 1))


@operation(STRUCTURE)
def begin_import_of_rows(work: Work, node: Node, rows: Sequence[Mapping[str, str]]) -> ImportRun:
    """Bring rows that name their columns by key; nothing has to be mapped."""
    if not 0 < len(rows) <= MOST_ROWS:
        raise Invalid.at("rows", "rows-wrong", _("Between one row and 50'000 rows."))
    keys = [column.key for column in COLUMNS]
    table = [keys, *([str(row.get(key) or "") for key in keys] for row in rows)]
    return _begun(
        work,
        node,
        "API",
        ImportState.CHECKING,
        packed_rows=_packed(table),
        row_count=len(rows),
        mapping={key: index for index, key in enumerate(keys)},
    )


def _begun(work: Work, node: Node, file_name: str, state: ImportState, **columns: Any) -> ImportRun:
    if node.kind not in (Kind.RESELLER, Kind.CUSTOMER):
        raise Invalid("wrong-level", _("Sites are imported at a reseller or at a customer."))
    old = ImportRun.objects.everything(_OWN).filter(node=node, person_id=work.acting_person_id)
    keep = old.order_by("-created_at", "-pk").values_list("pk", flat=True)[: MOST_RUNS - 1]
    old.exclude(pk__in=list(keep)).exclude(state=ImportState.APPLYING).delete()
    return ImportRun.objects.create(
        node=node,
        person_id=work.acting_person_id,
        state=state,
        file_name=one_line(file_name)[-120:] or "–",
        created_at=work.at,
        **columns,
    )


@operation(STRUCTURE)
def name_columns(work: Work, run: ImportRun, mapping: Mapping[str, object]) -> None:
    """Say which column is what; the rows are checked next."""
    del work
    if run.state not in (ImportState.MAPPING, ImportState.CHECKED):
        raise _moved_on()
    table = rows_of(run)
    run.mapping = columns.fitting(mapping, max(map(len, table), default=0))
    if "site" not in run.mapping and "customer" not in run.mapping:
        raise Invalid.at(
            "site", "column-missing", _("Please say which column names the site or the customer.")
        )
    if len(set(run.mapping.values())) != len(run.mapping):
        raise Invalid("column-twice", _("The same column was chosen twice."))
    run.state, run.packed_verdicts, run.counts, run.taken_at = ImportState.CHECKING, None, {}, None
    run.save()


@operation(STRUCTURE)
def apply_import(work: Work, run: ImportRun, *, leave_out: bool = False) -> None:
    """Have what was shown done. Rows with faults stop it, unless they are expressly left out."""
    del work
    if run.state != ImportState.CHECKED:
        raise _moved_on()
    if run.counts.get(FAULTY) and not leave_out:
        raise Conflict(
            "rows-faulty", _("Some rows have faults. Correct them in the file, or leave them out.")
        )
    if not run.counts.get(NEW) and not run.counts.get(CHANGED):
        raise Conflict("nothing-to-do", _("There is nothing to do: everything is as the table says."))
    if run.counts.get(CHANGED, 0) > MOST_CHANGED:
        raise Conflict(
            "too-many-changes", _("At most 5'000 levels are changed at once. Please split the table.")
        )
    run.state, run.leave_out, run.taken_at = ImportState.APPLYING, leave_out, None
    run.save()


@operation(STRUCTURE)
def forget_import(work: Work, run: ImportRun) -> None:
    """The import is no longer kept; what it has brought stays."""
    del work
    if run.state == ImportState.APPLYING:
        raise _moved_on()
    run.delete()


def _moved_on() -> Conflict:
    return Conflict("import-moved-on", _("This import is already further on."))


# --- Going on --------------------------------------------------------------------------------------------------------


def is_small(run: ImportRun) -> bool:
    """Whether it is gone on with at once, while somebody waits."""
    if run.state == ImportState.READING:
        return len(run.packed_file or b"") <= SMALL_FILE
    return run.row_count <= SMALL_TABLE


def carry_on(run: ImportRun, at: datetime) -> bool:
    """The next step of an import, as the person who began it; False if somebody else is at it.

    What is refused stands in `trouble` afterwards.
    """
    rows = ImportRun.objects.everything(_OWN).filter(pk=run.pk, state=run.state)
    if run.state not in WAITING or not rows.filter(_free(at)).update(taken_at=at):
        return False
    by = of_person(run.person, at, "page")
    run.trouble = ""
    try:
        match run.state:
            case ImportState.READING:
                _read(run)
            case ImportState.CHECKING:
                _check(by, run)
            case _:
                _apply_changes(by, run)
    except FurkaError as error:
        _stopped(run, error)
    return True


def carry_on_waiting(at: datetime) -> int:
    """The next step of the import that has waited for longest; returns how many there were."""
    rows = ImportRun.objects.everything("the worker goes on with everybody's imports")
    waiting = rows.filter(_free(at), state__in=WAITING).select_related("person", "node")
    run = waiting.order_by("created_at").first()
    return int(run is not None and carry_on(run, at))


def _free(at: datetime) -> Q:
    """The condition on imports that nobody goes on with at the moment."""
    return Q(taken_at=None) | Q(taken_at__lt=at - _GIVEN_UP)


def forget_old(at: datetime) -> int:
    """Forget imports that are over."""
    rows = ImportRun.objects.everything("they are over").filter(created_at__lt=at - KEPT)
    return rows.delete()[0]


def _read(run: ImportRun) -> None:
    table = read_table(zlib.decompress(run.packed_file or b""))
    run.packed_rows, run.packed_file = _packed(table), None
    run.row_count, run.mapping = len(table) - 1, columns.guess(table[0])
    run.state, run.taken_at = ImportState.MAPPING, None
    run.save()


def _check(by: Acting, run: ImportRun) -> None:
    _keep(run, check_all(by, run.node, rows_of(run)[1:], run.mapping))
    run.save()


def _keep(run: ImportRun, verdicts: Sequence[Verdict]) -> None:
    run.packed_verdicts = _packed([each.plain for each in verdicts])
    counted = Counter(each.what for each in verdicts)
    run.counts = {what: counted[what] for what in WHATS}
    run.counts["customers"] = sum(_makes_customer(each) for each in verdicts)
    run.state, run.taken_at = ImportState.CHECKED, None


def _makes_customer(verdict: Verdict) -> bool:
    owner = verdict.customer
    return verdict.what != FAULTY and owner is not None and owner.made_by == verdict.number


@operation(STRUCTURE)
def _apply(work: Work, run: ImportRun) -> None:
    """All of it in one transaction, if it is still what was shown."""
    verdicts = check_all(work.by, run.node, rows_of(run)[1:], run.mapping)
    if [each.plain for each in verdicts] != _unpacked(run.packed_verdicts):
        raise Conflict(
            "world-moved-on",
            _(
                "Something has changed here meanwhile. Please look at the preview again; nothing was imported."
            ),
        )
    doing = [each for each in verdicts if each.what in (NEW, CHANGED)]
    customers = {id(each.customer): each.customer for each in doing if each.customer and not each.customer.pk}
    nodes: dict[int, Node] = {0: run.node}
    made = create_levels(
        work.by,
        run.node,
        [NewLevel(run.node, Kind.CUSTOMER, each.name, each.time_zone, each.reference)
         for each in customers.values()],
    )  # fmt: skip
    for known, node in zip(customers.values(), made, strict=True):
        nodes[id(known)] = node
    known_ids = {
        each.pk for verdict in doing for each in (verdict.target, verdict.customer) if each and each.pk
    }
    there = _nodes(known_ids)
    sites = [
        each.target for each in doing if each.target and each.target.kind == Kind.SITE and not each.target.pk
    ]
    made = create_levels(
        work.by,
        run.node,
        [NewLevel(_parent(site, run.node, nodes, there), Kind.SITE, site.name, site.time_zone, site.reference)
         for site in sites],
    )  # fmt: skip
    nodes |= {id(site): node for site, node in zip(sites, made, strict=True)}
    change_levels(work.by, run.node, list(_changes(doing, there)))
    notes = [
        Notes(there[target.pk] if target.pk else nodes[id(target)], each.notes.values, each.notes.labels)
        for each in doing
        if each.notes and (target := each.target) is not None
    ]
    if notes:
        note_all(work.by, run.node, notes)
    run.state, run.done_at, run.packed_file = ImportState.APPLIED, work.at, None
    run.save()
    told = {
        "file": run.file_name,
        "new": run.counts.get(NEW, 0),
        "changed": run.counts.get(CHANGED, 0),
        "left_out": run.counts.get(FAULTY, 0),
    }
    work.record(run.node, "import.applied", after=told)


def _parent(site: Known, top: Node, nodes: Mapping[int, Node], there: Mapping[int, Node]) -> Node:
    owner = site.owner
    assert owner is not None
    if owner.pk == top.pk:
        return top
    return there[owner.pk] if owner.pk else nodes[id(owner)]


def _nodes(ids: set[int]) -> dict[int, Node]:
    """The levels of these ids; each of their changes is decided for itself."""
    found: dict[int, Node] = {}
    wanted = sorted(ids)
    rows = Node.objects.everything("each change is decided for itself").select_related("customer", "reseller")
    for begin in range(0, len(wanted), 500):
        found |= {node.pk: node for node in rows.filter(pk__in=wanted[begin : begin + 500])}
    return found


def _changes(doing: Sequence[Verdict], there: Mapping[int, Node]) -> Iterator[ChangedLevel]:
    for verdict in doing:
        if verdict.customer_changes and verdict.customer is not None:
            yield ChangedLevel(there[verdict.customer.pk], **verdict.customer_changes)
        target = verdict.target
        if verdict.changes and target is not None and target.pk and target is not verdict.customer:
            yield ChangedLevel(there[target.pk], **verdict.changes)


def _apply_changes(by: Acting, run: ImportRun) -> None:
    try:
        _apply(by, run)
    except Conflict:
        _keep(run, check_all(by, run.node, rows_of(run)[1:], run.mapping))
        raise


def _stopped(run: ImportRun, error: FurkaError) -> None:
    """Nothing was done; the import can be gone on with from the last step that somebody took."""
    with override(run.person.language):
        run.trouble = str(error)[:300]
    if run.state in (ImportState.READING, ImportState.CHECKING):
        run.state, run.packed_file = ImportState.FAILED, None
    elif run.state == ImportState.APPLYING:
        run.state = ImportState.CHECKED
    run.taken_at = None
    run.save()


# --- Looking at one --------------------------------------------------------------------------------------------------


def rows_of(run: ImportRun) -> list[list[str]]:
    """The table as it was read, the headings first."""
    found: list[list[str]] = _unpacked(run.packed_rows)
    return found


def verdicts_of(run: ImportRun, what: str = "") -> list[tuple[int, str, list[list[str]]]]:
    """What each row would do: its number, what, and its faults; only of one sort if asked for."""
    return [(number, said, faults) for number, said, faults in _unpacked(run.packed_verdicts)
            if not what or said == what]  # fmt: skip


def _packed(value: object) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def _unpacked(packed: bytes | memoryview | None) -> Any:
    return json.loads(zlib.decompress(packed)) if packed else []
