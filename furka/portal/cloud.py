"""Cloud-Status: how the cloud is and was, for everybody who is logged in, for a level, and, if wanted, for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from furka import clock
from furka.access.rights import JOURNAL, LOOK
from furka.gate.declare import at_node, own, public
from furka.gate.request import FurkaRequest
from furka.portal import cloud_charts, cloud_words, event_words
from furka.portal.level_page import ABOVE_SITES, level_url, render_level
from furka.status.kinds import Group
from furka.status.queries import DAYS, Cloud, PartView, late_incidents, with_past
from furka.status.touched import hubs_of, touched_sites
from furka.tree.history import events_of
from furka.tree.models import Node

MOST_EVENTS = 8


@dataclass(frozen=True, slots=True)
class PartOnPage:
    """A part of the cloud with its charts."""

    view: PartView
    state: cloud_words.StateShown
    found: str
    uptime: str
    bars: cloud_charts.Bars
    line: cloud_charts.Line | None


@dataclass(frozen=True, slots=True)
class GroupOnPage:
    """Parts that belong together."""

    title: str
    parts: list[PartOnPage]


@own("the state of the cloud is for everybody who uses it")
def cloud(request: FurkaRequest) -> HttpResponse:
    """How the cloud is, and which of the sites that somebody may see are touched."""
    context = {**page_context(request, None), "live_url": reverse("live-me")}
    return render(request, "cloud/_state.html" if request.GET.get("part") else "cloud/cloud.html", context)


@at_node(LOOK, *ABOVE_SITES)
def level_cloud(request: FurkaRequest, node: Node) -> HttpResponse:
    """The same for a level: its own sites, and beside the cloud's events its own."""
    by = request.by
    context = page_context(request, node)
    if by.may(JOURNAL, node.place):
        context["events"] = [event_words.told(event) for event in events_of(by, node)[:MOST_EVENTS]]
        context["events_url"] = level_url(node, "level-events")
    context["live_url"] = level_url(node, "live-level")
    template = "cloud/_state.html" if request.GET.get("part") else "cloud/level.html"
    return render_level(request, node, template, context, here="level-cloud")


@public("an installation may show everybody how its cloud is; without that the page is not there")
def public_status(request: HttpRequest) -> HttpResponse:
    """How the cloud is, without anything of a tenant."""
    if not settings.PUBLIC_STATUS:
        raise Http404
    shown = _shown(with_past(clock.now()), links=False)
    return render(request, "cloud/public.html", shown)


def page_context(request: FurkaRequest, node: Node | None) -> dict[str, Any]:
    """What the page shows to whoever reads it."""
    now = with_past(request.by.at)
    touched = touched_sites(request.by, node, hubs_of(now.failing))
    return {**_shown(now), "touched": touched}


def _shown(now: Cloud, *, links: bool = True) -> dict[str, Any]:
    return {
        "cloud": now,
        "links": links,
        "days": DAYS,
        "whole": cloud_words.state_shown(now.state),
        "whole_text": cloud_words.WHOLE[now.state],
        "groups": [
            GroupOnPage(str(Group(group).label), [_part(part, now.is_stale) for part in parts])
            for group, parts in now.groups
        ],
        "running": [cloud_words.incident_shown(row) for row in now.running],
        "late": [cloud_words.incident_shown(row) for row in late_incidents(now.at)],
    }


def _part(view: PartView, stale: bool) -> PartOnPage:
    component = view.component
    well = component.state == "ok" or stale
    return PartOnPage(
        view,
        cloud_words.state_shown("unknown" if stale else component.state),
        "" if well else cloud_words.found(component.findings),
        cloud_words.percent(view.uptime),
        cloud_charts.bars(view.days),
        cloud_charts.line(view.hours),
    )
