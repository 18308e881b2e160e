"""What this room keeps about people: which plant their devices have at hand."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from furka.activeplants.models import ActivePlant
from furka.personal import PersonalData, Row, register

_REASON = "a person's own data"


def _plants(person_id: int) -> Iterator[Row]:
    rows = ActivePlant.objects.everything(_REASON).filter(profile__person_id=person_id).order_by("pk")
    for row in rows.select_related("node", "profile"):
        yield {"device": row.profile.key, "site": row.node.name, "chosen_at": row.chosen_at}


def _forget(person_id: int) -> None:
    ActivePlant.objects.everything(_REASON).filter(profile__person_id=person_id).delete()


def register_all() -> None:
    """At the start."""
    register(PersonalData("active_plants", _("Plants under their real addresses"), _plants, _forget))
