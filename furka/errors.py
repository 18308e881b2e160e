"""The ways in which something can be refused, shared by every room.

    FurkaError
    ├── Refused    the person may not do this; says what is missing
    ├── NotThere   nothing by that name that the person may know of
    ├── Invalid    the input is wrong, field by field
    └── Conflict   it would have been right, but the world has moved on

Each carries a stable `code` for programs and a `message` for people; pages and API translate them in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Text(Protocol):
    """A sentence, possibly translated only when it is shown."""

    def __str__(self) -> str: ...


class FurkaError(Exception):
    """Something was refused, for a reason that can be told."""

    def __init__(self, code: str, message: Text) -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class Refused(FurkaError):
    """The person may not do this."""


class NotThere(FurkaError):
    """There is nothing by that name that the person may know of."""


class Conflict(FurkaError):
    """It no longer fits: used, expired, already done by somebody else."""


class Invalid(FurkaError):
    """The input is wrong. `fields` maps a field's name to its sentences; "" stands for the whole."""

    def __init__(self, code: str, message: Text, fields: Mapping[str, Sequence[Text]] | None = None) -> None:
        super().__init__(code, message)
        self.fields: dict[str, list[Text]] = {
            name: list(texts) for name, texts in (fields or {"": [message]}).items()
        }

    @classmethod
    def at(cls, field: str, code: str, message: Text) -> Invalid:
        """One wrong field."""
        return cls(code, message, {field: [message]})
