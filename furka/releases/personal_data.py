"""What this room keeps about people: where somebody on the spot may let them in, and whom they prepared for that."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.personal import PersonalData, Row, register
from furka.releases.models import PreparedRelease

_REASON = "everybody may have what is kept about themselves"


def _rows(person_id: int) -> Iterator[Row]:
    rows = PreparedRelease.objects.everything(_REASON)
    for row in rows.filter(Q(person_id=person_id) | Q(prepared_by_id=person_id)).select_related("node"):
        yield {
            "key": row.key,
            "level": row.node.name,
            "for_you": row.person_id == person_id,
            "prepared_by_you": row.prepared_by_id == person_id,
            "minutes": row.minutes,
            "prepared_at": row.prepared_at,
            "used_at": row.used_at,
            "ended_at": row.ended_at,
        }


def _forget(person_id: int) -> None:
    rows = PreparedRelease.objects.everything(_REASON)
    rows.filter(Q(person_id=person_id) | Q(prepared_by_id=person_id)).delete()


def register_all() -> None:
    """At the start."""
    register(PersonalData("releases", _("Releases at the plant"), _rows, _forget))
