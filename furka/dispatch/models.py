"""Stored plan entries."""

from __future__ import annotations

from typing import Any

from django.db import models

from furka.tunnel.models import Hub


class PlanEntry(models.Model):
    """One entry of a hub's plan, or the trace of one that is gone. `revision` says when it last changed."""

    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="entries")
    unit = models.CharField(max_length=60)
    # Of a visit, whose and where: to find doors although nobody holds anything there any more.
    person_id = models.BigIntegerField(null=True)
    site_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=120)
    body: models.JSONField[Any, Any] = models.JSONField()
    not_after = models.DateTimeField(null=True)
    revision = models.BigIntegerField()
    gone = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hub", "key"], name="one_entry_per_key"),)
        indexes = (
            models.Index(fields=["hub", "revision"], name="entry_by_revision"),
            models.Index(fields=["unit"], name="entry_of_unit"),
            models.Index(fields=["not_after"], name="entry_by_end"),
            models.Index(fields=["site_id", "person_id"], name="entry_of_site"),
            models.Index(fields=["person_id"], name="entry_of_person"),
        )

    def __str__(self) -> str:
        return f"{self.key} ({self.revision})"
