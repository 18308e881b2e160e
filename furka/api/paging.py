"""Pages of lists by cursor: the next page begins behind the last row, however many rows came or went meanwhile."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field

from furka.errors import Invalid

M = TypeVar("M", bound=Model)
T = TypeVar("T")
A = TypeVar("A")

LARGEST_PAGE = 200


class Paging(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: str = Field(
        "", max_length=400, description="The `next` of the page before; without it the list begins."
    )
    limit: int = Field(50, ge=1, le=LARGEST_PAGE, description="The most items to answer.")


class Page(BaseModel, Generic[A]):
    """A part of a list. `next` leads to the part behind it; null at the end."""

    model_config = ConfigDict(frozen=True)

    items: list[A]
    next: str | None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"{params[0].__name__}Page"


def rows_of(rows: QuerySet[M], paging: Paging, order: Sequence[str]) -> tuple[list[M], str | None]:
    """A part of a query, and the cursor of the next one.

    `order` are names of columns that are never null, with `-` for descending; together they are unique.
    """
    fields = {field.attname: field for field in rows.model._meta.concrete_fields}
    columns = [fields[name.lstrip("-")] for name in order]
    if paging.after:
        try:
            texts = zip(columns, _read(paging.after, len(order)), strict=True)
            values = [_value(column.to_python(text)) for column, text in texts]
        except (ValueError, TypeError, OverflowError, ValidationError):
            raise _wrong() from None
        rows = rows.filter(_behind(order, values))
    found = list(rows.order_by(*order)[: paging.limit + 1])
    if len(found) <= paging.limit:
        return found, None
    last = found[paging.limit - 1]
    return found[: paging.limit], _write([getattr(last, column.attname) for column in columns])


def items_of(
    items: Iterable[T], paging: Paging, position: Callable[[T], tuple[str, ...]]
) -> tuple[list[T], str | None]:
    """The same of a list that is in the hand anyway; `position` orders it and is unique."""
    ordered = sorted(items, key=position)
    if paging.after:
        after = _read(paging.after, None)
        ordered = [each for each in ordered if list(position(each)) > after]
    if len(ordered) <= paging.limit:
        return ordered, None
    return ordered[: paging.limit], _write(list(position(ordered[paging.limit - 1])))


def _behind(order: Sequence[str], values: Sequence[Any]) -> Q:
    """The condition on rows that come after the one with these values."""
    found, same = Q(pk__in=()), Q()
    for name, value in zip(order, values, strict=True):
        column = name.lstrip("-")
        found |= same & Q(**{f"{column}__{'lt' if name.startswith('-') else 'gt'}": value})
        same &= Q(**{column: value})
    return found


def _value(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a moment without a zone")
    return value


def _write(values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, width: int | None) -> list[str]:
    try:
        content = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        "".join(content).encode()  # half characters can be written in JSON, and in no database
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise _wrong() from None
    if not isinstance(content, list) or "\x00" in "".join(content):
        raise _wrong()
    if width is not None and len(content) != width:
        raise _wrong()
    return content


def _wrong() -> Invalid:
    return Invalid.at("after", "cursor-wrong", _("This is not the `next` of a page of this list."))
