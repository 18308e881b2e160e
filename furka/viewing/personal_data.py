"""What this room keeps about people: through whose eyes they looked, and who looked through theirs."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.personal import PersonalData, Row, register
from furka.viewing.models import Viewing

_REASON = "everybody may have what is kept about themselves"


def _views(person_id: int) -> Iterator[Row]:
    rows = Viewing.objects.everything(_REASON).filter(Q(person_id=person_id) | Q(viewer_id=person_id))
    for row in rows.select_related("node", "person", "viewer").order_by("pk"):
        yield {
            "key": row.key,
            "level": row.node.name,
            "seen_by": str(row.viewer),
            "seen_as": str(row.person),
            "begun_at": row.begun_at,
            "until": row.until,
            "ended_at": row.ended_at,
        }


def register_all() -> None:
    """At the start. Nothing is to be forgotten: the rows name nobody, they only point to the account."""
    register(PersonalData("views", _("The portal seen as somebody else"), _views))
