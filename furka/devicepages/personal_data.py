"""What this room keeps about people: which pages of devices they had open."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from furka.devicepages.models import OpenPage
from furka.personal import PersonalData, Row, register

_REASON = "a person's own data"


def _pages(person_id: int) -> Iterator[Row]:
    rows = OpenPage.objects.everything(_REASON).filter(person_id=person_id).order_by("pk")
    for row in rows.select_related("device", "node"):
        yield {
            "key": row.key,
            "site": row.node.name,
            "device": row.device.name,
            "opened_at": row.opened_at,
            "ends_at": row.ends_at,
            "ended_at": row.ended_at,
        }


def register_all() -> None:
    """At the start."""
    register(PersonalData("device_pages", _("Pages of devices that were open"), _pages))
