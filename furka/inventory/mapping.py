"""Which column of a table says what: guessed by its heading, in any of the languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from furka.inventory.tables import COLUMNS
from furka.tree.texts import folded


def guess(headings: Sequence[str]) -> dict[str, int]:
    """For each key the column whose heading says it; the first one if several do."""
    known = {_bare(word): column.key for column in COLUMNS for word in (column.key, *column.also)}
    found: dict[str, int] = {}
    for index, heading in enumerate(headings):
        key = known.get(_bare(heading))
        if key is not None:
            found.setdefault(key, index)
    return found


def fitting(mapping: Mapping[str, object], width: int) -> dict[str, int]:
    """What of a mapping that came from outside makes sense."""
    found: dict[str, int] = {}
    for column in COLUMNS:
        text = str(mapping.get(column.key, ""))
        if text.isascii() and text.isdigit() and len(text) < 4 and int(text) < width:
            found[column.key] = int(text)
    return found


def _bare(text: str) -> str:
    return "".join(each for each in folded(text) if each.isalnum())
