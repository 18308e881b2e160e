"""What an import would note about sites: address, place and labels, cell by cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from furka.access.rights import LOOK
from furka.particulars.models import Label, Particulars
from furka.particulars.operations import rounded
from furka.tree.acting import Acting
from furka.tree.labels import LONGEST_LABEL, MOST_LABELS
from furka.tree.models import Node
from furka.tree.queries import rows_below
from furka.tree.texts import folded

#: The columns, and how long a text there may be.
TEXTS: Final[Mapping[str, int]] = {"street": 120, "postcode": 20, "town": 80, "country": 60}
#: How far degrees go.
DEGREES: Final[Mapping[str, int]] = {"latitude": 90, "longitude": 180}
KEYS: Final = (*TEXTS, *DEGREES, "labels")


@dataclass(frozen=True, slots=True)
class NotesRead:
    """What the cells of a row note about a site: values by the names of `Noted`, and labels. Empty ones say nothing."""

    values: dict[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        return bool(self.values) or self.labels is not None


class WrongCell(Exception):
    """What is wrong in which cell."""

    def __init__(self, column: str, code: str, value: str = "") -> None:
        super().__init__(code)
        self.column, self.code, self.value = column, code, value


def read_notes(row: Mapping[str, str]) -> tuple[NotesRead, list[WrongCell]]:
    """What a row notes, and what is wrong with it."""
    wrong: list[WrongCell] = []
    values: dict[str, Any] = {}
    for key, longest in TEXTS.items():
        if len(row.get(key, "")) > longest:
            wrong.append(WrongCell(key, "too-long", str(longest)))
        elif row.get(key):
            values[key] = row[key]
    for key, most in DEGREES.items():
        if not row.get(key):
            continue
        try:
            degrees = Decimal(row[key].replace(",", "."))
            if not degrees.is_finite() or abs(degrees) > most:
                raise InvalidOperation
            values[key] = rounded(degrees)
        except InvalidOperation:
            wrong.append(WrongCell(key, "degrees-wrong", str(most)))
    if not wrong and ("latitude" in values) != ("longitude" in values):
        wrong.append(WrongCell("longitude" if "latitude" in values else "latitude", "place-incomplete"))
    labels = None
    if row.get("labels"):
        labels = tuple(dict.fromkeys(each.strip() for each in row["labels"].split(",") if each.strip()))
        if any(len(each) > LONGEST_LABEL for each in labels):
            wrong.append(WrongCell("labels", "label-too-long"))
        if len({folded(each) for each in labels}) > MOST_LABELS:
            wrong.append(WrongCell("labels", "too-many-labels"))
    return NotesRead(values, labels), wrong


class NotesThere:
    """What is noted about the sites below a level, read once."""

    def __init__(self, by: Acting, node: Node) -> None:
        names = ("node_id", *TEXTS, *DEGREES)
        rows = Particulars.objects.visible_to(by, LOOK).filter(rows_below(node))
        self._values = {
            row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in rows.values_list(*names)
        }
        self._labels: dict[int, set[str]] = defaultdict(set)
        found = Label.objects.visible_to(by, LOOK).filter(rows_below(node))
        for node_id, name in found.values_list("node_id", "name"):
            self._labels[node_id].add(name)

    def different(self, node_id: int, notes: NotesRead) -> NotesRead:
        """What of it is not so already."""
        there = self._values.get(node_id, {})
        values = {key: value for key, value in notes.values.items() if there.get(key, "") != value}
        same_labels = notes.labels is None or set(_first_of_each(notes.labels)) == self._labels[node_id]
        return NotesRead(values, None if same_labels else notes.labels)


def _first_of_each(labels: tuple[str, ...]) -> list[str]:
    """As they would be kept: of those that differ in capitals only, the first."""
    kept: dict[str, str] = {}
    for label in labels:
        kept.setdefault(folded(label), label)
    return list(kept.values())
