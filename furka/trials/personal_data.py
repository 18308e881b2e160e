"""What this room keeps about people: which connection tests they made, and which asked what they reach."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.personal import PersonalData, Row, register
from furka.trials.models import Trial

_REASON = "a person's own data"


def _trials(person_id: int) -> Iterator[Row]:
    about = Q(asked_by_id=person_id) | Q(person_id=person_id)
    rows = Trial.objects.everything(_REASON).filter(about).order_by("pk")
    for row in rows.select_related("node"):
        yield {
            "key": row.key,
            "site": row.node.name,
            "address": row.address,
            "port": f"{row.protocol}/{row.port}",
            "asked_at": row.asked_at,
            "asked_by_me": row.asked_by_id == person_id,
        }


def register_all() -> None:
    """At the start."""
    register(PersonalData("connection_tests", _("Connection tests"), _trials))
