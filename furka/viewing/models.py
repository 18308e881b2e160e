"""Rows of views: who looked through whose eyes, at which level, from when to when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from furka.tree.guard import Owned
from furka.vault import public_key_id


class Viewing(Owned):
    """One look through somebody's eyes. It belongs to one session of the viewer, which knows its key."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    viewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["until"], name="viewing_open", condition=Q(ended_at=None)),)

    def __str__(self) -> str:
        return self.key
