"""The map of a level: its sites that have a place, with their states."""

from __future__ import annotations

from statistics import median

from django.db.models import Q
from django.http import HttpResponse

from furka.access.rights import CONFIGURE, LOOK
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.particulars.models import Particulars
from furka.portal.level_page import level_url, render_level, shown
from furka.portal.maps import Drawn, Mark, draw, draw_around
from furka.sites.queries import SiteState, states_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import rows_below

#: More sites than that are not drawn; the list has them all.
MOST_DRAWN = 2000
#: So many sites beside help to find a place.
MOST_BESIDE = 200
#: Where a map begins that knows nothing better.
MIDDLE_OF_SWITZERLAND = (8.23, 46.8)


@at_node(LOOK, Kind.OPERATOR, Kind.RESELLER, Kind.CUSTOMER)
def level_map(request: FurkaRequest, node: Node) -> HttpResponse:
    """Where the sites of a level are, and how they are."""
    by = request.by
    rows = Particulars.objects.visible_to(by, LOOK).filter(rows_below(node), node__kind=Kind.SITE)
    rows = rows.filter(node__archived_at=None).exclude(latitude=None).select_related("node")
    placed = list(rows.order_by("node__sort_key", "node_id")[: MOST_DRAWN + 1])
    drawn = draw(_marks(by, placed[:MOST_DRAWN]))
    context = {
        "map": drawn,
        "count": min(len(placed), MOST_DRAWN),
        "more": len(placed) > MOST_DRAWN,
        "list_url": level_url(node, "level-sites"),
        "may_configure": by.may(CONFIGURE, node.place),
    }
    template = "particulars/_map_page.html" if request.GET.get("part") else "particulars/map.html"
    return render_level(request, node, template, context, here="level-sites")


def map_of_site(row: Particulars | None, state: SiteState) -> Drawn | None:
    """A small map with one site on it."""
    if row is None or row.latitude is None or row.longitude is None:
        return None
    look = shown(state)
    mark = Mark(float(row.longitude), float(row.latitude), row.node.name, look.kind, str(look.word), "")
    return draw([mark], small=True)


def map_to_choose_on(by: Acting, site: Node, own: Particulars | None) -> Drawn:
    """A map on which the place of a site is chosen: around the one it has, else around those of the sites beside it."""
    rows = Particulars.objects.visible_to(by, LOOK).filter(node__kind=Kind.SITE).exclude(latitude=None)
    beside = rows.filter(rows_below(site.parent) if site.parent else Q(node=site)).exclude(node=site)
    others = list(beside.select_related("node").order_by("pk")[:MOST_BESIDE])
    marks = [
        Mark(float(row.longitude), float(row.latitude), row.node.name, "off", "", "")
        for row in others
        if row.longitude is not None and row.latitude is not None
    ]
    if own is not None and own.longitude is not None and own.latitude is not None:
        return draw_around(float(own.longitude), float(own.latitude), marks)
    if marks:
        return draw_around(
            median(each.longitude for each in marks), median(each.latitude for each in marks), marks
        )
    return draw_around(*MIDDLE_OF_SWITZERLAND, [])


def _marks(by: Acting, rows: list[Particulars]) -> list[Mark]:
    states = states_of(by, [row.node for row in rows])
    found = []
    for row in rows:
        look = shown(states[row.node_id])
        if row.latitude is not None and row.longitude is not None:
            place = float(row.longitude), float(row.latitude)
            found.append(Mark(*place, row.node.name, look.kind, str(look.word), level_url(row.node)))
    return found
