"""What this room keeps about people: which documents and photos they brought. These belong to the site and stay."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from furka.attachments.models import Attachment, Photo
from furka.personal import PersonalData, Row, register

_REASON = "somebody's own data"


def _documents(person_id: int) -> Iterator[Row]:
    rows = Attachment.objects.everything(_REASON).filter(added_by_id=person_id).order_by("pk")
    names = ("node__name", "name", "media_type", "size", "sha256", "added_at")
    for site, name, media_type, size, sha256, added_at in rows.values_list(*names):
        yield {
            "site": site,
            "name": name,
            "media_type": media_type,
            "size": size,
            "sha256": sha256,
            "added_at": added_at,
        }


def _photos(person_id: int) -> Iterator[Row]:
    rows = Photo.objects.everything(_REASON).filter(added_by_id=person_id).order_by("pk")
    for site, sha256, added_at in rows.values_list("node__name", "sha256", "added_at"):
        yield {"site": site, "sha256": sha256, "added_at": added_at}


def register_all() -> None:
    """At the start."""
    register(PersonalData("documents", _("Documents you added"), _documents))
    register(PersonalData("photos", _("Photos you added"), _photos))
