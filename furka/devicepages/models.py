"""Open pages."""

from __future__ import annotations

from ipaddress import IPv4Address

from django.conf import settings
from django.db import models
from django.db.models import Q

from furka.plan.addressing import PLAN, nth_address
from furka.sites.models import Device
from furka.tree.guard import Owned
from furka.vault import public_key_id


class OpenPage(Owned):
    """The page of a device, open in one browser of one person: an end of its own for the doors of the hub.

    It never lasts longer than the access it was opened with, and ends with the login in the portal.
    """

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+")
    number = models.IntegerField()  # of its source address; given out again after all others
    label = models.CharField(max_length=40, unique=True)  # the first label of its host name
    ticket_hash = models.CharField(max_length=64)  # SHA-256 of what opens it once
    ticket_until = models.DateTimeField()
    login_hash = models.CharField(max_length=64, default="")  # of the login's key; empty: opened by a program
    language = models.CharField(max_length=10, default="en")
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=20, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["number"], condition=Q(ended_at=None), name="page_address_once"),
        )
        indexes = (
            models.Index(fields=["person", "node"], condition=Q(ended_at=None), name="page_open_of_person"),
            models.Index(fields=["login_hash"], condition=Q(ended_at=None), name="page_open_of_login"),
            models.Index(fields=["ends_at"], condition=Q(ended_at=None), name="page_open_until"),
        )
        ordering = ("-opened_at",)

    def __str__(self) -> str:
        return f"{self.key} {self.opened_at}"

    @property
    def address(self) -> IPv4Address:
        """From which the device is asked."""
        return nth_address(PLAN.pages, self.number)
