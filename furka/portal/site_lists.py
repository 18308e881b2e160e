"""The list of the sites of a level."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.access.rights import CONFIGURE, LOOK, PEOPLE, SERVICES, STRUCTURE
from furka.catalogue.service import services_at
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.inventory.bulk import MOST
from furka.inventory.filters import SITE_ORDERS, Chosen, near_owners, sites_chosen
from furka.particulars.queries import labels_in_use
from furka.portal import words
from furka.portal.level_forms import SearchForm
from furka.portal.level_page import STATE_WORDS, level_url, shown
from furka.portal.list_page import Choice, first_view, list_page, pages_shown, views_shown
from furka.portal.paging import (
    COUNTED,
    Page,
    address,
    counted,
    first_page_and_count,
    page_in_parts,
    page_of,
)
from furka.sites.lists import STATES, SiteNumbers, by_state, site_numbers
from furka.sites.queries import states_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import children

#: So many labels are offered to filter by.
MOST_LABELS = 12

#: How the orders are called; the list knows their columns.
ORDER_WORDS: dict[str, Promise] = {
    "name": gettext_lazy("by name"),
    "state": gettext_lazy("by state"),
    "customer": gettext_lazy("by customer"),
    "new": gettext_lazy("newest first"),
}


@at_node(LOOK, Kind.OPERATOR, Kind.RESELLER, Kind.CUSTOMER)
def level_sites(request: FurkaRequest, node: Node) -> HttpResponse:
    """All sites below a level, as many as the person may see."""
    if (elsewhere := first_view(request, node, "sites")) is not None:
        return elsewhere
    by, chosen = request.by, Chosen.read(request.GET.dict())
    rows = sites_chosen(by, node, chosen)
    page, count = _page(by, node, rows, chosen, request.GET.get("cursor", ""))
    numbers = site_numbers(by, node)
    states = states_of(by, page.rows)
    order = chosen.sort if chosen.sort in SITE_ORDERS else "name"
    shows_customer = node.kind != Kind.CUSTOMER
    context = {
        "rows": [(site, level_url(site), shown(states[site.pk])) for site in page.rows],
        "pages": pages_shown(request, page, count),
        "count": count,
        "count_text": words.number(count) if count <= COUNTED else "",
        "may_choose_all": page.after or page.before,
        "most": MOST,
        "numbers": numbers,
        "states": _states(request, numbers, chosen),
        "filters": _filters(request, node, chosen),
        "active": _active(request, node, chosen),
        "orders": [
            Choice(str(text), address(request, sort="" if key == "name" else key, cursor=""), key == order)
            for key, text in ORDER_WORDS.items()
            if key != "customer" or shows_customer
        ],
        "order": ORDER_WORDS[order],
        "form": SearchForm(initial={"q": chosen.q}),
        "chosen": chosen,
        "views": views_shown(request, node, "sites", chosen),
        "shows_reseller": node.kind == Kind.OPERATOR,
        "shows_customer": shows_customer,
        "may_create": node.kind != Kind.OPERATOR and by.may(STRUCTURE, node.place),
        "map_url": level_url(node, "level-map"),
        "new_url": level_url(node, "level-site-new"),
        "import_url": level_url(node, "level-import") if node.kind != Kind.OPERATOR else "",
        "export_url": level_url(node, "level-export"),
        "bulk_url": level_url(node, "level-bulk"),
        "bulk_actions": bulk_actions(by, node),
        "refresh_url": address(request, part="list"),
        "plain_url": f"{request.path}?view=all",
    }
    return list_page(request, node, "sites", context)


def _page(
    by: Acting, node: Node, found: QuerySet[Node], chosen: Chosen, cursor: str
) -> tuple[Page[Node], int]:
    """A page of the list, and how many there are; by state the sites of each state follow one another."""
    rows, order = found.select_related("customer", "reseller"), chosen.site_order
    if chosen.sort == "state" and not chosen.state:
        return page_in_parts(by_state(by, rows), order, cursor), counted(found)
    if chosen.sort == "customer":

        def nearby(some: QuerySet[Node], key: str | None, most: int, backwards: bool) -> QuerySet[Node]:
            return near_owners(node, some, key, most, backwards=backwards)

        return page_of(rows, order, cursor, nearby=nearby), counted(found)
    if chosen.q and not cursor:
        shown = Node.objects.everything("found a moment ago among those that the one who acts may see")
        return first_page_and_count(found, shown.select_related("customer", "reseller"), order)
    return page_of(rows, order, cursor), counted(found)


def bulk_actions(by: Acting, node: Node) -> list[tuple[str, str, str]]:
    """What can be done with chosen rows: key, text, icon; by what the one who acts holds at the level."""
    found = []
    if by.may(PEOPLE, node.place):
        found.append(("invite", _("Invite a supporter"), "user-plus"))
    if by.may(CONFIGURE, node.place):
        found.append(("label", _("Add or remove labels"), "tag"))
    if by.may(SERVICES, node.place):
        found += [
            (f"{word}:{each.key}", text % {"service": each.title}, icon)
            for each in services_at(Kind.SITE)
            for word, text, icon in (
                ("on", _("Switch on %(service)s"), "power"),
                ("off", _("Switch off %(service)s"), "ban"),
            )
        ]
    return found


def _states(request: FurkaRequest, numbers: SiteNumbers, chosen: Chosen) -> list[Choice]:
    by_state = {
        "": numbers.total,
        "offline": numbers.offline,
        "unknown": numbers.unknown,
        "without-gateway": numbers.without_gateway,
        "online": numbers.online,
    }
    attention = numbers.total - numbers.online
    return [
        Choice(f"{_('All')} {words.number(numbers.total)}", _with(request, state="", attention=""),
               not chosen.state and not chosen.attention),
        Choice(f"{_('Needs attention')} {words.number(attention)}",
               _with(request, state="", attention="1"), bool(chosen.attention)),
        *(
            Choice(f"{STATE_WORDS[key]} {words.number(by_state[key])}",
                   _with(request, state=key, attention=""), key == chosen.state)
            for key in STATES
        ),
    ]  # fmt: skip


def _filters(request: FurkaRequest, node: Node, chosen: Chosen) -> list[Choice]:
    found = []
    for each in services_at(Kind.SITE):
        for word, text in ((each.key, _("%(service)s is on")), (f"-{each.key}", _("%(service)s is off"))):
            here = chosen.service == word
            found.append(
                Choice(text % {"service": each.title}, _with(request, service="" if here else word), here)
            )
    for name in labels_in_use(request.by, node, MOST_LABELS):
        here = chosen.label == name
        found.append(Choice(name, _with(request, label="" if here else name), here))
    if chosen.label and all(each.text != chosen.label for each in found):
        found.append(Choice(chosen.label, _with(request, label=""), True))
    archived = bool(chosen.archived)
    found.append(Choice(_("Archived"), _with(request, archived="" if archived else "1"), archived))
    return found


def _active(request: FurkaRequest, node: Node, chosen: Chosen) -> list[Choice]:
    """The filters that are on and have no chip of their own; each leads to the list without it."""
    found = [each for each in _filters(request, node, chosen) if each.here]
    if chosen.customer:
        customer = children(request.by, node, Kind.CUSTOMER).filter(key=chosen.customer).first()
        name = customer.name if customer else _("a customer that is not here")
        text = _("Customer: %(name)s") % {"name": name}
        found.insert(0, Choice(text, _with(request, customer=""), True))
    return found


def _with(request: FurkaRequest, **changes: str) -> str:
    """The address of the list with other filters; from its first page on, and no longer that of a saved view."""
    found = address(request, cursor="", view="", **changes)
    return found if "?" in found else f"{found}?view=all"
