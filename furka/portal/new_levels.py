"""Something new in the tree: a customer, a site."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from furka.access.rights import CONFIGURE, STRUCTURE
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_forms import (
    MOST_CUSTOMERS,
    CustomerForm,
    NameForm,
    SiteForm,
)
from furka.portal.level_page import (
    level_url,
    render_level,
)
from furka.portal.once import once
from furka.portal.refusals import errors_on
from furka.sites.operations import issue_claim_code
from furka.tree.models import Kind, Node
from furka.tree.operations import create_customer, create_site
from furka.tree.queries import children


@at_node(STRUCTURE, Kind.RESELLER)
def new_customer(request: FurkaRequest, node: Node) -> HttpResponse:
    """A customer of a reseller."""
    form = CustomerForm(request.POST or None)

    def make() -> str:
        return level_url(create_customer(request.by, node, form.cleaned_data["name"]))

    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node, "level-customers"))
    context = {"form": form, "back_url": level_url(node, "level-customers")}
    return render_level(
        request, node, "levels/customer_new.html", context, here="level-customers", status=_status(form)
    )


@at_node(STRUCTURE, Kind.RESELLER, Kind.CUSTOMER)
def new_site(request: FurkaRequest, node: Node) -> HttpResponse:
    """A site of a customer or of a reseller; whoever may configure it gets a claim code at once."""
    customers = []
    if node.kind == Kind.RESELLER:
        customers = list(children(request.by, node, Kind.CUSTOMER)[:MOST_CUSTOMERS])
    form = SiteForm(node, customers, request.POST or None)

    def make() -> str:
        chosen = form.cleaned_data.get("owner", "")
        parent = next((customer for customer in customers if customer.key == chosen), node)
        site = create_site(request.by, parent, form.cleaned_data["name"], form.cleaned_data["time_zone"])
        if request.by.may(CONFIGURE, site.place):
            issue_claim_code(request.by, site)
        messages.success(request, _("The site was created. Now connect its gateway."))
        return level_url(site)

    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node, "level-sites"))
    context = {"form": form, "back_url": level_url(node, "level-sites")}
    return render_level(
        request, node, "levels/site_new.html", context, here="level-sites", status=_status(form)
    )


def _status(form: NameForm | CustomerForm | SiteForm) -> int:
    return 422 if form.is_bound else 200
