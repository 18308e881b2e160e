"""Texts that something can be found by, each with the level it belongs to and the right that one needs to find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models

from furka.tree.guard import Owned
from furka.tree.texts import SortKey


class FoundText(models.TextField):  # type: ignore[type-arg]  # not generic when it runs
    """Folded text with an index of all its three-letter pieces, made by the migration."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Words of three letters or more that a text has in it, all of them, and one of these marks of places if any."""

    words: tuple[str, ...]
    marks: tuple[str, ...] = ()


@FoundText.register_lookup
class Holds(models.Lookup):
    """`text__holds=Sought(("zug",))`: answered by the index of pieces."""

    lookup_name = "holds"
    prepare_rhs = False
    rhs: Sought

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """By the table of pieces that stands beside the rows."""
        column, _params = self.process_lhs(compiler, connection)
        rows = column.rpartition(".")[0]
        sought = " AND ".join(map(_quoted, self.rhs.words))
        if self.rhs.marks:
            sought += f" AND ({' OR '.join(map(_quoted, self.rhs.marks))})"
        pieces = "(SELECT rowid FROM finding_pieces WHERE finding_pieces MATCH %s)"
        return f"{rows}.id IN {pieces}", [sought]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """By the index of pieces, or by looking at each row where the database has no such index. Marks are no letters
        to this index: there the columns of the levels narrow alone."""
        column, params = self.process_lhs(compiler, connection)
        condition = " AND ".join(f"{column} LIKE %s" for _word in self.rhs.words)
        return f"({condition})", [*params, *(f"%{_plain(word)}%" for word in self.rhs.words)]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


class Entry(Owned):
    """Something that can be found: a level, a device, a gateway, a person …"""

    what = models.CharField(max_length=20)
    key = models.CharField(
        max_length=12
    )  # the public name of the thing; with `what` and the level it is unique
    name = models.CharField(max_length=160)
    sort_key = SortKey(of="name")
    detail = models.CharField(max_length=200, default="")
    text = FoundText()
    needs = models.CharField(max_length=80)
    rank = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node", "what", "key"], name="found_once"),)
        indexes = (models.Index(fields=["sort_key", "id"], name="found_by_beginning"),)

    def __str__(self) -> str:
        return self.name
