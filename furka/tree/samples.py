"""What is not possible in a sample world, since it would reach out of it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from furka.errors import Refused
from furka.tree.operation import Work

#: Addresses under it belong to nobody (RFC 2606); no mail ever goes there.
NOWHERE = ".invalid"


def refuse_in_sample(work: Work) -> None:
    """Raise Refused for whoever only looks around in a sample world."""
    if work.by.in_sample:
        raise Refused(
            "sample-world",
            _("This is not possible in the sample world. Open an account of your own to do it."),
        )


def kept_inside(work: Work, email: str) -> str:
    """The address that is really invited: from a sample world nobody outside ever hears."""
    return f"{email}{NOWHERE}" if work.by.in_sample and not email.endswith(NOWHERE) else email
