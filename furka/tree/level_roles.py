"""Roles that a reseller or a customer defines: named sets of rights, usable there and below. Rows and named reads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.db.models import Count, Q

from furka.access.rights import LOOK, PEOPLE
from furka.access.roles import UnknownRole, rights_of
from furka.tree.acting import Acting
from furka.tree.grants import Grant
from furka.tree.guard import Owned
from furka.tree.models import Node
from furka.vault import public_key_id

_REASON = "what a role of a level is called and allows is needed wherever it was given"


class LevelRole(Owned):
    """A named set of rights. A role that is removed stays as a row: what it once was called is still told."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    name = models.CharField(max_length=60)
    rights = models.JSONField()  # sorted list of keys
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    changed_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["node", "name"], condition=Q(removed_at=None), name="one_role_of_that_name"
            ),
        )
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role of a level as people see it."""

    key: str
    name: str
    rights: frozenset[str]
    node: Node
    used: int = 0  # how many live accesses have it


def roles_at(by: Acting, node: Node) -> list[RoleView]:
    """The roles that can be given at a level: its own and those of the levels above, for whoever may see it."""
    if not by.may(LOOK, node.place):
        return []
    rows = LevelRole.objects.everything(_REASON).filter(node__in=_own_and_above(node), removed_at=None)
    return [
        RoleView(row.key, row.name, frozenset(row.rights), row.node) for row in rows.select_related("node")
    ]


def roles_of(by: Acting, node: Node) -> list[RoleView]:
    """The roles that this level defines itself, with how often each is used; for whoever administers people there."""
    rows = list(
        LevelRole.objects.visible_to(by, PEOPLE).filter(node=node, removed_at=None).select_related("node")
    )
    used = in_use([row.key for row in rows])
    return [
        RoleView(row.key, row.name, frozenset(row.rights), row.node, used.get(row.key, 0)) for row in rows
    ]


def role_of_key(by: Acting, node: Node, key: str) -> LevelRole | None:
    """A role that this level defines, for whoever administers people there."""
    rows = LevelRole.objects.visible_to(by, PEOPLE).filter(node=node, key=key, removed_at=None)
    return rows.select_related("node").first()


def rights_at(node: Node, role: str) -> frozenset[str]:
    """The rights of a ready-made role, or of one that this level or one above defines. Raises UnknownRole."""
    try:
        return rights_of(role)
    except UnknownRole:
        rows = LevelRole.objects.everything(_REASON)
        found = rows.filter(key=role, node__in=_own_and_above(node), removed_at=None).first()
        if found is None:
            raise
        return frozenset(found.rights)


def names_of(keys: Collection[str]) -> dict[str, str]:
    """What roles of levels are or were called, by key. Whoever asks got the keys from grants they may see."""
    wanted = {key for key in keys if len(key) == LevelRole._meta.get_field("key").max_length}
    if not wanted:
        return {}
    rows = LevelRole.objects.everything(_REASON).filter(key__in=wanted)
    return dict(rows.values_list("key", "name"))


def in_use(keys: Collection[str]) -> dict[str, int]:
    """How many live grants have these roles."""
    rows = Grant.objects.everything(_REASON).filter(role__in=keys, ended_at=None).order_by()
    return dict(rows.values_list("role").annotate(count=Count("pk")))


def _own_and_above(node: Node) -> list[int]:
    return [id_ for id_ in (node.pk, node.customer_id, node.reseller_id) if id_ is not None]
