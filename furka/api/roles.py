"""Roles that a reseller or a customer defines."""

from __future__ import annotations

from ninja import Query

from furka.access.rights import PEOPLE
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, at_node
from furka.errors import NotThere
from furka.tree import roles
from furka.tree.acting import Acting
from furka.tree.level_roles import LevelRole, RoleView, role_of_key, roles_at
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

routes = Routes("people")


@routes.get("/levels/{key}/roles", at_node(PEOPLE))
def list_roles(by: Acting, level: Node, page: Query[Paging]) -> Page[schemas.RoleOfLevel]:
    """The roles that can be given at a level: its own and those of the levels above."""
    views, following = items_of(roles_at(by, level), page, lambda view: (view.name, view.key))
    return Page[schemas.RoleOfLevel](items=[schemas.role_of_level(view) for view in views], next=following)


@routes.post("/levels/{key}/roles", at_node(PEOPLE, Kind.RESELLER, Kind.CUSTOMER))
def create_role(by: Acting, level: Node, body: schemas.NewRole) -> schemas.RoleOfLevel:
    """Define a role, out of rights that you hold there for good."""
    return _shown(roles.create_role(by, level, body.name, body.rights))


@routes.patch("/levels/{key}/roles/{role}", at_node(PEOPLE, Kind.RESELLER, Kind.CUSTOMER))
def change_role(by: Acting, level: Node, role: Key, body: schemas.NewRole) -> schemas.RoleOfLevel:
    """Give a role another name or other rights; every access that uses it follows at once."""
    return _shown(roles.change_role(by, _of_key(by, level, role), body.name, body.rights))


@routes.post("/levels/{key}/roles/{role}/removal", at_node(PEOPLE, Kind.RESELLER, Kind.CUSTOMER), status=204)
def remove_role(by: Acting, level: Node, role: Key, body: schemas.RoleRemoval) -> None:
    """Take a role away; accesses that use it get the other one."""
    roles.remove_role(by, _of_key(by, level, role), body.replacement)


def _of_key(by: Acting, level: Node, key: str) -> LevelRole:
    row = role_of_key(by, level, key)
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    return row


def _shown(row: LevelRole) -> schemas.RoleOfLevel:
    return schemas.role_of_level(RoleView(row.key, row.name, frozenset(row.rights), row.node))
