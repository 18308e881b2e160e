"""The list of the customers of a reseller, and of what hangs on the operator."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from furka.access.rights import LOOK, PEOPLE, STRUCTURE
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.inventory.bulk import MOST
from furka.inventory.filters import CUSTOMER_ORDERS, Chosen, customers_chosen
from furka.portal import words
from furka.portal.level_forms import SearchForm
from furka.portal.level_page import ICONS, level_url
from furka.portal.list_page import Choice, first_view, list_page, pages_shown, views_shown
from furka.portal.paging import COUNTED, address, counted, page_of
from furka.tree.models import Kind, Node

ORDER_WORDS: dict[str, Promise] = {
    "name": gettext_lazy("by name"),
    "sites": gettext_lazy("most sites first"),
    "new": gettext_lazy("newest first"),
}


@at_node(LOOK, Kind.OPERATOR, Kind.RESELLER)
def level_customers(request: FurkaRequest, node: Node) -> HttpResponse:
    """The customers of a reseller; of the operator: the resellers, and the customers without one."""
    if (elsewhere := first_view(request, node, "customers")) is not None:
        return elsewhere
    by, chosen = request.by, Chosen.read(request.GET.dict())
    rows = customers_chosen(by, node, chosen)
    page = page_of(rows, chosen.customer_order, request.GET.get("cursor", ""))
    count = counted(rows)
    order = chosen.sort if chosen.sort in CUSTOMER_ORDERS else "name"
    sites_url = level_url(node, "level-sites")
    archived = bool(chosen.archived)
    flip = address(request, cursor="", view="", archived="" if archived else "1")
    context = {
        "rows": [
            (
                each,
                level_url(each),
                str(Kind(each.kind).label),
                ICONS[Kind(each.kind)],
                f"{sites_url}?customer={each.key}"
                if each.kind == Kind.CUSTOMER
                else level_url(each, "level-sites"),
            )
            for each in page.rows
        ],
        "pages": pages_shown(request, page, count),
        "count": count,
        "count_text": words.number(count) if count <= COUNTED else "",
        "may_choose_all": page.after or page.before,
        "most": MOST,
        "filters": [
            Choice(str(gettext_lazy("Archived")), flip if "?" in flip else f"{flip}?view=all", archived)
        ],
        "orders": [
            Choice(str(text), address(request, sort="" if key == "name" else key, cursor=""), key == order)
            for key, text in ORDER_WORDS.items()
        ],
        "order": ORDER_WORDS[order],
        "form": SearchForm(initial={"q": chosen.q}),
        "chosen": chosen,
        "views": views_shown(request, node, "customers", chosen),
        "shows_kind": node.kind == Kind.OPERATOR,
        "may_create": node.kind == Kind.RESELLER and by.may(STRUCTURE, node.place),
        "new_url": level_url(node, "level-customer-new"),
        "bulk_url": level_url(node, "level-bulk"),
        "bulk_actions": (
            [("invite", gettext_lazy("Invite a supporter"), "user-plus")]
            if node.kind == Kind.RESELLER and by.may(PEOPLE, node.place)
            else []
        ),
        "refresh_url": address(request, part="list"),
        "plain_url": f"{request.path}?view=all",
    }
    return list_page(request, node, "customers", context)
