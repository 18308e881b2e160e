"""What an import would do, row by row: what is new, what changes what is there, what stays, and every fault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from furka.access.facts import Kind as PlaceKind
from furka.access.facts import Place
from furka.access.rights import CONFIGURE, STRUCTURE
from furka.inventory.notes import KEYS as NOTED
from furka.inventory.notes import NotesRead, NotesThere, read_notes
from furka.inventory.tables import plain
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import children
from furka.tree.texts import one_line

LONGEST_NAME = 120
LONGEST_REFERENCE = 60

NEW, CHANGED, SAME, FAULTY = "new", "changed", "same", "faulty"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a cell: the key of the column, what it is, and a value to say it with."""

    column: str
    code: str
    value: str = ""


@dataclass(slots=True)
class Known:
    """A level that is there, or one that an earlier row makes (`pk` 0)."""

    pk: int
    kind: Kind
    name: str
    reference: str
    time_zone: str
    reseller_id: int | None
    customer_id: int | None
    is_archived: bool = False
    made_by: int = 0  # the number of the row that makes it
    owner: Known | None = None  # of one that is made

    @property
    def place(self) -> Place:
        kind = PlaceKind(self.kind)
        return Place(
            kind=kind,
            id=self.pk,
            reseller_id=self.pk if kind is PlaceKind.RESELLER else self.reseller_id,
            customer_id=self.pk if kind is PlaceKind.CUSTOMER else self.customer_id,
        )


@dataclass(slots=True)
class Verdict:
    """What a row would do. `target` is the site (or the customer, if it names no site); `changes` what differs."""

    number: int
    what: str
    faults: list[Fault] = field(default_factory=list)
    target: Known | None = None
    changes: dict[str, str] = field(default_factory=dict)
    customer: Known | None = None
    customer_changes: dict[str, str] = field(default_factory=dict)
    notes: NotesRead = field(default_factory=NotesRead)  # about the target

    @property
    def plain(self) -> list[Any]:
        """As it is stored."""
        return [self.number, self.what, [[each.column, each.code, each.value] for each in self.faults]]


class _Wrong(Exception):
    def __init__(self, column: str, code: str, value: str = "") -> None:
        super().__init__(code)
        self.fault = Fault(column, code, value)


