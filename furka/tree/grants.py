"""Rows of grants. Only `tree` and `dispatch` read them; everybody else asks the policy.

A grant is never overwritten: rows of one `series` follow each other in time, and only `ended_at` of a row is ever set.
So "who could reach this site at that moment, and because of what" has an exact answer.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from furka.tree.guard import Owned
from furka.vault import public_key_id


class State(models.TextChoices):
    """Where a grant stands in its life. That it has expired is said by its time, not by a state."""

    INVITED = "invited", _("invited")
    ACTIVE = "active", _("active")
    PAUSED = "paused", _("paused")
    ENDED = "ended", _("ended")


class Relation(models.TextChoices):
    """Whose person it is: what the screen calls it, not what it may do."""

    STAFF = "staff", _("Staff")
    SUPPORTER = "supporter", _("Supporter")
    SITE_USER = "site_user", _("Site user")


class EndedBecause(models.TextChoices):
    """Why the last row of a series ended."""

    REVOKED = "revoked", _("revoked")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("expired")
    CHANGED = "changed", _("changed")


class Grant(Owned):
    """One row in the life of a person's rights on a node."""

    series = models.CharField(max_length=12, default=public_key_id, editable=False)  # public key of the grant
    state = models.CharField(max_length=8, choices=State.choices)
    relation = models.CharField(max_length=10, choices=Relation.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    email = (
        models.EmailField()
    )  # who was invited; stays after acceptance; "" for a link that anybody may open once
    role = models.CharField(max_length=30, default="")  # "" if the rights were picked by hand
    rights: models.JSONField[Any, Any] = models.JSONField()  # sorted list of keys
    narrowing: models.JSONField[Any, Any] = models.JSONField(
        null=True
    )  # to which part of sites; null: to all of it
    depth = models.PositiveSmallIntegerField(
        null=True
    )  # how many times it may be passed on; null: without end
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    windows: models.JSONField[Any, Any] = models.JSONField(default=list)
    time_zone = models.CharField(
        max_length=40
    )  # of the clock that the windows are read on; stays as it was granted
    # Only asking is allowed: each time somebody must say yes, and then another grant is made that falls with this one.
    on_request = models.BooleanField(default=False)
    approved = models.BooleanField(default=False)  # it came of such a yes, or of an emergency
    reason = models.CharField(max_length=500, default="")
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    on_behalf_of = models.CharField(max_length=160, default="")
    source_series = models.CharField(
        max_length=12, default="", db_index=True
    )  # the grant that this one falls with
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=10, choices=EndedBecause.choices, default="")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["series"], condition=Q(ended_at=None), name="one_live_row_per_grant"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="grant_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.ACTIVE, State.PAUSED]) | Q(person__isnull=False),
                name="active_grant_has_person",
            ),
        )
        indexes = (
            models.Index(fields=["node", "ended_at"], name="grant_of_node"),
            models.Index(fields=["person", "ended_at"], name="grant_of_person"),
            # What waits and what ends soon, anywhere below a level: the next few without a look at all the others.
            models.Index(
                fields=["state", "begun_at", "id"], name="live_grant_by_begin", condition=Q(ended_at=None)
            ),
            models.Index(
                fields=["state", "valid_until", "id"], name="live_grant_by_end", condition=Q(ended_at=None)
            ),
        )
        ordering = ("-begun_at", "-id")

    def __str__(self) -> str:
        return f"{self.email} → {self.node_id} ({self.state})"


class GrantInterval(models.Model):
    """When a grant row is really in force, with windows, pauses and the grant it falls with already reckoned in.

    Lists, decisions, plan entries and kernel timeouts all come from these rows.
    """

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="intervals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey("tree.Node", on_delete=models.CASCADE, related_name="+")
    rights: models.JSONField[Any, Any] = models.JSONField()
    narrowing: models.JSONField[Any, Any] = models.JSONField(null=True)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("begins_at")),
                name="interval_ends_after_it_begins",
            ),
        )
        indexes = (
            models.Index(fields=["person", "ends_at", "begins_at"], name="interval_of_person"),
            models.Index(fields=["node", "ends_at"], name="interval_of_node"),
        )

    def __str__(self) -> str:
        return f"{self.grant_id}: {self.begins_at} – {self.ends_at}"


class Invitation(models.Model):
    """The link that was sent to somebody: whoever holds it, and the address it was sent to, may accept."""

    grant_series = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64, unique=True)
    sealed_secret = models.TextField()  # so that the link can be copied and sent again
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)  # of a link for anybody: when somebody took it up

    def __str__(self) -> str:
        return self.grant_series
