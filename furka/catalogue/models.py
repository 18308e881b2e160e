"""What a service is set to at a node."""

from __future__ import annotations

from typing import Any

from django.db import models

from furka.tree.guard import Owned


class ServiceChoice(Owned):
    """The settings of one service at one node; without a row the defaults hold."""

    service = models.CharField(max_length=30)
    settings: models.JSONField[Any, Any] = models.JSONField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node", "service"], name="one_choice_per_service"),)

    def __str__(self) -> str:
        return f"{self.service} at {self.node_id}"