class Checker:
    """Looks at the rows one after the other, knowing what is below the level."""

    def __init__(self, by: Acting, node: Node, keys: Collection[str]) -> None:
        self._by = by
        self._notes = NotesThere(by, node) if set(keys) & set(NOTED) else None
        self._top = _known(_values_of(node))
        self._customers: dict[str, list[Known]] = defaultdict(list)
        self._customers_numbered: dict[str, list[Known]] = defaultdict(list)
        self._sites: dict[tuple[int, str], list[Known]] = defaultdict(list)
        self._sites_numbered: dict[str, list[Known]] = defaultdict(list)
        self._seen: dict[object, int] = {}
        self._zones: dict[str, bool] = {}
        self._names: dict[int, str] = {node.pk: node.name}
        by.foresee_below(node.place)
        if node.kind != Kind.CUSTOMER:
            for row in children(by, node, Kind.CUSTOMER).values_list(*_COLUMNS):
                self._remember_customer(_known(row))
        for row in children(by, node, Kind.SITE).values_list(*_COLUMNS):
            self._remember_site(_known(row))

    def check(self, number: int, cells: Mapping[str, str]) -> Verdict | None:
        """What the row would do; None if nothing stands in it."""
        row = {key: one_line(value) for key, value in cells.items()}
        if not any(row.values()):
            return None
        verdict = Verdict(number, SAME)
        try:
            verdict.notes, wrong = read_notes(row)
            verdict.faults += self._lengths(row)
            verdict.faults += [Fault(each.column, each.code, each.value) for each in wrong]
            if verdict.notes and not row.get("site") and Fault("site", "missing") not in verdict.faults:
                verdict.faults.append(Fault("site", "missing"))
            if not verdict.faults:
                self._place(verdict, row)
        except _Wrong as wrong:
            verdict.faults.append(wrong.fault)
        if verdict.faults:
            verdict.what = FAULTY
        return verdict

    def _lengths(self, row: Mapping[str, str]) -> list[Fault]:
        found = [
            Fault(key, "too-long", str(most))
            for key, most in _LONGEST.items()
            if len(row.get(key, "")) > most
        ]
        if not any(row.get(key) for key in ("site", "customer", "customer_reference")):
            found.append(Fault("site", "missing"))
        if not row.get("site") and row.get("reference"):
            found.append(Fault("site", "missing"))
        zone = row.get("time_zone", "")
        if zone and not self._is_zone(zone):
            found.append(Fault("time_zone", "zone-unknown", zone[:60]))
        return list(dict.fromkeys(found))

    def _place(self, verdict: Verdict, row: Mapping[str, str]) -> None:
        owner, changes, is_new = self._owner(verdict.number, row)
        name = row.get("site", "")
        if name:
            self._site(verdict, owner, row)
        else:
            verdict.target, verdict.changes = owner, changes
            self._once(verdict.number, ("customer", id(owner)), "customer")
            verdict.what = NEW if is_new else CHANGED if changes else SAME
        verdict.customer, verdict.customer_changes = owner, changes
        if changes and verdict.what == SAME:
            verdict.what = CHANGED
        if is_new:
            self._remember_customer(owner)
        if "reference" in changes:  # from the next row on it has it
            owner.reference = changes["reference"]
            self._customers_numbered[owner.reference].append(owner)

    def _owner(self, number: int, row: Mapping[str, str]) -> tuple[Known, dict[str, str], bool]:
        """Whose the row is, what changes there, and whether this row makes it."""
        name, reference = row.get("customer", ""), row.get("customer_reference", "")
        if self._top.kind == Kind.CUSTOMER:
            if (name and name.casefold() != self._top.name.casefold()) or (
                reference and reference != self._top.reference
            ):
                raise _Wrong("customer", "customer-other", self._top.name)
            return self._top, {}, False
        if not name and not reference:
            return self._top, {}, False
        found = self._customers_numbered.get(reference, []) if reference else []
        if not found and name:
            named = self._customers.get(name.casefold(), [])
            found = [each for each in named if not reference or each.reference in ("", reference)]
            if len(found) > 1 and reference:
                found = [each for each in found if each.reference == reference] or found
        if len(found) > 1:
            raise _Wrong("customer", "several", name or reference)
        if not found:
            if not name:
                raise _Wrong("customer", "customer-unknown", reference)
            if not self._by.may(STRUCTURE, self._top.place):
                raise _Wrong("customer", "not-allowed")
            made = Known(0, Kind.CUSTOMER, name, reference, self._top.time_zone, self._top.pk, None,
                         made_by=number)  # fmt: skip
            return made, {}, True
        owner = found[0]
        if owner.is_archived:
            raise _Wrong("customer", "archived", owner.name)
        if name and name.casefold() != owner.name.casefold():
            raise _Wrong("customer", "customer-name-differs", owner.name)
        changes = {"reference": reference} if reference and reference != owner.reference else {}
        if changes and not self._by.may(STRUCTURE, owner.place):
            raise _Wrong("customer_reference", "not-allowed")
        return owner, changes, False

    def _site(self, verdict: Verdict, owner: Known, row: Mapping[str, str]) -> None:
        name, reference, zone = row["site"], row.get("reference", ""), row.get("time_zone", "")
        target = self._found(owner, name, reference)
        if reference:
            self._once(verdict.number, ("reference", reference), "reference")
        self._once(verdict.number, ("site", id(owner), name.casefold(), reference), "site")
        if target is None:
            if owner.pk and not self._by.may(STRUCTURE, owner.place):
                raise _Wrong("site", "not-allowed")
            self._must_configure(verdict.notes, owner.place if owner.pk else self._top.place)
            verdict.target = Known(0, Kind.SITE, name, reference, zone or owner.time_zone, None, None,
                                   made_by=verdict.number, owner=owner)  # fmt: skip
            verdict.what = NEW
            return
        if target.is_archived:
            raise _Wrong("site", "archived", target.name)
        self._once(verdict.number, ("target", target.pk), "site")
        wanted = {"name": name, "reference": reference, "time_zone": zone}
        verdict.target = target
        verdict.changes = {
            key: value for key, value in wanted.items() if value and value != getattr(target, key)
        }
        for key in verdict.changes:
            if not self._by.may(CONFIGURE if key == "time_zone" else STRUCTURE, target.place):
                raise _Wrong("site" if key == "name" else key, "not-allowed")
        if verdict.notes and self._notes is not None:
            verdict.notes = self._notes.different(target.pk, verdict.notes)
        self._must_configure(verdict.notes, target.place)
        verdict.what = CHANGED if verdict.changes or verdict.notes else SAME

    def _must_configure(self, notes: NotesRead, place: Place) -> None:
        if notes and not self._by.may(CONFIGURE, place):
            raise _Wrong(next(iter(notes.values), "labels"), "not-allowed")

    def _found(self, owner: Known, name: str, reference: str) -> Known | None:
        found = self._sites_numbered.get(reference, []) if reference else []
        if found:
            elsewhere = [each for each in found if _owner_id(each) != owner.pk]
            if elsewhere:
                raise _Wrong("reference", "site-elsewhere", elsewhere[0].name)
        else:
            named = self._sites.get((owner.pk, name.casefold()), []) if owner.pk else []
            found = [
                each for each in named if not reference or not each.reference or each.reference == reference
            ]
        if len(found) > 1:
            raise _Wrong("reference" if reference else "site", "several", name)
        return found[0] if found else None

    def _once(self, number: int, thing: object, column: str) -> None:
        first = self._seen.setdefault(thing, number)
        if first != number:
            raise _Wrong(column, "same-as-row", str(first))

    def _is_zone(self, name: str) -> bool:
        if name not in self._zones:
            try:
                ZoneInfo(name)
            except (KeyError, ValueError, OSError):
                self._zones[name] = False
            else:
                self._zones[name] = True
        return self._zones[name]

    def _remember_customer(self, known: Known) -> None:
        self._customers[known.name.casefold()].append(known)
        if known.reference:
            self._customers_numbered[known.reference].append(known)

    def _remember_site(self, known: Known) -> None:
        self._sites[_owner_id(known), known.name.casefold()].append(known)
        if known.reference:
            self._sites_numbered[known.reference].append(known)


