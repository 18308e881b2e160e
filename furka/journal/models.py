"""Events and the chains that hold them together.

The journal keeps ids and names as values, without foreign keys: it outlives what it describes.
"""

from __future__ import annotations

from django.db import models


class Chain(models.Model):
    """One chain of events: all that happened under one top-level node. Its row is locked while a link is added."""

    key = models.CharField(max_length=12, unique=True)  # key of the top-level node
    length = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.key}: {self.length}"


class Event(models.Model):
    """Something that was done or that happened: when, who, on whose behalf, where, what, because of which grant."""

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="events")
    number = models.BigIntegerField()  # from 1, without gaps within its chain
    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    actor_id = models.BigIntegerField(null=True)  # person; null: a program of the installation
    actor_name = models.CharField(max_length=160)
    via = models.CharField(max_length=20)
    on_behalf_of = models.CharField(max_length=160, default="")
    grant_key = models.CharField(max_length=12, default="")
    node_id = models.BigIntegerField()
    node_key = models.CharField(max_length=12)
    node_name = models.CharField(max_length=120)
    reseller_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["chain", "number"], name="event_number_once"),)
        indexes = (
            models.Index(fields=["-at", "-id"], name="event_in_order"),
            models.Index(fields=["node_id", "-at"], name="event_of_node"),
            models.Index(fields=["reseller_id", "-at"], name="event_of_reseller"),
            models.Index(fields=["customer_id", "-at"], name="event_of_customer"),
        )
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action}"
