"""Rows that belong to somebody can't be read without saying for whom.

A guarded query refuses to run until it was narrowed with `.visible_to(by, right)`, or opened with `.everything(reason)`
by a part of the house that works for nobody in particular. Reverse relations, prefetches and form choices use the same
manager, so a forgotten check is an error in the first test, never a leak.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from django.db import models
from django.db.models import Exists
from django.db.models.sql import Query

if TYPE_CHECKING:
    from furka.access.rights import Right
    from furka.tree.acting import Acting


class Unguarded(Exception):
    """A query would have read rows that belong to somebody, without saying for whom."""


#: While the framework looks whether a row would be unique: that has to be judged against all rows there are.
_judging: Final[ContextVar[bool]] = ContextVar("judging_uniqueness", default=False)


@contextmanager
def _judging_uniqueness() -> Iterator[None]:
    token = _judging.set(True)
    try:
        yield
    finally:
        _judging.reset(token)


class GuardedQuery(Query):
    """SQL that is only made once it was opened."""

    opened_for: str = ""

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        if not self.opened_for and not _judging.get():
            raise Unguarded(f"{self.model}: say for whom: .visible_to(by, right), or .everything(reason)")
        return super().get_compiler(*args, **kwargs)

    def split_exclude(self, *args: Any, **kwargs: Any) -> Any:
        # An exclusion over rows that point here becomes a query inside this one; it is opened when this one is.
        condition, needed = super().split_exclude(*args, **kwargs)
        for part in condition.children:
            inner = getattr(part, "lhs", part)
            if isinstance(inner, Exists) and isinstance(inner.query, GuardedQuery):
                inner.query.opened_for = "part of a guarded query"
        return condition, needed


M = TypeVar("M", bound=models.Model)


class GuardedQuerySet(models.QuerySet[M]):
    """A queryset over guarded SQL. A model narrows itself by overriding `_narrow`."""

    def __init__(self, model: Any = None, query: Any = None, using: Any = None, hints: Any = None) -> None:
        super().__init__(model, query or GuardedQuery(model), using, hints)

    def visible_to(self, by: Acting, right: Right) -> Self:
        """Only rows at nodes where the one who acts holds the right at that moment."""
        return self._narrow(by, right)._opened(f"person {by.person_id}")

    def everything(self, reason: str) -> Self:
        """All rows, for a part of the house that works for nobody in particular; says why."""
        if not reason:
            raise ValueError("opening everything needs a reason")
        return self._opened(reason)

    def _opened(self, reason: str) -> Self:
        opened = self.all()
        assert isinstance(opened.query, GuardedQuery)
        opened.query.opened_for = reason
        return opened

    def none(self) -> Self:
        return super().none()._opened("there is nothing in it")

    def _narrow(self, by: Acting, right: Right) -> Self:
        raise NotImplementedError(f"{self.model.__name__} does not say to which node it belongs")

    def __and__(self, other: Any) -> Any:
        self._must_be_alike(other)
        return super().__and__(other)

    def __or__(self, other: Any) -> Any:
        self._must_be_alike(other)
        return super().__or__(other)

    def __xor__(self, other: Any) -> Any:
        self._must_be_alike(other)
        return super().__xor__(other)

    def raw(self, *args: Any, **kwargs: Any) -> Any:
        self._must_be_opened()
        return super().raw(*args, **kwargs)

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        if kwargs.get("update_conflicts"):
            self._must_be_opened()  # it may change rows that are there already
        return super().bulk_create(objs, *args, **kwargs)

    def update(self, **values: Any) -> int:
        self._must_be_opened()
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._must_be_opened()
        return super().delete()

    def _must_be_opened(self) -> None:
        if not getattr(self.query, "opened_for", ""):
            raise Unguarded(f"{self.model.__name__}: say for whom, before anything else")

    def _must_be_alike(self, other: models.QuerySet[Any]) -> None:
        """`opened | closed` would read the closed half under the name of the opened one. And a part of a query is
        combined with others as a query without a guard: then both must be opened already."""
        sides = (self.query, other.query)
        still_closed = [side for side in sides if not getattr(side, "opened_for", "")]
        if still_closed and (len(still_closed) == 1 or not all(side.can_filter() for side in sides)):
            raise Unguarded(f"{self.model.__name__}: both sides of a combination must be opened")


class OwnedQuerySet(GuardedQuerySet[M]):
    """Rows with a foreign key `node`. What belongs to a deleted node is there for nobody."""

    def _narrow(self, by: Acting, right: Right) -> Self:
        return self.filter(by.scope(right).condition("node__", "node_id"), node__deleted_at=None)


class Guarded(models.Model):
    """A row that is read through the guard. Whether it would be unique is still judged over all rows."""

    class Meta:
        abstract = True

    def _perform_unique_checks(self, unique_checks: Any) -> Any:
        with _judging_uniqueness():
            return super()._perform_unique_checks(unique_checks)  # type: ignore[misc]  # not in the stubs

    def validate_constraints(self, exclude: Any = None) -> None:
        with _judging_uniqueness():
            super().validate_constraints(exclude)


class Owned(Guarded):
    """A row that belongs to a node."""

    node = models.ForeignKey("tree.Node", on_delete=models.CASCADE, related_name="+")

    objects = models.Manager.from_queryset(OwnedQuerySet)()

    class Meta:
        abstract = True
