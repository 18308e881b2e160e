"""Named reads of many sites at once: how they are, in numbers and as a list."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from furka.access.rights import LOOK
from furka.sites.models import Gateway
from furka.sites.queries import HUB_SILENT_AFTER, is_silent
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import children
from furka.tunnel.models import Hub

#: The states of sites in the order of how much they need somebody.
STATES = ("offline", "unknown", "without-gateway", "online")


@dataclass(frozen=True, slots=True)
class SiteNumbers:
    """How many sites there are, and how they are."""

    total: int
    online: int
    offline: int
    unknown: int

    @property
    def without_gateway(self) -> int:
        return self.total - self.online - self.offline - self.unknown


def site_numbers(by: Acting, node: Node) -> SiteNumbers:
    """The numbers of the sites below a node as far as the one who acts may see them, without the archive; three
    queries."""
    silent = {hub.pk for hub in Hub.objects.all() if is_silent(hub, by.at)}
    found = Counter[str]()
    for hub_id, online, count in _gateways_in_numbers(by, node):
        found["unknown" if hub_id in silent else "online" if online else "offline"] += count
    total = children(by, node, Kind.SITE).filter(archived_at=None).count()
    return SiteNumbers(total, found["online"], found["offline"], found["unknown"])


def _gateways_in_numbers(by: Acting, node: Node) -> QuerySet[Gateway, tuple[int, bool, int]]:
    """How many gateways there are, by their hub and whether they are online."""
    gateways = Gateway.objects.visible_to(by, LOOK).filter(_at_sites_below(by, node), released_at=None)
    if node.kind == Kind.OPERATOR and by.scope(LOOK).scope.everything:
        # Of so many, those are counted off that do not count: an index has them, and nobody looks at all the rest.
        aside = Node.objects.everything("counted off").filter(
            Q(archived_at__isnull=False) | Q(deleted_at__isnull=False)
        )
        rows = Gateway.objects.everything("whoever sees everything counts everything")
        gateways = rows.filter(released_at=None).exclude(node_id__in=aside.values("pk"))
    else:
        gateways = gateways.filter(node__archived_at=None)
    return gateways.values_list("hub_id", "online").annotate(count=Count("pk")).order_by()


def sites_of(by: Acting, node: Node, *, state: str = "", attention: bool = False) -> QuerySet[Node]:
    """The sites below a node; only those in one of STATES, or all that are not online, if asked for."""
    rows = children(by, node, Kind.SITE)
    if state:
        rows = rows.filter(_in_state(state, by.at))
    if attention:
        rows = rows.filter(~_in_state("online", by.at))
    return rows


def by_state(by: Acting, sites: QuerySet[Node]) -> list[QuerySet[Node]]:
    """The same sites in the order of STATES, one query for each: no column has to be reckoned for every row."""
    return [sites.filter(_in_state(state, by.at)) for state in STATES]


def _in_state(state: str, at: datetime) -> Q:
    """The condition on sites in one of STATES. What is so of few sites is looked for among the gateways; what is so of
    most, site by site, until there are enough of them."""
    gateways = Gateway.objects.everything("joined to sites that the one who acts may see")
    serving = gateways.filter(released_at=None)
    own = serving.filter(node=OuterRef("pk"))
    match state:
        case "without-gateway":
            return ~Q(Exists(own))
        case "online":
            return Q(Exists(own.filter(_heard(at), online=True)))
        case "unknown":
            return Q(pk__in=serving.filter(~_heard(at)).values("node_id"))
        case _:
            return Q(pk__in=serving.filter(_heard(at), online=False).values("node_id"))


def gateways_in_need(by: Acting, node: Node, most: int) -> list[Gateway]:
    """Gateways below a node that are offline or whose hub is silent, those first that have been so for longest."""
    rows = Gateway.objects.visible_to(by, LOOK).filter(
        _at_sites_below(by, node),
        ~_heard(by.at) | Q(online=False),
        released_at=None,
        node__archived_at=None,  # nobody waits for what was put aside
    )
    return list(
        rows.select_related("node", "node__customer", "hub").order_by("online_changed_at", "pk")[:most]
    )


def _heard(at: datetime) -> Q:
    """The condition on gateways whose hub is not silent."""
    return Q(hub__seen_at__gte=at - HUB_SILENT_AFTER)


def _at_sites_below(by: Acting, node: Node) -> Q:
    """The condition on gateways of sites at or below a level: from the few sites of a small one, not from them all."""
    if node.kind == Kind.OPERATOR:
        return Q()
    if node.is_site:
        return Q(node_id=node.pk)
    return Q(node_id__in=children(by, node, Kind.SITE).order_by().values("pk"))
