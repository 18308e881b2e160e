"""What the cloud is made of, which parts lean on which, and how often they are looked at."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

#: Seconds between two looks at everything.
EVERY = timedelta(seconds=settings.LOOK_EVERY)
#: Without any look for so long, nobody knows how the cloud is now.
STALE = 6 * EVERY
#: What a look found in detail is kept for so long; sums of hours and days are kept longer.
KEEP_RESULTS = timedelta(days=3)
KEEP_HOURS = timedelta(days=14)
KEEP_DAYS = timedelta(days=800)
#: A part that was not looked at for so long, while others were, is no part any more.
RETIRED_AFTER = timedelta(hours=1)


class Kind(models.TextChoices):
    """The parts of the cloud."""

    PORTAL = "portal", _("Portal")
    DATABASE = "database", _("Database")
    WORKER = "worker", _("Background work")
    MAIL = "mail", _("Mail")
    HUB = "hub", _("Hub")
    RELAY = "relay", _("Way over TCP 443")
    TIME = "time", _("Time")
    CERTIFICATE = "certificate", _("Certificate")
    DISK = "disk", _("Disk space")


class Group(models.TextChoices):
    """Parts that belong together on the page."""

    PORTAL = "portal", _("Portal and notices")
    TUNNELS = "tunnels", _("Remote access")
    MACHINE = "machine", _("Machine")


GROUP_OF = {
    Kind.PORTAL: Group.PORTAL,
    Kind.DATABASE: Group.PORTAL,
    Kind.WORKER: Group.PORTAL,
    Kind.MAIL: Group.PORTAL,
    Kind.HUB: Group.TUNNELS,
    Kind.RELAY: Group.TUNNELS,
    Kind.TIME: Group.MACHINE,
    Kind.CERTIFICATE: Group.MACHINE,
    Kind.DISK: Group.MACHINE,
}

#: What falls with what: an incident of the one takes in the other, so that one fault is one alarm.
LEANS_ON = {
    Kind.PORTAL: (Kind.DATABASE, Kind.DISK, Kind.CERTIFICATE),
    Kind.WORKER: (Kind.DATABASE, Kind.DISK),
    Kind.DATABASE: (Kind.DISK,),
    Kind.HUB: (Kind.PORTAL, Kind.DATABASE),
    Kind.RELAY: (Kind.HUB,),
}


def belongs_to(kind: str, hub_id: int | None, other_kind: str, other_hub_id: int | None) -> bool:
    """Whether an incident of one part takes in that of another, which leans on it or on which it leans."""
    if hub_id is not None and other_hub_id is not None:
        return hub_id == other_hub_id
    one, other = Kind(kind), Kind(other_kind)
    return other in LEANS_ON.get(one, ()) or one in LEANS_ON.get(other, ())
