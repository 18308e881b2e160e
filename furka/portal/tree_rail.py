"""The tree in the rail: where somebody begins, opened along the way to the page they are on; the rest on demand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.http import HttpResponse
from django.shortcuts import render

from furka.access.rights import LOOK
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_page import ICONS, level_url, shown, visible_ancestors
from furka.portal.navigation import Branch
from furka.sites.queries import SiteState, states_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import entrances

#: So many are shown below one level; the level's own list has them all.
MOST = 100


def rail(by: Acting, here: Node | None) -> list[Branch]:
    """What the one who acts may see: their entrances, opened down to the level that the page shows.

    The number of queries depends on how deep that is, never on how much there is.
    """
    beginnings = _highest(entrances(by))[:MOST]
    way = {level.pk for level in (*visible_ancestors(by, here), here)} if here is not None else set()
    below: dict[int, list[Node]] = {}
    shelf = [node for node in beginnings if node.pk in way and node.kind != Kind.SITE]
    while shelf:
        node = shelf.pop()
        below[node.pk] = _directly_below(by, node)
        shelf += [child for child in below[node.pk] if child.pk in way and child.kind != Kind.SITE]
    shown_nodes = [*beginnings, *(child for children in below.values() for child in children)]
    states = states_of(by, [node for node in shown_nodes if node.is_site])
    return [_branch(node, below, states, here) for node in beginnings]


@at_node(LOOK)
def branches(request: FurkaRequest, node: Node) -> HttpResponse:
    """What hangs directly below a level, when its element of the tree is opened."""
    children = _directly_below(request.by, node)
    states = states_of(request.by, [child for child in children if child.is_site])
    return render(
        request,
        "levels/_branches.html",
        {"branches": [_branch(child, {}, states, None) for child in children]},
    )


def _highest(nodes: Iterable[Node]) -> list[Node]:
    """Without those that hang below another one of them; highest first, as they come."""
    kept: list[Node] = []
    for node in nodes:
        ids = {above.pk for above in kept}
        everything = any(above.kind == Kind.OPERATOR for above in kept)
        if not everything and node.reseller_id not in ids and node.customer_id not in ids:
            kept.append(node)
    return kept


def _directly_below(by: Acting, node: Node) -> list[Node]:
    order = {Kind.RESELLER: 0, Kind.CUSTOMER: 1, Kind.SITE: 2}
    rows = (
        Node.objects.visible_to(by, LOOK)
        .filter(parent_id=node.pk)
        .order_by("kind", "sort_key", "id")[: MOST + 1]
    )
    return sorted(rows, key=lambda child: order[Kind(child.kind)])


def _branch(
    node: Node, below: dict[int, list[Node]], states: dict[int, SiteState], here: Node | None
) -> Branch:
    children: Sequence[Branch] = ()
    if node.pk in below:
        children = [_branch(child, below, states, here) for child in below[node.pk][:MOST]]
        if len(below[node.pk]) > MOST:
            children = [*children, _more(node)]
    state = shown(states[node.pk]) if node.is_site else None
    return Branch(
        key=node.key,
        name=node.name,
        url=level_url(node),
        icon=ICONS[Kind(node.kind)],
        is_here=here is not None and here.pk == node.pk,
        is_open=node.pk in below,
        state=state.kind if state else "",
        state_text=str(state.word) if state else "",
        branches=children,
        more_url="" if node.is_site or node.pk in below else level_url(node, "level-branches"),
    )


def _more(node: Node) -> Branch:
    return Branch(key=f"{node.key}-more", name="…", url=level_url(node, "level-sites"), icon="dots")
