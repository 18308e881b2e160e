"""Named reads of what hubs have seen."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Max
from django.db.models.functions import Coalesce

from furka.access.rights import PEOPLE
from furka.dispatch.models import SeenAccess
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import below


def inside(by: Acting, site: Node) -> dict[int, SeenAccess]:
    """Who is in a site's network at this moment, by person, for whoever administers people there."""
    if not by.may(PEOPLE, site.place):
        return {}
    rows = SeenAccess.objects.filter(site_id=site.pk, ended_at=None).order_by("began_at")
    return {row.person_id: row for row in rows if row.person_id is not None}


def last_inside(by: Acting, site: Node) -> dict[int, datetime]:
    """When each person was in a site's network last, for whoever administers people there."""
    if not by.may(PEOPLE, site.place):
        return {}
    rows = SeenAccess.objects.filter(site_id=site.pk, person_id__isnull=False).order_by().values("person_id")
    found = rows.annotate(last=Max(Coalesce("ended_at", "began_at"))).values_list("person_id", "last")
    return {person_id: last for person_id, last in found if person_id is not None}


def last_inside_below(by: Acting, node: Node, persons: Collection[int]) -> dict[int, datetime]:
    """When each of these persons was in the network of a site at or below a level last, for whoever administers people
    there."""
    if not persons or not by.may(PEOPLE, node.place):
        return {}
    rows = SeenAccess.objects.filter(person_id__in=persons)
    if node.kind != Kind.OPERATOR:
        sites = Node.objects.visible_to(by, PEOPLE).filter(below(node), kind=Kind.SITE)
        rows = rows.filter(site_id__in=sites.values("pk"))
    found = rows.order_by().values("person_id").annotate(last=Max(Coalesce("ended_at", "began_at")))
    return {person_id: last for person_id, last in found.values_list("person_id", "last") if person_id}
