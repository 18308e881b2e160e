"""Connection tests."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from furka.sites.models import Device, Gateway
from furka.tree.guard import Owned
from furka.vault import public_key_id

#: A hub that has not answered by then does not answer any more.
LASTS = timedelta(seconds=30)


class Reply(models.TextChoices):
    """What the device did when the hub tried it."""

    ANSWERS = "answers", _("answers")
    REFUSES = "refuses", _("refuses")
    SILENT = "silent", _("is silent")
    NO_WAY = "no-way", _("is not there")
    NOT_TRIED = "not-tried", _("was not tried")


class Trial(Owned):
    """One connection test: whose doors to one port of one device are open, and whether the device answers there.

    What the hub says of it is believed about that alone.
    """

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, related_name="+")
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, related_name="+")
    address = models.GenericIPAddressField(protocol="IPv4")  # in the plant
    reached_at = models.GenericIPAddressField(protocol="IPv4")  # in the tunnel
    protocol = models.CharField(max_length=3)
    port = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)  # the hub has it
    done_at = models.DateTimeField(null=True)
    ends = models.PositiveSmallIntegerField(default=0)  # so many ends of tunnels were looked up
    door = models.BooleanField(null=True)  # whether one of them has an open door; null: not known
    door_until = models.DateTimeField(null=True)  # of an open one; null: without end
    tunnel = models.BooleanField(null=True)  # whether the plant's tunnel is up
    handshake_seconds = models.PositiveIntegerField(null=True)
    reply = models.CharField(max_length=10, choices=Reply.choices, default="")  # empty: not known
    milliseconds = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["gateway", "asked_at"],
                condition=models.Q(handed_at=None),
                name="trial_waiting",
            ),
            models.Index(fields=["asked_by", "-asked_at"], name="trial_of_person"),
            models.Index(fields=["node", "-asked_at"], name="trial_of_site"),
        )
        ordering = ("-asked_at", "-id")

    def __str__(self) -> str:
        return f"{self.key} {self.asked_at}"

    def state_at(self, at: datetime) -> str:
        """`waiting`, `done`, or `lapsed`: the hub did not answer in time."""
        if self.done_at is not None:
            return "done"
        return "waiting" if at < self.asked_at + LASTS else "lapsed"

    def seconds_left(self, at: datetime) -> int:
        """Until it lapses, if nobody answers."""
        return max(0, int((self.asked_at + LASTS - at).total_seconds()) + 1)
