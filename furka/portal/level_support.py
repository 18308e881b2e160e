"""Whom to call about a level."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse

from furka.access.rights import LOOK
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_page import (
    render_level,
    shown,
)
from furka.sites.queries import gateway_of, state_of
from furka.tree.models import Kind, Node
from furka.tree.who import owners


@at_node(LOOK)
def level_support(request: FurkaRequest, node: Node) -> HttpResponse:
    """Whom to call about this level."""
    by = request.by
    people = [
        (owner, owner.level.name if by.may(LOOK, owner.level.place) else "", Kind(owner.level.kind).label)
        for owner in owners(by, node)
    ]
    context = {
        "owners": people,
        "guide_url": _address_if_there("help"),
        "state": shown(state_of(gateway_of(by, node), by.at)) if node.is_site else None,
    }
    return render_level(request, node, "levels/support.html", context, here="level-support")


def _address_if_there(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
