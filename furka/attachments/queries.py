"""Named reads of documents and photos."""

from __future__ import annotations

from django.db.models import QuerySet

from furka.access.rights import LOOK, Right
from furka.attachments.models import Attachment, Photo
from furka.errors import NotThere
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.reasons import sentence

#: What a photo is kept in.
SIZES = ("large", "small")


def attachments_of(by: Acting, site: Node) -> list[Attachment]:
    """The documents of a site, each in its newest version, newest first, without their bytes."""
    return _listed(Attachment.objects.visible_to(by, LOOK).filter(node=site, replaced_at=None), site)


def versions_of(by: Acting, attachment: Attachment) -> list[Attachment]:
    """A document in all its versions, newest first, without their bytes."""
    site = attachment.node
    rows = Attachment.objects.visible_to(by, LOOK).filter(node=site, series=attachment.series)
    return _listed(rows.order_by("-version"), site)


def _listed(rows: QuerySet[Attachment], site: Node) -> list[Attachment]:
    found = list(rows.select_related("added_by").defer("content"))
    for row in found:
        row.node = site
    return found


def attachment_of_key(by: Acting, site: Node, key: str, needs: Right = LOOK) -> Attachment:
    """A document of a site, without its bytes. Raises NotThere."""
    rows = Attachment.objects.visible_to(by, needs).filter(node=site, key=key)
    found = rows.select_related("added_by").defer("content").first()
    if found is None:
        raise NotThere("not-there", sentence("not-visible"))
    found.node = site
    return found


def content_of(by: Acting, attachment: Attachment) -> bytes:
    """The bytes of a document."""
    rows = Attachment.objects.visible_to(by, LOOK).filter(pk=attachment.pk)
    return bytes(rows.values_list("content", flat=True).get())


def photo_of_site(by: Acting, site: Node) -> Photo | None:
    """The photo of a site, without its bytes."""
    return Photo.objects.visible_to(by, LOOK).filter(node=site).defer("large", "small").first()


def picture_of(by: Acting, photo: Photo, size: str) -> bytes:
    """The photo in one of its sizes, as JPEG. Raises NotThere."""
    if size not in SIZES:
        raise NotThere("not-there", sentence("not-visible"))
    rows = Photo.objects.visible_to(by, LOOK).filter(pk=photo.pk)
    return bytes(rows.values_list(size, flat=True).get())
