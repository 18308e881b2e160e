"""Named reads of the journal: what was done and what happened at a level and below."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from furka.access.policy import Stretch
from furka.access.rights import JOURNAL, Right
from furka.journal.models import Event
from furka.tree.acting import Acting, any_of
from furka.tree.models import Kind, Node


def events_of(
    by: Acting,
    node: Node,
    *,
    actions: tuple[str, ...] = (),
    since: datetime | None = None,
    before: datetime | None = None,
) -> QuerySet[Event]:
    """The events at a level and below, newest first, for whoever may read the journal there; else none.

    A level may have moved: what happened while it was elsewhere is for those who had it then. Where somebody reads the
    journal of the level itself only, that is what happened under its owner of now.

    `actions` are beginnings of names of actions, such as `access.`; `since` is included, `before` is not.
    """
    if not by.may(JOURNAL, node.place):
        return Event.objects.none()
    columns = {
        Kind.OPERATOR: "",
        Kind.RESELLER: "reseller_id",
        Kind.CUSTOMER: "customer_id",
        Kind.SITE: "node_id",
    }
    column = columns[Kind(node.kind)]
    rows = Event.objects.filter(**{column: node.pk}) if column else Event.objects.all()
    rows = rows.filter(of_their_time(by, node, JOURNAL))
    if actions:
        chosen = Q()
        for beginning in actions:
            chosen |= Q(action__startswith=beginning)
        rows = rows.filter(chosen)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if before is not None:
        rows = rows.filter(at__lt=before)
    return rows.order_by("-at", "-id")


def of_their_time(by: Acting, node: Node, right: Right) -> Q:
    """The condition on what happened at a level while it was where the one who acts may do this: on rows with columns
    `node_id`, `customer_id` and `reseller_id`."""
    return any_of(_left_of(stretch, node) for stretch in by.scope(right).scope.stretches)


def _left_of(stretch: Stretch, node: Node) -> Q:
    found = _of_its_time(stretch, node)
    for column in ("node_id", "customer_id", "reseller_id") if stretch.closed else ():
        found &= Q(**{column: None}) | ~Q(**{f"{column}__in": sorted(stretch.closed)})
    return found


def _of_its_time(stretch: Stretch, node: Node) -> Q:
    if stretch.everything or node.pk in stretch.resellers | stretch.customers:
        return Q()
    found = Q(reseller_id__in=sorted(stretch.resellers)) | Q(customer_id__in=sorted(stretch.customers))
    if node.pk in stretch.nodes:
        owner = (
            {"customer_id": node.customer_id}
            if node.customer_id is not None
            else {"customer_id": None, "reseller_id": node.reseller_id}
        )
        found |= Q(node_id=node.pk) & (Q(**owner) if node.is_site else Q())
    return found
