"""What somebody whose login reaches a part only may not do, since it would reach further."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from furka.access.policy import narrowed
from furka.errors import Refused
from furka.tree.acting import Acting
from furka.tree.operation import Work


def reaches_beyond(by: Acting) -> bool:
    """Whether the person holds something that this login or token does not reach."""
    return by.limit is not None and any(narrowed(held, by.limit) != held for held in by.held)


def refuse_beyond(work: Work) -> None:
    """Raise Refused for what would open, elsewhere too, what the person holds."""
    if reaches_beyond(work.by):
        raise Refused(
            "login-not-enough",
            _(
                "Your login reaches one organisation only. Please log in with your password or passkey for this."
            ),
        )
