"""What this room keeps about people: their ends of tunnels."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from furka.personal import PersonalData, Row, register
from furka.tunnel.models import Profile


def _profiles(person_id: int) -> Iterator[Row]:
    for row in Profile.objects.filter(person_id=person_id).order_by("pk"):
        yield {
            "key": row.key,
            "name": row.name,
            "public_key": row.public_key,
            "address": str(row.address),
            "created_at": row.created_at,
            "revoked_at": row.revoked_at,
            "last_seen_at": row.seen_at,
            "last_addresses": row.lately,
        }


def _forget(person_id: int) -> None:
    Profile.objects.filter(person_id=person_id).update(name="", endpoint="", lately=[])


def register_all() -> None:
    """At the start."""
    register(PersonalData("devices", _("Devices for remote access"), _profiles, _forget))
