"""Which rooms keep something about people: how it is read for the person, and forgotten when they are gone.

    register(PersonalData("devices", _("Devices for remote access"), read, forget))

An account's export and its end are made of what is registered here, so that a new room with personal data is in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol


class Text(Protocol):
    """A title, possibly translated only when it is shown."""

    def __str__(self) -> str: ...


#: One row of what is kept, ready for JSON and CSV: names, and values without secrets.
Row = Mapping[str, Any]


def _nothing(person_id: int) -> None:
    """There is nothing to forget: what is kept is a record, or goes with the account."""


@dataclass(frozen=True, slots=True)
class PersonalData:
    """One kind of rows about people. `key` names the file in the export."""

    key: str
    title: Text
    read: Callable[[int], Iterable[Row]]
    forget: Callable[[int], None] = _nothing


_kinds: Final[dict[str, PersonalData]] = {}


def register(kind: PersonalData) -> None:
    """Say that a room keeps something about people; at the start."""
    _kinds[kind.key] = kind


def kinds() -> list[PersonalData]:
    """Every kind there is, by its key."""
    return [_kinds[key] for key in sorted(_kinds)]
