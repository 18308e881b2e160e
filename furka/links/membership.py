"""Whether a site can be in a link: it stands below the link's level, is in service, and its owner leaves that to them.

Asked when a site joins, at the end of whatever changes something at a site (`leaving`), and once more when the plan is
compiled, so that none of the three has to trust the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from furka.access import facts
from furka.access.policy import reaches
from furka.access.standing import is_left_to
from furka.links.models import LinkMember
from furka.links.rights import MANAGE_LINKS
from furka.tree.ceilings import ceilings_over
from furka.tree.models import Node
from furka.tunnel.models import Hub


class Why(models.TextChoices):
    """Why a site can not be in a link, or has left it."""

    MOVED = "moved", _("The site no longer belongs to this level.")
    CEILING = "ceiling", _("The owner of the site does not leave links to this level.")
    ARCHIVED = "archived", _("The site is archived.")
    DELETED = "deleted", _("The site was deleted.")
    NETWORK = "network", _("The network that took part was removed.")
    TAKEN_OUT = "taken-out", _("Somebody at the site has taken it out.")


def why_not(level: Node, site: Node, ceilings: Iterable[facts.Ceiling]) -> Why | None:
    """Why a site can not be in links of a level; None if it can.

    While the level itself is archived or deleted, its links sleep with all that is in them.
    """
    if not reaches(level.place.kind, level.pk, site.place):
        return Why.MOVED
    if site.deleted_at is not None and level.deleted_at is None:
        return Why.DELETED
    if site.archived_at is not None and level.archived_at is None:
        return Why.ARCHIVED
    if not is_left_to(level.place, MANAGE_LINKS, site.place, ceilings):
        return Why.CEILING
    return None


def lapsed(members: Iterable[LinkMember], at: datetime) -> list[tuple[LinkMember, Why]]:
    """Those of these members that can no longer be in their links; one query, and one for the hours of ceilings."""
    rows = list(members)
    ceilings = ceilings_over([row.node for row in rows], at) if rows else ()
    found = []
    for row in rows:
        why = why_not(row.link.node, row.node, ceilings)
        if why is None and not row.whole and row.network_id is None:
            why = Why.NETWORK
        if why is not None:
            found.append((row, why))
    return found


def lock_links() -> None:
    """Lock who is in which link until the commit, as the plan is locked: the rows of the hubs.

    Who joins and who is made to leave wait for each other here, so neither misses the other. Rows of levels are locked
    before it, never after.
    """
    list(Hub.objects.select_for_update(no_key=True).order_by("pk"))
