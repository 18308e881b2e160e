"""What became of a site's gateway: when it came and went, which way its tunnel took, from where it came."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK
from furka.sites.models import Gateway
from furka.tree.acting import Acting
from furka.tree.guard import Owned
from furka.tree.models import Node

#: So long changes are kept; what matters for longer stands in the journal.
KEPT = timedelta(days=400)


class Change(models.TextChoices):
    """What was different."""

    ONLINE = "online", _("Online")
    OFFLINE = "offline", _("Offline")
    PATH = "path", _("Way of the tunnel")
    ADDRESS = "address", _("Internet address")
    VERSION = "version", _("Version")
    LINKED = "linked", _("Connected to the site")
    UNLINKED = "unlinked", _("Released")


class GatewayChange(Owned):
    """One change, with what it is since then."""

    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    what = models.CharField(max_length=8, choices=Change.choices)
    value = models.CharField(max_length=100, default="")

    class Meta:
        indexes = (
            models.Index(fields=["node", "-at", "-id"], name="gateway_change_of_site"),
            models.Index(fields=["at"], name="gateway_change_by_age"),
        )
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.node_id} {self.at} {self.what} {self.value}"


def note(gateway: Gateway, what: Change, value: str, at: datetime) -> None:
    """Part of an operation: something about a gateway is different."""
    GatewayChange.objects.create(
        node_id=gateway.node_id, gateway=gateway, at=at, what=what, value=value[:100]
    )


def changes_of(
    by: Acting,
    site: Node,
    *,
    what: str = "",
    text: str = "",
    since: datetime | None = None,
    before: datetime | None = None,
) -> QuerySet[GatewayChange]:
    """What became of a site's gateways, newest first, those that served it earlier included."""
    rows = GatewayChange.objects.visible_to(by, LOOK).filter(node=site)
    if what:
        rows = rows.filter(what=what)
    if text:
        rows = rows.filter(value__icontains=text)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if before is not None:
        rows = rows.filter(at__lt=before)
    return rows.select_related("gateway").order_by("-at", "-id")


def forget_old(at: datetime) -> int:
    """Drop what is older than is kept."""
    rows = GatewayChange.objects.everything("time passes for everybody").filter(at__lt=at - KEPT)
    return rows.delete()[0]
