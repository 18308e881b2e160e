"""Hubs, profiles, and counters of the address plan."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.plan.addressing import PLAN, nth_address
from furka.vault import public_key_id


class Counter(models.Model):
    """The last number that was given out of one range; its row is locked while the next is drawn."""

    name = models.CharField(max_length=20, primary_key=True)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}: {self.last}"


class Hub(models.Model):
    """A server that ends tunnels. `revision` numbers the changes of its plan; its row is locked while one is drawn."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    name = models.CharField(max_length=80, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    number = models.IntegerField(unique=True)
    public_key = models.CharField(max_length=44, default="")
    endpoint = models.CharField(max_length=270, default="")
    relay_endpoint = models.CharField(max_length=270, default="")  # where its relay is; empty: it has none
    relay_certificate = models.TextField(default="")  # the relay's own, PEM; empty: a known authority's
    back_end = models.CharField(max_length=20, default="")
    version = models.CharField(max_length=40, default="")
    pages = models.CharField(max_length=200, default="")  # where pages of devices open; empty: nowhere
    revision = models.BigIntegerField(default=0)
    complete_before = models.BigIntegerField(default=0)  # who knows less than this gets everything anew
    applied_revision = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, default="")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def is_ready(self) -> bool:
        """Whether it has said where its tunnels end."""
        return bool(self.public_key and self.endpoint)

    @property
    def topic(self) -> str:
        """Under which its plan's news is told."""
        return f"hub:{self.pk}"


class NamesBy(models.TextChoices):
    """How a person's device learns the names of what it reaches."""

    NOBODY = "off", _("Not at all: I use addresses, or set it up myself")
    APP = "app", _("By the WireGuard app (Windows)")
    RESOLVED = "resolved", _("By the system (Linux with systemd-resolved)")


class Profile(models.Model):
    """A person's end of a tunnel on one of their devices. Its private key was made there and is not known here.

    The pre-shared key, which both ends know, makes what is recorded today safe from tomorrow's quantum computers.
    """

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profiles")
    hub = models.ForeignKey(Hub, on_delete=models.PROTECT, related_name="profiles")
    name = models.CharField(max_length=60)
    public_key = models.CharField(max_length=44)
    number = models.IntegerField(unique=True)
    names = models.CharField(max_length=10, choices=NamesBy.choices, default=NamesBy.NOBODY)
    real = models.BooleanField(
        default=False
    )  # it sends private addresses into the tunnel, for one plant at a time
    sealed_preshared = models.TextField(default="")  # empty: none, as before there was one for each
    created_at = models.DateTimeField()
    key_made_at = models.DateTimeField(null=True)  # of the present key; empty: with the profile
    revoked_at = models.DateTimeField(null=True)
    online = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True)
    handshake_at = models.DateTimeField(null=True)
    endpoint = models.CharField(max_length=80, default="")  # from where its tunnel comes
    lately: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(default=list)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["public_key"], condition=Q(revoked_at=None), name="profile_key_once"
            ),
        )
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> IPv4Address:
        """Its address inside the tunnel."""
        return nth_address(PLAN.profiles, self.number)

    @property
    def key_since(self) -> datetime:
        """Since when it has the key that it has."""
        return self.key_made_at or self.created_at
