"""Views of lists: what is shown now is kept under a name, for oneself or for everybody at the level."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.access.rights import LOOK
from furka.catalogue.service import service
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.inventory.filters import Chosen
from furka.inventory.models import ListName
from furka.inventory.views import begin_with, remove_view, save_view, view_of_key
from furka.portal import customer_lists, site_lists
from furka.portal.level_page import STATE_WORDS, level_url, render_level
from furka.portal.list_page import views_shown
from furka.portal.refusals import errors_on
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import children


class ViewForm(forms.Form):
    """How a view is called and whose it is."""

    name = forms.CharField(label=gettext_lazy("Name of the view"), max_length=60)
    shared = forms.BooleanField(label=gettext_lazy("For everybody at this level"), required=False)
    first = forms.BooleanField(label=gettext_lazy("The list opens with it for me"), required=False)

    def __init__(self, may_share: bool, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # what a form takes
        if not may_share:
            del self.fields["shared"]


@at_node(LOOK)
def level_views(request: FurkaRequest, node: Node, listing: str) -> HttpResponse:
    """Save what the list shows now, and look after the views that are there."""
    if listing not in ListName.values:
        raise Http404
    chosen = Chosen.read(request.GET.dict())
    views = views_shown(request, node, listing, chosen)
    form = ViewForm(views.may_share, request.POST or None)
    list_url = level_url(node, f"level-{listing}")
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            view = save_view(
                request.by,
                node,
                listing,
                form.cleaned_data["name"],
                request.GET.dict(),
                shared=form.cleaned_data.get("shared", False),
            )
            if form.cleaned_data["first"]:
                begin_with(request.by, view)
            messages.success(request, _("The view was saved."))
            return redirect(f"{list_url}?{view.query}{'&' if view.query else ''}view={view.key}")
    context = {
        "form": form,
        "views": views,
        "said": said(request.by, node, chosen, listing),
        "list_url": f"{list_url}?{chosen.as_query or 'view=all'}",
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "lists/views.html", context, here=f"level-{listing}", status=status)


@at_node(LOOK)
def level_view(request: FurkaRequest, node: Node, view: str) -> HttpResponse:
    """Change one view: open the list with it, or no longer; remove it."""
    found = view_of_key(request.by, node, view)
    back = redirect("level-views", node.key, found.listing)
    if request.method != "POST":
        return back
    match request.POST.get("do"):
        case "first":
            begin_with(request.by, found)
        case "not-first":
            begin_with(request.by, found, first=False)
        case "remove":
            remove_view(request.by, found)
            messages.success(request, _("The view was removed."))
        case _:
            return back
    return redirect("level-views", node.key, found.listing)


def said(by: Acting, node: Node, chosen: Chosen, listing: str) -> str:
    """What was chosen above a list, in words."""
    orders = site_lists.ORDER_WORDS if listing == "sites" else customer_lists.ORDER_WORDS
    parts = [_("“%(text)s”") % {"text": chosen.q}] if chosen.q else []
    if chosen.attention:
        parts.append(_("Needs attention"))
    if chosen.state:
        parts.append(str(STATE_WORDS[chosen.state]))
    if chosen.service:
        text = _("%(service)s is off") if chosen.service.startswith("-") else _("%(service)s is on")
        parts.append(text % {"service": service(chosen.service.removeprefix("-")).title})
    if chosen.customer:
        customer = children(by, node, Kind.CUSTOMER).filter(key=chosen.customer).first()
        parts.append(_("Customer: %(name)s") % {"name": customer.name if customer else "–"})
    if chosen.archived:
        parts.append(_("Archived"))
    order = orders.get(chosen.sort, orders["name"])
    return ", ".join([*(parts or [_("All")]), str(order)])
