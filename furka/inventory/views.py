"""Views of lists that somebody kept: saved, shared, chosen to begin with, removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK, PEOPLE
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.inventory.filters import Chosen
from furka.inventory.models import FirstView, ListName, SavedView
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.reasons import sentence
from furka.tree.texts import one_line

#: So many views of one list somebody may keep, and so many may be shared.
MOST_VIEWS = 30
_OWN = "own views, and those that are shared at a level that one may see"


@dataclass(frozen=True, slots=True)
class ViewOfList:
    """A view as its list offers it."""

    key: str
    name: str
    query: str
    is_shared: bool
    is_first: bool
    may_remove: bool


def views_of(by: Acting, node: Node, listing: str) -> list[ViewOfList]:
    """The views of a list that somebody may use: their own and the shared ones, by name."""
    rows = list(
        SavedView.objects.visible_to(by, LOOK)
        .filter(Q(person_id=by.person_id) | Q(person=None), node=node, listing=listing)
        .order_by("name", "pk")
    )
    first = _first(by, node, listing) if rows else None
    shares = by.may(PEOPLE, node.place)
    return [
        ViewOfList(row.key, row.name, row.query, row.person_id is None, row.pk == first,
                   row.person_id is not None or shares)
        for row in rows
    ]  # fmt: skip


def _first(by: Acting, node: Node, listing: str) -> int | None:
    if by.person_id is None:
        return None
    rows = FirstView.objects.visible_to(by, LOOK).filter(node=node, listing=listing, person_id=by.person_id)
    return rows.values_list("view_id", flat=True).first()


def first_view_of(by: Acting, node: Node, listing: str) -> SavedView | None:
    """The view with which a list opens for the one who acts."""
    rows = FirstView.objects.visible_to(by, LOOK).filter(
        Q(view__person_id=by.person_id) | Q(view__person=None), node=node, listing=listing
    )
    found = rows.filter(person_id=by.person_id or 0).select_related("view").first()
    return found.view if found else None


def view_of_key(by: Acting, node: Node, key: str) -> SavedView:
    """A view that somebody may use. Raises NotThere."""
    rows = SavedView.objects.visible_to(by, LOOK).filter(Q(person_id=by.person_id) | Q(person=None))
    found = rows.filter(node=node, key=key).select_related("node").first()
    if found is None:
        raise NotThere("not-there", sentence("not-visible"))
    return found


@operation(LOOK)
def save_view(
    work: Work, node: Node, listing: str, name: str, given: Mapping[str, object], *, shared: bool = False
) -> SavedView:
    """Keep what was chosen above a list under a name; a view of the same name is replaced."""
    name = one_line(name)
    if listing not in ListName.values:
        raise Invalid.at("listing", "listing-unknown", _("This list does not exist."))
    if not name or len(name) > 60:
        raise Invalid.at("name", "name-wrong", _("Please enter a name of at most 60 characters."))
    if shared:
        _must_administer(work, node)
    person_id = None if shared else work.acting_person_id
    whose = Q(person=None) if shared else Q(person_id=person_id)
    rows = SavedView.objects.everything(_OWN).filter(whose, node=node, listing=listing)
    found = rows.filter(name=name).first()
    if found is None and rows.count() >= MOST_VIEWS:
        raise Conflict("too-many-views", _("There are many views already. Please remove one first."))
    view = found or SavedView(node=node, listing=listing, name=name, person_id=person_id, created_at=work.at)
    before, view.query = view.query, Chosen.read(given).as_query
    view.save()
    if shared and before != view.query:
        told = {"name": name, "list": listing}
        work.record(node, "list.shared", after=told)
    return view


@operation(LOOK)
def remove_view(work: Work, view: SavedView) -> None:
    """The view is no longer offered."""
    if view.person_id is None:
        _must_administer(work, view.node)
    elif view.person_id != work.by.person_id:
        raise NotThere("not-there", sentence("not-visible"))
    node, told, was_shared = view.node, {"name": view.name, "list": view.listing}, view.person_id is None
    view.delete()
    if was_shared:
        work.record(node, "list.removed", before=told)


@operation(LOOK)
def begin_with(work: Work, view: SavedView, *, first: bool = True) -> None:
    """Have a list open with this view from now on, or no longer; for the one who acts alone."""
    rows = FirstView.objects.everything(_OWN).filter(
        node=view.node, listing=view.listing, person_id=work.acting_person_id
    )
    if not first:
        rows.filter(view=view).delete()
        return
    FirstView.objects.everything(_OWN).update_or_create(
        node=view.node, listing=view.listing, person_id=work.acting_person_id, defaults={"view": view}
    )


def _must_administer(work: Work, node: Node) -> None:
    decision = work.by.decide(PEOPLE, node.place)
    if not decision.allowed:
        raise Refused(decision.reason, sentence(decision.reason, PEOPLE))
