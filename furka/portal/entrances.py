"""Where one begins: the levels that a person was let into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch

from furka.access.rights import LOOK
from furka.gate.declare import own
from furka.gate.request import FurkaRequest
from furka.portal.level_page import (
    ICONS,
    StateShown,
    level_url,
    shown,
)
from furka.portal.matters import about_me
from furka.portal.offers import waiting_for
from furka.sites.queries import states_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import entrances


@dataclass(frozen=True, slots=True)
class EntranceShown:
    """A level where somebody begins, with its state if it is a site, and until when they may enter."""

    node: Node
    kind: str
    icon: str
    url: str
    state: StateShown | None
    until: datetime | None


@own("the levels that a person was let into", looks=True)
def home(request: FurkaRequest) -> HttpResponse:
    """Where one begins; straight on if there is one place only, to the welcome page if there is none."""
    nodes = entrances(request.by)
    if len(nodes) == 1:
        return redirect("level", nodes[0].key)
    if not nodes:
        try:
            return redirect("welcome")
        except NoReverseMatch:
            pass
    states = states_of(request.by, [node for node in nodes if node.is_site])
    found = [
        EntranceShown(
            node,
            str(Kind(node.kind).label),
            ICONS[Kind(node.kind)],
            level_url(node),
            shown(states[node.pk]) if node.is_site else None,
            _until(request.by, node),
        )
        for node in nodes
    ]
    template = "levels/_home.html" if request.GET.get("part") else "levels/home.html"
    context = {"entrances": found, "matters": about_me(request.by), **waiting_for(request.by)}
    return render(request, template, context)


def _until(by: Acting, node: Node) -> datetime | None:
    decision = by.decide(LOOK, node.place)
    return decision.because.interval.ends_at if decision.because else None
