"""What people put to a site: its documents and its photo. Files come as multipart/form-data, in a part named `file`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.http import HttpResponse
from ninja import File
from ninja.files import UploadedFile
from pydantic import Field

from furka.access.rights import CONFIGURE, LOOK
from furka.api.routes import Key, Routes, at_node
from furka.api.schemas import Answer
from furka.attachments import operations, queries
from furka.attachments.kinds import LARGEST_FILE, checked
from furka.attachments.models import Attachment as Row
from furka.attachments.models import Photo as PhotoRow
from furka.errors import NotThere
from furka.gate.files import handed_out
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

routes = Routes("attachments")


class Attachment(Answer):
    """A document of a site."""

    key: str
    name: str
    media_type: str
    size: int = Field(description="In bytes, as it is kept; pictures are drawn anew.")
    sha256: str
    added_by: str = Field(description="Empty if they are gone.")
    added_at: datetime
    version: int = Field(description="From 1 on; the list of documents names the newest ones.")


class Photo(Answer):
    """The photo of a site; a new one has a new key."""

    key: str
    width: int
    height: int
    sha256: str
    added_at: datetime


@routes.get("/sites/{key}/attachments", at_node(LOOK, Kind.SITE))
def list_attachments(by: Acting, site: Node) -> list[Attachment]:
    """The documents of a site, each in its newest version, newest first."""
    return [_shown(row) for row in queries.attachments_of(by, site)]


@routes.post("/sites/{key}/attachments", at_node(CONFIGURE, Kind.SITE))
def add_attachment(by: Acting, site: Node, file: File[UploadedFile]) -> Attachment:
    """Put a document to a site, at most 20 MB. What it is is seen from what is in it. One of the same name is its
    next version."""
    row = operations.attach(by, site, checked(file.name or "", _bytes_of(file)))
    return _shown(queries.attachment_of_key(by, site, row.key))


@routes.get("/sites/{key}/attachments/{attachment}", at_node(LOOK, Kind.SITE))
def read_attachment(by: Acting, site: Node, attachment: Key) -> HttpResponse:
    """The document itself."""
    row = queries.attachment_of_key(by, site, attachment)
    return handed_out(queries.content_of(by, row), row.media_type, row.name)


@routes.delete("/sites/{key}/attachments/{attachment}", at_node(CONFIGURE, Kind.SITE))
def remove_attachment(by: Acting, site: Node, attachment: Key) -> None:
    """A document is no longer there, in none of its versions; of an older version: that one alone."""
    operations.detach(by, queries.attachment_of_key(by, site, attachment, CONFIGURE))


@routes.get("/sites/{key}/attachments/{attachment}/versions", at_node(LOOK, Kind.SITE))
def list_versions(by: Acting, site: Node, attachment: Key) -> list[Attachment]:
    """A document in all its versions, newest first; any of them may be named."""
    return [_shown(row) for row in queries.versions_of(by, queries.attachment_of_key(by, site, attachment))]


@routes.post("/sites/{key}/attachments/{attachment}/versions", at_node(CONFIGURE, Kind.SITE))
def add_version(by: Acting, site: Node, attachment: Key, file: File[UploadedFile]) -> Attachment:
    """Put the next version of a document to a site, whatever it is called. The older ones stay."""
    before = queries.attachment_of_key(by, site, attachment, CONFIGURE)
    row = operations.attach_version(by, before, checked(file.name or "", _bytes_of(file)))
    return _shown(queries.attachment_of_key(by, site, row.key))


@routes.get("/sites/{key}/photo", at_node(LOOK, Kind.SITE))
def read_photo(by: Acting, site: Node) -> Photo:
    """What is known of the photo of a site."""
    return _photo(_of_site(by, site))


@routes.post("/sites/{key}/photo", at_node(CONFIGURE, Kind.SITE))
def set_photo(by: Acting, site: Node, file: File[UploadedFile]) -> Photo:
    """Give a site a photo (JPEG, PNG or WebP), instead of the one that it has."""
    return _photo(operations.set_photo(by, site, operations.checked_photo(_bytes_of(file))))


@routes.get("/sites/{key}/photo/{size}", at_node(LOOK, Kind.SITE))
def read_picture(by: Acting, site: Node, size: Literal["large", "small"]) -> HttpResponse:
    """The photo itself, as JPEG, at most 1600 or 640 pixels wide and high."""
    row = _of_site(by, site)
    return handed_out(queries.picture_of(by, row, size), "image/jpeg", f"{row.key}.jpg")


@routes.delete("/sites/{key}/photo", at_node(CONFIGURE, Kind.SITE))
def remove_photo(by: Acting, site: Node) -> None:
    """The site has no photo any more."""
    operations.remove_photo(by, site)


def _bytes_of(file: UploadedFile) -> bytes:
    return bytes(file.read(LARGEST_FILE + 1))


def _of_site(by: Acting, site: Node) -> PhotoRow:
    row = queries.photo_of_site(by, site)
    if row is None:
        raise NotThere("no-photo", sentence("not-visible"))
    return row


def _shown(row: Row) -> Attachment:
    return Attachment(
        key=row.key,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        added_by=str(row.added_by) if row.added_by else "",
        added_at=row.added_at,
        version=row.version,
    )


def _photo(row: PhotoRow) -> Photo:
    return Photo(key=row.key, width=row.width, height=row.height, sha256=row.sha256, added_at=row.added_at)
