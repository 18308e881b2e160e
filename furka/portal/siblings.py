"""The levels beside one, for the breadcrumb."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from furka.access.rights import LOOK
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_page import (
    level_url,
)
from furka.tree.models import Node

MOST_SIBLINGS = 40


@at_node(LOOK)
def siblings(request: FurkaRequest, node: Node) -> HttpResponse:
    """The levels beside this one, for the breadcrumb."""
    rows = Node.objects.visible_to(request.by, LOOK).filter(parent_id=node.parent_id, kind=node.kind)
    nodes = list(rows.order_by("sort_key", "id")[: MOST_SIBLINGS + 1])
    parent = node.parent if node.parent is not None and request.by.may(LOOK, node.parent.place) else None
    name = "level-sites" if node.is_site else "level-customers"
    context = {
        "siblings": [(level_url(each), each.name, each.pk == node.pk) for each in nodes[:MOST_SIBLINGS]],
        "all_url": level_url(parent, name) if parent and len(nodes) > MOST_SIBLINGS else "",
    }
    return render(request, "levels/_siblings.html", context)
