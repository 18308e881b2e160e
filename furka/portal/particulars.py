"""Pages about what people note about levels: address and place, labels, whom to call."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from furka.access.rights import CONFIGURE, LOOK
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.particulars import operations, queries
from furka.particulars.models import Contact, Particulars
from furka.portal.level_map import map_of_site, map_to_choose_on
from furka.portal.level_page import level_url, render_level
from furka.portal.maps import Drawn
from furka.portal.once import once
from furka.portal.particulars_forms import ContactForm, ParticularsForm
from furka.portal.refusals import errors_on
from furka.sites.queries import SiteState
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node

_KINDS = (Kind.RESELLER, Kind.CUSTOMER, Kind.SITE)


@dataclass(frozen=True, slots=True)
class ParticularsShown:
    """What is noted about a level, as its overview shows it."""

    row: Particulars | None
    labels: list[tuple[str, str]]  # with the list of the levels beside it that carry it
    contacts: list[Contact]
    owner: queries.OwnersContact | None
    edit_url: str
    map: Drawn | None = None

    @property
    def says_something(self) -> bool:
        return bool(self.row or self.labels or self.contacts or self.owner)


def shown(by: Acting, node: Node, state: SiteState) -> ParticularsShown:
    """What is noted about a site, for whoever may see it; with a map that shows its state."""
    row, owner = queries.noted_at(by, node)
    above = node.parent if node.parent is not None and by.may(LOOK, node.parent.place) else None
    listed = level_url(above, "level-sites") if above is not None and node.is_site else ""
    labels = queries.labels_of(by, [node]).get(node.pk, [])
    return ParticularsShown(
        row=row,
        labels=[(name, f"{listed}?label={name}" if listed else "") for name in labels],
        contacts=queries.contacts_of(by, node),
        owner=owner,
        edit_url=level_url(node, "level-particulars") if by.may(CONFIGURE, node.place) else "",
        map=map_of_site(row, state),
    )


@at_node(CONFIGURE, *_KINDS)
def particulars(request: FurkaRequest, node: Node) -> HttpResponse:
    """Change what is noted about a level; labels and address in one transaction."""
    by = request.by
    labels = queries.labels_of(by, [node]).get(node.pk, [])
    row = queries.particulars_of(by, node)
    form = ParticularsForm(row, labels, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            with transaction.atomic():
                operations.set_particulars(by, node, form.noted())
                operations.set_labels(by, node, form.chosen_labels())
            messages.success(request, _("Saved."))
            return redirect("level" if node.is_site else "level-particulars", node.key)
    context = {
        "form": form,
        "contacts": queries.contacts_of(by, node),
        "used": queries.labels_in_use(by, node.parent if node.parent is not None else node),
        "contact_url": level_url(node, "level-contact-new"),
        "map": map_to_choose_on(by, node, row) if node.is_site else None,
    }
    status = 422 if form.is_bound else 200
    return render_level(
        request, node, "particulars/particulars.html", context, here=_tab(node), status=status
    )


@at_node(CONFIGURE, *_KINDS)
def new_contact(request: FurkaRequest, node: Node) -> HttpResponse:
    """One more person to call."""
    form = ContactForm(None, request.POST if request.method == "POST" else None)

    def make() -> str:
        contact = operations.add_contact(request.by, node, form.reached())
        messages.success(request, _("%(name)s was added.") % {"name": contact.name})
        return level_url(node, "level-particulars")

    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node, "level-particulars"))
    return _contact_page(request, node, form, _("Add contact"))


@at_node(CONFIGURE, *_KINDS)
def change_contact(request: FurkaRequest, node: Node, contact: str) -> HttpResponse:
    """Somebody is reached differently."""
    row = _contact(request.by, node, contact)
    form = ContactForm(row, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            operations.change_contact(request.by, row, form.reached())
            messages.success(request, _("Saved."))
            return redirect("level-particulars", node.key)
    return _contact_page(request, node, form, _("Change contact"))


@require_POST
@at_node(CONFIGURE, *_KINDS)
def drop_contact(request: FurkaRequest, node: Node, contact: str) -> HttpResponse:
    """Somebody is not called any more."""
    row = _contact(request.by, node, contact)
    operations.remove_contact(request.by, row)
    messages.success(request, _("%(name)s was removed.") % {"name": row.name})
    return redirect("level-particulars", node.key)


def _contact(by: Acting, node: Node, key: str) -> Contact:
    row = Contact.objects.visible_to(by, CONFIGURE).filter(node=node, key=key).first()
    if row is None:
        raise Http404
    row.node = node
    return row


def _contact_page(request: FurkaRequest, node: Node, form: ContactForm, title: str) -> HttpResponse:
    context = {"form": form, "title": title, "back_url": level_url(node, "level-particulars")}
    status = 422 if form.is_bound else 200
    return render_level(request, node, "particulars/contact.html", context, here=_tab(node), status=status)


def _tab(node: Node) -> str:
    return "level" if node.is_site else "level-settings"
