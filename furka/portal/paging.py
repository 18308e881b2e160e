"""Pages of long lists by cursor: the next page begins behind the last row, however many rows came or went meanwhile."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

#: Rows on a page.
SIZE = 50
#: Very long lists are counted up to here.
COUNTED = 10_000

M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, with the cursors of the pages beside them ("": there is none)."""

    rows: list[T]
    before: str
    after: str


#: Narrows rows to those that can stand on a page: behind this value of the first column of the order (None: from the
#: beginning), at least so many of them, and whether backwards.
Nearby = Callable[[QuerySet[M], Any, int, bool], QuerySet[M]]


def page_of(
    rows: QuerySet[M],
    order: Sequence[str],
    cursor: str,
    size: int = SIZE,
    *,
    nearby: Nearby[M] | None = None,
) -> Page[M]:
    """The page at a cursor; the first one if there is no cursor or it means nothing.

    `order` are names of columns that are never null, with `-` for descending; together they are unique. With `nearby`
    not all rows have to be put in order.
    """
    at = _read(cursor, len(order))
    try:
        return _page(rows, order, at, size, nearby)
    except (ValidationError, ValueError, TypeError, OverflowError):  # somebody wrote the cursor themselves
        return _page(rows, order, None, size, nearby)


def first_page_and_count(
    found: QuerySet[M], rows: QuerySet[M], order: Sequence[str], size: int = SIZE
) -> tuple[Page[M], int]:
    """The first page of what a search finds, and how much that is (see `counted`): the search is the dear part, so it
    is made once. `rows` are all there are, as they are shown."""
    numbers = list(found.order_by(*order).values_list("pk", flat=True)[: COUNTED + 1])
    by_number = rows.in_bulk(numbers[:size])
    shown = [by_number[number] for number in numbers[:size] if number in by_number]
    after = _write(False, shown[-1], order) if shown and len(numbers) > size else ""
    return Page(shown, "", after), len(numbers)


def page_in_parts(
    parts: Sequence[QuerySet[M]], order: Sequence[str], cursor: str, size: int = SIZE
) -> Page[M]:
    """The same of a list whose parts follow one another, each in this order: no row is in two of them.

    So a list is put in order by what no column says: each part is read as far as the page reaches.
    """
    at = _read(cursor, 1 + len(order))
    try:
        return _page_in_parts(parts, order, at, size)
    except (ValidationError, ValueError, TypeError, OverflowError, IndexError):
        return _page_in_parts(parts, order, None, size)


def counted(rows: QuerySet[M]) -> int:
    """How many rows there are; not counted further than one more than COUNTED."""
    return rows.order_by().values("pk")[: COUNTED + 1].count()  # without what is only reckoned to be shown


def address(request: HttpRequest, **changes: str) -> str:
    """The address of this page with other parameters; empty ones are left out, and so is the part of the page."""
    query = request.GET.copy()
    query.pop("part", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _page(
    rows: QuerySet[M],
    order: Sequence[str],
    at: tuple[bool, list[Any]] | None,
    size: int,
    nearby: Nearby[M] | None,
) -> Page[M]:
    backwards = at is not None and at[0]
    if nearby is not None:
        rows = nearby(rows, None if at is None else at[1][0], size + 1, backwards)
    directed = [_turned(name) for name in order] if backwards else list(order)
    if at is not None:
        rows = rows.filter(_behind(directed, at[1]))
    found = list(rows.order_by(*directed)[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    before = found and (more if backwards else at is not None)
    after = found and (backwards or more)
    return Page(
        found,
        _write(True, found[0], order) if before else "",
        _write(False, found[-1], order) if after else "",
    )


def _page_in_parts(
    parts: Sequence[QuerySet[M]], order: Sequence[str], at: tuple[bool, list[Any]] | None, size: int
) -> Page[M]:
    backwards = at is not None and at[0]
    directed = [_turned(name) for name in order] if backwards else list(order)
    numbers = list(reversed(range(len(parts)))) if backwards else list(range(len(parts)))
    if at is not None:
        numbers = numbers[numbers.index(int(at[1][0])) :]
    found: list[tuple[int, M]] = []
    for number in numbers:
        rows = parts[number]
        if at is not None and number == int(at[1][0]):
            rows = rows.filter(_behind(directed, at[1][1:]))
        found += ((number, row) for row in rows.order_by(*directed)[: size + 1 - len(found)])
        if len(found) > size:
            break
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    before = found and (more if backwards else at is not None)
    after = found and (backwards or more)
    return Page(
        [row for _number, row in found],
        _write(True, found[0][1], order, found[0][0]) if before else "",
        _write(False, found[-1][1], order, found[-1][0]) if after else "",
    )


def _behind(order: Sequence[str], values: Sequence[Any]) -> Q:
    """The condition on rows that come after the one with these values."""
    found, same = Q(pk__in=()), Q()
    for name, value in zip(order, values, strict=True):
        column = name.lstrip("-")
        found |= same & Q(**{f"{column}__{'lt' if name.startswith('-') else 'gt'}": value})
        same &= Q(**{column: value})
    return found


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _write(backwards: bool, row: Model, order: Sequence[str], *part: int) -> str:
    values = [*part, *(getattr(row, name.lstrip("-")) for name in order)]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps([int(backwards), *plain], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, width: int) -> tuple[bool, list[Any]] | None:
    try:
        content = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(content, list) or len(content) != width + 1:
        return None
    if not all(isinstance(value, str | int) for value in content):
        return None
    return bool(content[0]), content[1:]
