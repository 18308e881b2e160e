"""Changes of what is put to a site: documents come and go, and so does the photo."""

from __future__ import annotations

import hashlib

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE
from furka.attachments.kinds import LARGEST_FILE, Checked
from furka.attachments.models import Attachment, Photo
from furka.attachments.pictures import Sized, photo_of
from furka.errors import Conflict, Invalid, NotThere
from furka.tree.locking import lock_to_build_on
from furka.tree.models import Kind, Node
from furka.tree.operation import Work, operation
from furka.tree.queries import rows_below
from furka.tree.reasons import sentence
from furka.tree.samples import refuse_in_sample

MOST_FILES = 200
#: In bytes: at a site, and at all sites of a top level together.
MOST_AT_SITE = 500_000_000
MOST_AT_TOP = 20_000_000_000

_DECIDED = "the right was decided on the site"


@operation(CONFIGURE)
def attach(work: Work, site: Node, file: Checked) -> Attachment:
    """Put a file to a site. The same file twice is there once; another one of the same name is its next version."""
    refuse_in_sample(work)  # it would keep anybody's files for nobody
    _must_be_site(site)
    lock_to_build_on(site)
    return _put(work, site, file, _newest(node=site, name=file.name))


@operation(CONFIGURE)
def attach_version(work: Work, attachment: Attachment, file: Checked) -> Attachment:
    """Put the next version of a document to its site, whatever it is called. The older ones stay."""
    refuse_in_sample(work)
    site = attachment.node
    lock_to_build_on(site)
    before = _newest(node=site, series=attachment.series)
    if before is None:
        raise NotThere("not-there", sentence("not-visible"))
    return _put(work, site, file, before)


def _newest(**which: object) -> Attachment | None:
    """The newest version of a document; its bytes stay where they are."""
    rows = Attachment.objects.everything(_DECIDED).defer("content")
    return rows.filter(replaced_at=None, **which).first()


def _put(work: Work, site: Node, file: Checked, before: Attachment | None) -> Attachment:
    if before is not None and (before.name, before.sha256) == (file.name, file.sha256):
        return before
    _must_have_room(site, len(file.content))
    row = Attachment(
        node=site,
        name=file.name,
        media_type=file.media_type,
        size=len(file.content),
        sha256=file.sha256,
        content=file.content,
        added_by_id=work.by.person_id,
        added_at=work.at,
    )
    row.series = row.key
    if before is not None:
        row.series, row.version = before.series, before.version + 1
        before.replaced_at = work.at
        before.save(update_fields=["replaced_at"])
    row.save(force_insert=True)
    work.record(site, "attachment.added" if before is None else "attachment.version", after=_told(row))
    return row


@operation(CONFIGURE)
def detach(work: Work, attachment: Attachment) -> None:
    """A document is no longer there, in none of its versions; of an older version: that one alone."""
    site, told = attachment.node, _told(attachment)
    rows = Attachment.objects.everything(_DECIDED).filter(node=site)
    is_newest = rows.filter(pk=attachment.pk, replaced_at=None).exists()
    rows.filter(**({"series": attachment.series} if is_newest else {"pk": attachment.pk})).delete()
    work.record(site, "attachment.removed" if is_newest else "attachment.version-removed", before=told)


def checked_photo(content: bytes) -> tuple[Sized, Sized]:
    """The two sizes of a photo, for `set_photo`. Raises Invalid."""
    if not content:
        raise Invalid.at("file", "file-empty", _("This file is empty."))
    if len(content) > LARGEST_FILE:
        raise Invalid.at("file", "file-too-large", _("This file is larger than 20 MB."))
    return photo_of(content)


@operation(CONFIGURE)
def set_photo(work: Work, site: Node, sizes: tuple[Sized, Sized]) -> Photo:
    """How the site looks, instead of the photo that it had."""
    refuse_in_sample(work)
    _must_be_site(site)
    lock_to_build_on(site)
    large, small = sizes
    Photo.objects.everything(_DECIDED).filter(node=site).delete()
    row = Photo.objects.create(
        node=site,
        large=large.content,
        small=small.content,
        width=large.width,
        height=large.height,
        small_width=small.width,
        sha256=hashlib.sha256(large.content).hexdigest(),
        added_by_id=work.by.person_id,
        added_at=work.at,
    )
    work.record(site, "photo.set")
    return row


@operation(CONFIGURE)
def remove_photo(work: Work, site: Node) -> None:
    """The site has no photo any more."""
    gone, _each = Photo.objects.everything(_DECIDED).filter(node=site).delete()
    if gone:
        work.record(site, "photo.removed")


def _must_be_site(node: Node) -> None:
    if node.kind != Kind.SITE:
        raise Invalid("not-a-site", _("Only sites have documents and a photo."))


def _must_have_room(site: Node, more: int) -> None:
    at_site = Attachment.objects.everything(_DECIDED).filter(node=site)
    if at_site.count() >= MOST_FILES:
        raise Conflict("too-many-files", _("A site has at most 200 documents. Please remove some first."))
    if _taken(Q(node=site)) + more > MOST_AT_SITE:
        raise Conflict(
            "site-full", _("The documents of a site take at most 500 MB. Please remove some first.")
        )
    top = site.reseller or site.customer or site
    if _taken(rows_below(top)) + more > MOST_AT_TOP:
        raise Conflict(
            "level-full", _("The documents of all sites together take up all the room there is for them.")
        )


def _taken(which: Q) -> int:
    rows = Attachment.objects.everything(_DECIDED).filter(which)
    return int(rows.aggregate(all=Sum("size"))["all"] or 0)


def _told(row: Attachment) -> dict[str, str | int]:
    told: dict[str, str | int] = {"file": row.name, "bytes": row.size, "hash": row.sha256}
    return told if row.version == 1 else {**told, "version": row.version}
