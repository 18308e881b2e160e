"""Named reads of connections: who is in which site, and who was."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Coalesce

from furka.access.rights import LOOK, PEOPLE
from furka.connections.models import Connection, Way
from furka.tree.acting import Acting
from furka.tree.history import of_their_time
from furka.tree.models import Kind, Node

_THEIRS = "narrowed to what happened where the one who acts administered people"
_OWN = "a person's own connections"

#: So many that run are shown on one page, the newest first; the history has them all.
MOST_RUNNING = 100


@dataclass(frozen=True, slots=True)
class Sought:
    """Which connections: all that is said must fit. `since` is included, `before` is not."""

    text: str = ""  # in the name or the address of the person, or in the name of the site
    person: str = ""  # the person's key
    site: str = ""  # the site's key
    way: str = ""  # tunnel, page, or relay: the site was reached over TCP 443
    since: datetime | None = None
    before: datetime | None = None
    running: bool = False


def connections_of(by: Acting, node: Node, sought: Sought = Sought()) -> QuerySet[Connection]:  # frozen
    """The connections at a level and below, newest first, for whoever administers people there; else none.

    A level may have moved: what happened while it was elsewhere is for those who had it then.
    """
    if not by.may(PEOPLE, node.place):
        return Connection.objects.none()
    columns = {Kind.RESELLER: "reseller_id", Kind.CUSTOMER: "customer_id", Kind.SITE: "node_id"}
    rows = Connection.objects.everything(_THEIRS).filter(of_their_time(by, node, PEOPLE))
    if node.kind != Kind.OPERATOR:
        rows = rows.filter(**{columns[Kind(node.kind)]: node.pk})
    return _chosen(rows, sought)


def own_connections(by: Acting, sought: Sought = Sought()) -> QuerySet[Connection]:  # frozen
    """One's own connections, newest first, wherever they led."""
    if by.person_id is None or by.looks_only:
        return Connection.objects.none()
    rows = Connection.objects.everything(_OWN).filter(person_id=by.person_id)
    if by.limit is not None:  # a token may be for one level only
        rows = rows.filter(by.scope(LOOK).condition("node__", "node_id"))
    return _chosen(rows, sought)


def running(rows: QuerySet[Connection]) -> list[Connection]:
    """Those of them that go on."""
    return list(rows.filter(ended_at=None, node__deleted_at=None)[:MOST_RUNNING])


def inside(by: Acting, site: Node) -> dict[int, Connection]:
    """Who is in a site's network at this moment, by person, for whoever administers people there."""
    rows = connections_of(by, site).filter(ended_at=None).order_by("began_at")
    return {row.person_id: row for row in rows}


def last_inside_below(by: Acting, node: Node, persons: Collection[int]) -> dict[int, datetime]:
    """When each of these persons was in the network of a site at or below a level last, for whoever administers people
    there."""
    if not persons:
        return {}
    found = connections_of(by, node).filter(person_id__in=persons).order_by().values("person_id")
    last = found.annotate(last=Max(Coalesce("ended_at", "began_at")))
    return dict(last.values_list("person_id", "last"))


def _chosen(rows: QuerySet[Connection], sought: Sought) -> QuerySet[Connection]:
    if sought.text:
        about = ("person__name", "person__email", "node__name")
        found = Q()
        for column in about:
            found |= Q(**{f"{column}__icontains": sought.text})
        rows = rows.filter(found)
    if sought.person:
        rows = rows.filter(person__key=sought.person)
    if sought.site:
        rows = rows.filter(node__key=sought.site)
    if sought.way == "relay":
        rows = rows.filter(relayed=True)
    elif sought.way:
        rows = rows.filter(way=sought.way) if sought.way in Way else rows.none()
    if sought.since is not None:
        rows = rows.filter(began_at__gte=sought.since)
    if sought.before is not None:
        rows = rows.filter(began_at__lt=sought.before)
    if sought.running:
        rows = rows.filter(ended_at=None)
    return rows.select_related("person", "node").order_by("-began_at", "-id")
