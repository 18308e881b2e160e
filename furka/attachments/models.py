"""Documents and photos of sites. Their bytes are in rows like everything else, saved and deleted with the rest."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from furka.tree.guard import Owned
from furka.vault import public_key_id


class Attachment(Owned):
    """A file that somebody put to a site: a document, in one of its versions."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    name = models.CharField(max_length=120)  # with an ending that fits what is in it
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()  # in bytes
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()  # lists leave it where it is
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    added_at = models.DateTimeField()
    series = models.CharField(max_length=12, editable=False)  # the key of its first version
    version = models.PositiveSmallIntegerField(default=1)
    replaced_at = models.DateTimeField(null=True)  # since then there is a newer one

    class Meta:
        ordering = ("-added_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["node", "series"], condition=models.Q(replaced_at=None), name="one_newest_version"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Photo(Owned):
    """How a site looks, in two sizes. One per site at most; a new one has a new key."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    large = models.BinaryField()
    small = models.BinaryField()
    width = models.PositiveIntegerField()  # of the large one
    height = models.PositiveIntegerField()
    small_width = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)  # of the large one
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    added_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node"], name="photo_once_per_site"),)

    def __str__(self) -> str:
        return f"{self.node_id}: {self.width} × {self.height}"
