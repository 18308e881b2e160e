"""The tree: a few huge resellers and many small ones, customers with one site and customers with hundreds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from furka.tree import placements
from furka.tree.models import Kind, Node
from furka.tree.queries import operator
from furka.world.draw import RARE_WORD
from furka.world.ground import Ground, write

YEARS = timedelta(days=3 * 365)

#: So many of a hundred customers registered themselves, and so many sites hang on a reseller directly.
_WITHOUT_RESELLER, _OWN_PLANTS = 0.03, 0.05


@dataclass(slots=True)
class Levels:
    """All nodes; resellers with the largest first."""

    resellers: list[Node] = field(default_factory=list)
    customers: list[Node] = field(default_factory=list)
    sites: list[Node] = field(default_factory=list)


def make_levels(ground: Ground) -> Levels:
    """Write the tree, from above to below."""
    size, draw, root = ground.size, ground.draw, operator()
    ground.tell(f"{size.resellers} resellers")
    found = Levels()
    found.resellers = write(
        [_node(ground, Kind.RESELLER, draw.reseller(number + 1), root) for number in range(size.resellers)]
    )
    ground.tell(f"{size.customers} customers")
    shares = draw.shares(size.customers, size.resellers, skew=0.9)
    parents = [
        reseller for reseller, share in zip(found.resellers, shares, strict=True) for _ in range(share)
    ]
    found.customers = write(
        [
            _node(
                ground,
                Kind.CUSTOMER,
                draw.customer(number + 1),
                root if draw.happens(_WITHOUT_RESELLER) else above,
            )
            for number, above in enumerate(parents)
        ]
    )
    ground.tell(f"{size.sites} sites")
    of_resellers = round(size.sites * _OWN_PLANTS)
    own = draw.shares(of_resellers, size.resellers, skew=0.9)
    others = draw.uneven(size.sites - of_resellers, size.customers)
    homes = [
        *(reseller for reseller, share in zip(found.resellers, own, strict=True) for _ in range(share)),
        *(customer for customer, share in zip(found.customers, others, strict=True) for _ in range(share)),
    ]
    names = [draw.site(number + 1) for number in range(len(homes))]
    names[len(names) // 2] = f"{RARE_WORD} {len(names) // 2}"
    found.sites = write(
        [_node(ground, Kind.SITE, name, above) for name, above in zip(names, homes, strict=True)]
    )
    ground.tell("where levels stand")
    placements.begin_all((*found.resellers, *found.customers, *found.sites))
    return found


def _node(ground: Ground, kind: Kind, name: str, parent: Node) -> Node:
    above_all = parent.kind == Kind.OPERATOR
    node = Node(
        key=ground.draw.key(),
        kind=kind,
        name=name,
        parent=parent,
        time_zone="Europe/Zurich",
        lease_minutes=60 if kind == Kind.CUSTOMER and ground.draw.happens(0.05) else None,
        created_at=ground.draw.before(ground.at, YEARS if above_all else ground.at - parent.created_at),
    )
    if parent.kind == Kind.RESELLER:
        node.reseller = parent
    elif parent.kind == Kind.CUSTOMER:
        node.reseller, node.customer = parent.reseller, parent
    return node
