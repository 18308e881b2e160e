"""One search over all that a person may see, as a page and as the palette that every page can open."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from furka.access.rights import LOOK
from furka.finding.models import Entry
from furka.finding.queries import SHORTEST, find
from furka.gate.declare import own
from furka.gate.request import FurkaRequest
from furka.portal.actions import actions_at, level_of_key
from furka.portal.level_forms import SearchForm
from furka.portal.level_page import ICONS, level_url
from furka.tree.acting import Acting
from furka.tree.models import Kind

#: So many are shown; who searches for more says more.
MOST = 20
#: So many actions of the level one is at.
MOST_ACTIONS = 8

#: The icon of each sort of thing.
_ICONS = {
    "device": "server-2",
    "gateway": "router",
    "address": "map-pin",
    "contact": "phone",
    "person": "user",
    "label": "tag",
    "attachment": "paperclip",
}
#: The page of the level on which it stands, if that is not the overview.
_PAGES = {"person": "level-people", "attachment": "level-documents"}


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was found: its name, what it is and where, and its page."""

    name: str
    detail: str
    icon: str
    url: str


@own("finds only what the person may see", looks=True)
def search(request: FurkaRequest) -> HttpResponse:
    """What was found, and what can be done at the level one comes from; a page, or the part that the palette shows."""
    by = request.by
    text = " ".join(request.GET.get("q", "").split())[:200]
    here = level_of_key(by, request.GET.get("here", ""))
    found = found_by(by, text, MOST + 1) if text else []
    context = {
        "q": text,
        "here": here,
        "actions": actions_at(by, here, text)[: MOST_ACTIONS if text else None] if here else [],
        "found": found[:MOST],
        "more": len(found) > MOST,
        "too_short": 0 < len(text) < SHORTEST,
        "form": SearchForm(initial={"q": text}),
    }
    return render(request, "search/_results.html" if request.htmx else "search/search.html", context)


def found_by(by: Acting, text: str, most: int) -> list[Found]:
    """What holds the words of the text, best first."""
    return [_found(by, row) for row in find(by, text, most)]


def _found(by: Acting, row: Entry) -> Found:
    url = level_url(row.node, _PAGES.get(row.what, "level")) or level_url(row.node)
    if row.what == "level":
        return Found(row.name, _kind_and_owner(by, row), ICONS[Kind(row.node.kind)], url)
    details = [row.detail if row.detail != row.name else "", row.node.name]
    return Found(row.name, ", ".join(filter(None, details)), _ICONS.get(row.what, "note"), url)


def _kind_and_owner(by: Acting, row: Entry) -> str:
    node, kind = row.node, str(Kind(row.node.kind).label)
    above = node.customer or node.reseller
    if above is None or above.pk == node.pk or not by.may(LOOK, above.place):
        return kind
    return f"{kind}, {above.name}"
