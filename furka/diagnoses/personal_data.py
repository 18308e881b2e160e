"""What this room keeps about people: which diagnoses they asked for."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from furka.diagnoses.models import Diagnosis
from furka.personal import PersonalData, Row, register


def _diagnoses(person_id: int) -> Iterator[Row]:
    rows = Diagnosis.objects.everything("a person's own data").filter(asked_by_id=person_id).order_by("pk")
    for row in rows.select_related("node").defer("results"):
        yield {
            "key": row.key,
            "site": row.node.name,
            "kind": row.kind,
            "target": row.target,
            "asked_at": row.asked_at,
        }


def register_all() -> None:
    """At the start."""
    register(PersonalData("diagnoses", _("Diagnoses"), _diagnoses))
