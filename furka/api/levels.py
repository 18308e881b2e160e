"""Levels: resellers, customers and sites, and what is configured at them."""

from __future__ import annotations

from ninja import Query

from furka.access.rights import LOOK, RIGHTS, STRUCTURE
from furka.api import schemas
from furka.api.inventory import CustomerPaging, SitePaging
from furka.api.paging import Page, Paging, items_of, rows_of
from furka.api.routes import Routes, at_node, own
from furka.inventory.filters import customers_chosen, sites_chosen
from furka.sites.queries import SiteState, states_of
from furka.tree import operations
from furka.tree.acting import Acting
from furka.tree.many import set_reference
from furka.tree.models import Kind, Node
from furka.tree.operation import Work, own_operation
from furka.tree.queries import entrances

routes = Routes("levels")

_RANK = {Kind.OPERATOR: "0", Kind.RESELLER: "1", Kind.CUSTOMER: "2", Kind.SITE: "3"}


@routes.get("/levels", own("where I begin"))
def list_levels(by: Acting, page: Query[Paging]) -> Page[schemas.Level]:
    """The levels on which I hold something now, highest first; what is below them is in their lists."""
    nodes, following = items_of(
        entrances(by), page, lambda node: (_RANK[Kind(node.kind)], node.name, node.key)
    )
    return Page[schemas.Level](items=[_level(by, node) for node in nodes], next=following)


@routes.post("/levels", own("whoever has an account may open a level"))
def open_level(by: Acting, body: schemas.NewLevel) -> schemas.LevelInFull:
    """Begin as a reseller, or as a customer without one; whoever opens a level owns it."""
    return _in_full(by, operations.open_level(by, Kind(body.kind), body.name))


@routes.get("/levels/{key}", at_node(LOOK))
def read_level(by: Acting, level: Node) -> schemas.LevelInFull:
    """A level, and what I may do there now."""
    return _in_full(by, level)


@routes.patch("/levels/{key}", at_node(LOOK))
def change_level(by: Acting, level: Node, body: schemas.LevelChanges) -> schemas.LevelInFull:
    """Change name (right `structure`), time zone (`configure`) or lease (`people`) of a level; all or nothing."""
    _change(by, level, body)
    return _in_full(by, level)


@routes.get("/levels/{key}/customers", at_node(LOOK, Kind.OPERATOR, Kind.RESELLER))
def list_customers(by: Acting, level: Node, page: Query[CustomerPaging]) -> Page[schemas.Level]:
    """The customers below a level."""
    rows = customers_chosen(by, level, page.chosen, directly=False).select_related("parent")
    nodes, following = rows_of(rows, page, ("sort_key", "key"))
    return Page[schemas.Level](items=[_level(by, node) for node in nodes], next=following)


@routes.post("/levels/{key}/customers", at_node(STRUCTURE, Kind.OPERATOR, Kind.RESELLER))
def create_customer(by: Acting, level: Node, body: schemas.NewCustomer) -> schemas.LevelInFull:
    """A new customer."""
    return _in_full(by, operations.create_customer(by, level, body.name))


@routes.get("/levels/{key}/sites", at_node(LOOK, Kind.OPERATOR, Kind.RESELLER, Kind.CUSTOMER))
def list_sites(by: Acting, level: Node, page: Query[SitePaging]) -> Page[schemas.Site]:
    """The sites below a level, those of its customers too, each with how it is."""
    rows = sites_chosen(by, level, page.chosen).select_related("parent")
    nodes, following = rows_of(rows, page, ("sort_key", "key"))
    states = states_of(by, nodes)
    items = [_site(by, node, states[node.pk]) for node in nodes]
    return Page[schemas.Site](items=items, next=following)


@routes.post("/levels/{key}/sites", at_node(STRUCTURE, Kind.RESELLER, Kind.CUSTOMER))
def create_site(by: Acting, level: Node, body: schemas.NewSite) -> schemas.Site:
    """A new site; it has no gateway yet."""
    site = operations.create_site(by, level, body.name, body.time_zone)
    return _site(by, site, SiteState("without-gateway"))


@own_operation("each of the changes is decided for itself")
def _change(work: Work, level: Node, changes: schemas.LevelChanges) -> None:
    named = changes.model_fields_set
    if "name" in named:
        operations.rename(work.by, level, changes.name)
    if "reference" in named:
        set_reference(work.by, level, changes.reference)
    if "time_zone" in named:
        operations.set_time_zone(work.by, level, changes.time_zone)
    if "lease_minutes" in named:
        operations.set_lease(work.by, level, changes.lease_minutes)


def _level(by: Acting, node: Node) -> schemas.Level:
    parent = node.parent if node.parent and by.may(LOOK, node.parent.place) else None
    return schemas.Level(
        **dict(schemas.level_name(node)),
        parent=schemas.level_name(parent) if parent else None,
        reference=node.reference,
        time_zone=node.time_zone,
        lease_minutes=node.lease_minutes,
        created_at=node.created_at,
        archived_at=node.archived_at,
    )


def _in_full(by: Acting, node: Node) -> schemas.LevelInFull:
    rights = [right.key for right in RIGHTS.all() if by.may(right, node.place)]
    return schemas.LevelInFull(**dict(_level(by, node)), rights=rights)


def _site(by: Acting, node: Node, state: SiteState) -> schemas.Site:
    return schemas.Site(**dict(_level(by, node)), state=schemas.state(state))
