"""Named reads of what people noted about levels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef

from furka.access.rights import LOOK
from furka.particulars.models import Contact, Label, Particulars
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.queries import rows_below
from furka.tree.texts import folded

_JOINED = "joined to levels that the one who acts may see"


def particulars_of(by: Acting, node: Node) -> Particulars | None:
    """Address, place, note and the owner's contact of a level."""
    return Particulars.objects.visible_to(by, LOOK).filter(node=node).select_related("node").first()


def noted_at(by: Acting, site: Node) -> tuple[Particulars | None, OwnersContact | None]:
    """What is noted about a site, and how its owner is reached; one query."""
    if not by.may(LOOK, site.place):
        return None, None
    ids = [id_ for id_ in (site.customer_id, site.reseller_id) if id_ is not None]
    rows = Particulars.objects.everything("whom to call about a site is told to whoever may see it")
    found = {row.node_id: row for row in rows.filter(node_id__in=[site.pk, *ids]).select_related("node")}
    return found.get(site.pk), _owners_contact(found[id_] for id_ in ids if id_ in found)


def contacts_of(by: Acting, node: Node) -> list[Contact]:
    """Whom to call, in the order in which they are called."""
    return list(Contact.objects.visible_to(by, LOOK).filter(node=node).select_related("node"))


@dataclass(frozen=True, slots=True)
class OwnersContact:
    """How the owner of a site is reached."""

    name: str
    company: str
    phone: str
    email: str


def _owners_contact(nearest_first: Iterable[Particulars]) -> OwnersContact | None:
    """The customer of a site, or its reseller: told to everybody who may see the site."""
    for row in nearest_first:
        if row.company or row.phone or row.email:
            return OwnersContact(row.node.name, row.company, row.phone, row.email)
    return None


def labels_of(by: Acting, nodes: Iterable[Node]) -> dict[int, list[str]]:
    """The labels of several levels, by id, in one query."""
    found: dict[int, list[str]] = defaultdict(list)
    for label in Label.objects.visible_to(by, LOOK).filter(node__in=[node.pk for node in nodes]):
        found[label.node_id].append(label.name)
    return dict(found)


def noted_of(by: Acting, nodes: Iterable[Node]) -> dict[int, Particulars]:
    """What is noted about several levels, by id, in one query."""
    rows = Particulars.objects.visible_to(by, LOOK).filter(node__in=[node.pk for node in nodes])
    return {row.node_id: row for row in rows}


def labels_in_use(by: Acting, node: Node, most: int = 40) -> list[str]:
    """Labels at a level and below, those on most levels first."""
    rows = Label.objects.visible_to(by, LOOK).filter(rows_below(node)).order_by()
    counted = rows.values("folded").annotate(number=Count("pk")).order_by("-number", "folded")[:most]
    order = [each["folded"] for each in counted]
    names = dict(
        Label.objects.visible_to(by, LOOK)
        .filter(rows_below(node), folded__in=order)
        .values_list("folded", "name")
    )
    return [names[each] for each in order if each in names]


def carries(label: str) -> Exists:
    """The condition on nodes that carry this label."""
    rows = Label.objects.everything(_JOINED).filter(node=OuterRef("pk"), folded=folded(label))
    return Exists(rows)
