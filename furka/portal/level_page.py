"""What every page of a level has around it: where it stands, what it is called, its tabs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE, DIAGNOSE, JOURNAL, LOOK, PEOPLE, STRUCTURE, Right
from furka.gate.request import FurkaRequest
from furka.portal.navigation import Level
from furka.sites.queries import SiteState
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import ancestors, operator

ICONS = {
    Kind.OPERATOR: "server",
    Kind.RESELLER: "briefcase",
    Kind.CUSTOMER: "building-community",
    Kind.SITE: "building-factory",
}

ABOVE_SITES = (Kind.OPERATOR, Kind.RESELLER, Kind.CUSTOMER)
ALL_KINDS = (*ABOVE_SITES, Kind.SITE)


@dataclass(frozen=True, slots=True)
class TabOfLevel:
    """A tab: the name of its address, its text, at which kinds of levels it makes sense, and which rights (any of them)
    it is for."""

    name: str
    text: Promise
    icon: str
    kinds: tuple[Kind, ...]
    needs: tuple[Right, ...]


TABS = (
    TabOfLevel("level", _("Overview"), "home", ALL_KINDS, (LOOK,)),
    TabOfLevel("level-sites", _("Sites"), "building-factory", ABOVE_SITES, (LOOK,)),
    TabOfLevel("level-customers", _("Customers"), "building-community", ABOVE_SITES[:2], (LOOK,)),
    TabOfLevel("level-gateways", _("Gateways"), "router", ABOVE_SITES[1:], (CONFIGURE,)),
    TabOfLevel("level-people", _("Users and supporters"), "users", ALL_KINDS, (PEOPLE,)),
    TabOfLevel("level-services", _("Services"), "plug-connected", ALL_KINDS, (LOOK,)),
    TabOfLevel("level-diagnosis", _("Diagnosis"), "stethoscope", (Kind.SITE,), (DIAGNOSE,)),
    TabOfLevel("level-support", _("Support"), "lifebuoy", ALL_KINDS, (LOOK,)),
    TabOfLevel("level-connections", _("Connections"), "activity", ALL_KINDS, (PEOPLE,)),
    TabOfLevel("level-cloud", _("Cloud"), "cloud", ABOVE_SITES, (LOOK,)),
    TabOfLevel("level-events", _("Events"), "history", ALL_KINDS, (JOURNAL,)),
    TabOfLevel("level-settings", _("Settings"), "settings", ALL_KINDS, (STRUCTURE, CONFIGURE, PEOPLE)),
)

#: How a site's state is shown: the kind of the status component, and the word.
STATE_KINDS = {"online": "ok", "offline": "bad", "unknown": "warn", "without-gateway": "off"}
STATE_WORDS = {
    "online": _("Online"),
    "offline": _("Offline"),
    "unknown": _("Unknown"),
    "without-gateway": _("Without gateway"),
}


@dataclass(frozen=True, slots=True)
class StateShown:
    """A site's state as components need it."""

    kind: str
    word: Promise
    state: SiteState


def shown(state: SiteState) -> StateShown:
    """A state with its colour, shape and word."""
    return StateShown(STATE_KINDS[state.word], STATE_WORDS[state.word], state)


@dataclass(frozen=True, slots=True)
class TabShown:
    """A tab as the page shows it."""

    text: Promise
    icon: str
    url: str
    here: bool


@dataclass(frozen=True, slots=True)
class LevelPage:
    """What the template `levels/base.html` reads as `level`."""

    node: Node
    kind: str
    icon: str
    crumbs: tuple[Level, ...]
    tabs: tuple[TabShown, ...]
    live_url: str


def level_url(node: Node, name: str = "level") -> str:
    """The address of a page of a level; "" if this installation has no such page."""
    try:
        return reverse(name, kwargs={"key": node.key})
    except NoReverseMatch:
        return ""


def visible_ancestors(by: Acting, node: Node) -> list[Node]:
    """The levels above that the one who acts may see, from the top."""
    above = ancestors(node)
    if node.kind != Kind.OPERATOR and by.scope(LOOK).scope.everything:
        above = [operator(), *above]
    return [level for level in above if by.may(LOOK, level.place)]


def level_page(by: Acting, node: Node, here: str) -> LevelPage:
    """The frame of a level's page; `here` is the name of the tab that it belongs to."""
    way = [*visible_ancestors(by, node), node]
    rights = {right: by.may(right, node.place) for tab in TABS for right in tab.needs}
    tabs = (
        TabShown(tab.text, tab.icon, url, tab.name == here)
        for tab in TABS
        if node.kind in tab.kinds and any(rights[right] for right in tab.needs)
        for url in [level_url(node, tab.name)]
        if url
    )
    return LevelPage(
        node=node,
        kind=str(Kind(node.kind).label),
        icon=ICONS[Kind(node.kind)],
        crumbs=tuple(_crumb(level) for level in way),
        tabs=tuple(tabs),
        live_url=level_url(node, "live-level"),
    )


def render_level(
    request: FurkaRequest,
    node: Node,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    here: str = "level",
    status: int = 200,
    bare: bool = False,
) -> HttpResponse:
    """A page of a level; its template extends `levels/base.html`. `here` is the name of the tab it belongs to; a bare
    page has no tabs."""
    request.here = node
    page = level_page(request.by, node, here)
    if bare:
        page = replace(page, tabs=())
    return render(request, template, {"node": node, "level": page, **(context or {})}, status=status)


def _crumb(node: Node) -> Level:
    siblings = "" if node.kind == Kind.OPERATOR else level_url(node, "level-siblings")
    return Level(str(Kind(node.kind).label), node.name, level_url(node), siblings_url=siblings)
