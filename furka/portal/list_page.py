"""What lists of levels have in common: orders, saved views, the pages beside this one, the part that changes."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from furka.access.rights import PEOPLE
from furka.gate.request import FurkaRequest
from furka.inventory.filters import Chosen
from furka.inventory.views import ViewOfList, first_view_of, views_of
from furka.portal import words
from furka.portal.level_page import render_level
from furka.portal.paging import COUNTED, Page, address
from furka.tree.models import Node


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter or an order that can be chosen."""

    text: str
    url: str
    here: bool


@dataclass(frozen=True, slots=True)
class PagesShown:
    """The pages beside this one, and how much there is."""

    before: str
    after: str
    text: str


def pages_shown(request: FurkaRequest, page: Page[Node], count: int) -> PagesShown:
    """The pages beside this one with their addresses."""
    if count > COUNTED:
        text = _("More than %(count)s") % {"count": words.number(COUNTED)}
    else:
        text = _("%(count)s in all") % {"count": words.number(count)}
    return PagesShown(
        address(request, cursor=page.before) if page.before else "",
        address(request, cursor=page.after) if page.after else "",
        text,
    )


@dataclass(frozen=True, slots=True)
class ViewsShown:
    """The saved views of a list: those to choose from, the one that is on, and where they are kept."""

    views: list[tuple[ViewOfList, str, str]]  # with the address that shows it and that of its changes
    here: ViewOfList | None
    save_url: str
    query: str
    may_share: bool


def views_shown(request: FurkaRequest, node: Node, listing: str, chosen: Chosen) -> ViewsShown:
    """The saved views as the page offers them."""
    views = views_of(request.by, node, listing)
    here = next((view for view in views if view.key == request.GET.get("view")), None)
    return ViewsShown(
        [
            (
                view,
                f"{request.path}?{view.query}{'&' if view.query else ''}view={view.key}",
                reverse("level-view", args=(node.key, view.key)),
            )
            for view in views
        ],
        here,
        reverse("level-views", args=(node.key, listing)),
        chosen.as_query,
        request.by.may(PEOPLE, node.place),
    )


def first_view(request: FurkaRequest, node: Node, listing: str) -> HttpResponse | None:
    """Where to go on if the list was asked for plainly and somebody wants to begin with a view of theirs."""
    if request.GET or request.htmx:
        return None
    view = first_view_of(request.by, node, listing)
    if view is None:
        return None
    return redirect(f"{request.path}?{view.query}{'&' if view.query else ''}{urlencode({'view': view.key})}")


def list_page(request: FurkaRequest, node: Node, what: str, context: dict[str, object]) -> HttpResponse:
    """A list, or the part of it that changes."""
    part = bool(request.GET.get("part"))
    template = f"lists/_{what}.html" if part else f"lists/{what}.html"
    response = render_level(request, node, template, context, here=f"level-{what}")
    if part:
        response.headers["HX-Replace-Url"] = address(request)
    return response
