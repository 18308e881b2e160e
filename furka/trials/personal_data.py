"""What this room keeps about people: which connection tests they made."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from furka.personal import PersonalData, Row, register
from furka.trials.models import Trial

_REASON = "a person's own data"


def _trials(person_id: int) -> Iterator[Row]:
    rows = Trial.objects.everything(_REASON).filter(asked_by_id=person_id).order_by("pk")
    for row in rows.select_related("node"):
        yield {
            "key": row.key,
            "site": row.node.name,
            "address": row.address,
            "port": f"{row.protocol}/{row.port}",
            "asked_at": row.asked_at,
        }


def register_all() -> None:
    """At the start."""
    register(PersonalData("connection_tests", _("Connection tests"), _trials))
