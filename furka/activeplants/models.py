"""The plant that a device has at hand."""

from __future__ import annotations

from django.db import models

from furka.tree.guard import Owned
from furka.tunnel.models import Profile


class ActivePlant(Owned):
    """One person's device reaches this plant under its real addresses too, as far as the person may enter it."""

    profile = models.OneToOneField(Profile, on_delete=models.CASCADE, related_name="active_plant")
    chosen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.profile_id} {self.node_id}"
