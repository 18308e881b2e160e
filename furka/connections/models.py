"""Connections: who entered which site, from which device or page, when, and what passed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.tree.guard import Owned
from furka.tunnel.models import Hub
from furka.vault import public_key_id


class Way(models.TextChoices):
    """How somebody enters a site."""

    TUNNEL = "tunnel", _("Tunnel")
    PAGE = "page", _("Page in the browser")


class Connection(Owned):
    """Somebody in the network of a site, from their first packet until nothing passes any more.

    The levels above are those of that time: what happened under another owner is read by that one. The token makes a
    report that is sent twice count once.
    """

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    reseller_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=64)
    way = models.CharField(max_length=8, choices=Way.choices, default=Way.TUNNEL)
    relayed = models.BooleanField(default=False)  # the site's own tunnel went over TCP 443 when it began
    begun_with = models.CharField(max_length=60, default="")  # the person's device; empty for a page
    page_of = models.CharField(max_length=80, default="")  # the device whose page it is
    began_at = models.DateTimeField()
    told_at = models.DateTimeField()  # when the hub last said what passed
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=20, default="")
    to_site = models.BigIntegerField(default=0)  # bytes
    from_site = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hub", "token"], name="connection_counted_once"),)
        indexes = (
            models.Index(fields=["-began_at", "-id"], name="connection_in_order"),
            models.Index(fields=["node", "-began_at"], name="connection_of_site"),
            models.Index(fields=["person", "-began_at"], name="connection_of_person"),
            models.Index(fields=["reseller_id", "-began_at"], name="connection_of_reseller"),
            models.Index(fields=["customer_id", "-began_at"], name="connection_of_customer"),
            models.Index(fields=["node"], condition=Q(ended_at=None), name="connection_running"),
        )
        ordering = ("-began_at", "-id")

    def __str__(self) -> str:
        return f"{self.node_id} {self.began_at}"

    @property
    def is_running(self) -> bool:
        """Whether it goes on, as far as is known."""
        return self.ended_at is None

    @property
    def bytes(self) -> int:
        """What passed, both ways together."""
        return self.to_site + self.from_site
