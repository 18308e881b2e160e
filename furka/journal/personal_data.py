"""What this room keeps about people: what they did. It is a record, so it is never forgotten; it tells no secrets."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from furka.journal.models import Event
from furka.personal import PersonalData, Row, register


def _events(person_id: int) -> Iterator[Row]:
    for row in Event.objects.filter(actor_id=person_id).order_by("pk").iterator(chunk_size=2000):
        yield {
            "at": row.at,
            "action": row.action,
            "name_then": row.actor_name,
            "via": row.via,
            "level": row.node_key,
            "level_name": row.node_name,
        }


def register_all() -> None:
    """At the start."""
    register(PersonalData("events", _("What you did"), _events))
