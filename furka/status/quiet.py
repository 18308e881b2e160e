"""Who may say that nobody is to be alarmed: announced maintenance registers itself here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from furka.status.models import Component

#: Whether an incident of that part at that moment is expected.
Expects = Callable[[Component, datetime], bool]
_asked: Final[list[Expects]] = []


def quiet_if(expects: Expects) -> None:
    """At the start: ask this, too, before somebody is alarmed."""
    if expects not in _asked:
        _asked.append(expects)


def is_expected(component: Component, at: datetime) -> bool:
    """Whether somebody said that this part may fail then."""
    return any(expects(component, at) for expects in _asked)
