"""What this room keeps about people: which sites they were in, when, and how much passed.

Once an account is forgotten, the rows say nothing of the device any more and lead to nobody's name.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from furka.connections.models import Connection
from furka.personal import PersonalData, Row, register

_REASON = "a person's own data"


def _connections(person_id: int) -> Iterator[Row]:
    rows = Connection.objects.everything(_REASON).filter(person_id=person_id).order_by("pk")
    for row in rows.select_related("node").iterator():
        yield {
            "key": row.key,
            "site": row.node.name,
            "way": row.way,
            "device": row.begun_with,
            "page_of": row.page_of,
            "began_at": row.began_at,
            "ended_at": row.ended_at,
            "bytes_to_site": row.to_site,
            "bytes_from_site": row.from_site,
        }


def _forget(person_id: int) -> None:
    Connection.objects.everything(_REASON).filter(person_id=person_id).update(begun_with="")


def register_all() -> None:
    """At the start."""
    register(PersonalData("connections", _("When you were in sites"), _connections, _forget))
