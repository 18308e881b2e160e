"""Tries things in the database and undoes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def undone() -> Iterator[None]:
    """A block whose changes are undone at its end; blocks may lie within each other."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