_LONGEST = {
    "customer": LONGEST_NAME,
    "site": LONGEST_NAME,
    "reference": LONGEST_REFERENCE,
    "customer_reference": LONGEST_REFERENCE,
    "time_zone": 40,
}
_COLUMNS = (
    "pk",
    "kind",
    "name",
    "reference",
    "time_zone",
    "reseller_id",
    "customer_id",
    "archived_at",
)


def check_all(
    by: Acting, node: Node, rows: Sequence[Sequence[str]], mapping: Mapping[str, int]
) -> list[Verdict]:
    """What every row would do; empty rows are left out. The first row below the headings has the number 2."""
    checker = Checker(by, node, mapping)
    found = []
    for number, cells in enumerate(rows, start=2):
        verdict = checker.check(number, cells_of(cells, mapping))
        if verdict is not None:
            found.append(verdict)
    return found


def cells_of(cells: Sequence[str], mapping: Mapping[str, int]) -> dict[str, str]:
    """What a row says, by the key of the column."""
    return {key: plain(cells[index]) if index < len(cells) else "" for key, index in mapping.items()}


def _values_of(node: Node) -> tuple[Any, ...]:
    return tuple(getattr(node, name) for name in _COLUMNS)


def _known(row: tuple[Any, ...]) -> Known:
    pk, kind, name, reference, time_zone, reseller_id, customer_id, archived_at = row
    return Known(
        pk, Kind(kind), name, reference, time_zone, reseller_id, customer_id, archived_at is not None
    )


def _owner_id(known: Known) -> int:
    return known.customer_id or known.reseller_id or 0
