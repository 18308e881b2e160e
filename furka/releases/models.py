"""Rows of releases: who may be let in at a site by somebody on the spot, with which PIN, for how long."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from furka.tree.guard import Owned
from furka.vault import public_key_id


class PreparedRelease(Owned):
    """A supporter whom somebody at the site may let in. The PIN itself is kept nowhere."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    pin_hash = models.CharField(max_length=64)  # of site and PIN, with the installation's key
    minutes = models.PositiveIntegerField()
    prepared_at = models.DateTimeField()
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["node", "person"], condition=Q(ended_at=None), name="prepared_once_at_a_site"
            ),
            models.UniqueConstraint(
                fields=["node", "pin_hash"], condition=Q(ended_at=None), name="pin_once_at_a_site"
            ),
        )
        ordering = ("-prepared_at", "-id")

    def __str__(self) -> str:
        return f"{self.person_id} → {self.node_id}"
