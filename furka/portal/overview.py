"""The overview of a level: what needs somebody first, then figures, then what happened last."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from furka.access.rights import JOURNAL, LOOK, STRUCTURE
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.inventory.filters import Chosen, customers_chosen
from furka.portal import cloud_words, event_words, site_users, sites
from furka.portal.level_page import (
    level_url,
    render_level,
)
from furka.portal.matters import (
    MOST_NAMED,
    MOST_OTHERS,
    More,
    about_me,
    about_people,
    about_places,
    about_sites,
)
from furka.sites.lists import SiteNumbers, site_numbers
from furka.status.queries import strip
from furka.tree.history import events_of
from furka.tree.models import Kind, Node
from furka.tree.site_users import only_uses

MOST_EVENTS = 6


@at_node(LOOK)
def level(request: FurkaRequest, node: Node) -> HttpResponse:
    """The overview of a level: what needs somebody first, then figures, then what happened last."""
    if node.is_site:
        is_user = only_uses(request.by, node)
        return site_users.page(request, node) if is_user else sites.overview(request, node)
    by = request.by
    numbers = site_numbers(by, node)
    people = about_people(by, node)
    context = {
        "matters": [
            *about_me(by, node),
            *about_sites(by, node),
            *people.named,
            *about_places(by, node),
        ],
        "more": [*_more(node, numbers), *people.more],
        "numbers": numbers,
        "customers": customers_chosen(by, node, Chosen()).count() if node.kind != Kind.CUSTOMER else None,
        "urls": _list_urls(node),
        "may_create_site": node.kind != Kind.OPERATOR and by.may(STRUCTURE, node.place),
        "may_create_customer": node.kind == Kind.RESELLER and by.may(STRUCTURE, node.place),
        "cloud_strip": cloud_words.strip_shown(strip(by.at), level_url(node, "level-cloud")),
        "reads_journal": by.may(JOURNAL, node.place),
        "events": [event_words.told(event) for event in events_of(by, node)[:MOST_EVENTS]],
    }
    template = "levels/_overview.html" if request.GET.get("part") else "levels/overview.html"
    return render_level(request, node, template, context)


def _more(node: Node, numbers: SiteNumbers) -> list[More]:
    url, down = level_url(node, "level-sites"), numbers.offline + numbers.unknown
    found = []
    if down > MOST_NAMED:
        found.append(
            More(_("All %(count)d sites that are down") % {"count": down}, f"{url}?attention=1&sort=state")
        )
    if numbers.without_gateway > MOST_OTHERS:
        text = _("All %(count)d sites without gateway") % {"count": numbers.without_gateway}
        found.append(More(text, f"{url}?state=without-gateway"))
    return found


def _list_urls(node: Node) -> dict[str, str]:
    names = ("level-sites", "level-customers", "level-site-new", "level-customer-new", "level-events")
    return {name.removeprefix("level-").replace("-", "_"): level_url(node, name) for name in names}
