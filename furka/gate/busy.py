"""When the database is busy with something long: whoever wants to write has waited, and is told to try again."""

from __future__ import annotations

from django.db import OperationalError
from django.utils.translation import gettext_lazy as _

#: How long whoever comes again should wait, in seconds.
AGAIN_AFTER = 20

BUSY = _(
    "Something large is being written just now, such as an import. Nothing of yours was changed. "
    "Please try again in a moment."
)


def is_busy(error: BaseException | type[BaseException]) -> bool:
    """Whether somebody else had the embedded database to themselves for longer than one waits. (The other database
    lets everybody wait.)"""
    return isinstance(error, OperationalError) and "database is locked" in str(error)
