"""Nodes: one table for resellers, customers and sites, each with its ancestors in the row.

A site hangs on a reseller or on a customer; a customer hangs on a reseller or, if it registered itself, on the
operator, the root above all. Rights flow down the tree, never up or sideways.

A level that was archived or deleted, and everything below it, carries the moment of that: one column answers, and
restoring takes back exactly what was set with it. `NodePlacement` remembers where every level ever stood.
"""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from furka.access.facts import Kind as PlaceKind
from furka.access.facts import Place
from furka.access.rights import Right
from furka.tree.acting import Acting
from furka.tree.guard import Guarded, GuardedQuerySet, Owned
from furka.tree.texts import SortKey
from furka.vault import public_key_id


class Kind(models.TextChoices):
    """What a node is; the same words as in `furka.access.facts.Kind`."""

    OPERATOR = "operator", _("Operator")
    RESELLER = "reseller", _("Reseller")
    CUSTOMER = "customer", _("Customer")
    SITE = "site", _("Site")


#: What may hang on what.
MAY_HANG_ON = {
    Kind.RESELLER: (Kind.OPERATOR,),
    Kind.CUSTOMER: (Kind.OPERATOR, Kind.RESELLER),
    Kind.SITE: (Kind.RESELLER, Kind.CUSTOMER),
}


_HERE = Q(deleted_at=None)
_AT_WORK = Q(deleted_at=None, archived_at=None)


class NodeQuerySet(GuardedQuerySet["Node"]):
    """Nodes, narrowed by their own place in the tree. Deleted ones are there for nobody."""

    def _narrow(self, by: Acting, right: Right) -> Self:
        return self.filter(by.scope(right).condition("", "id"), deleted_at=None)


class Node(Guarded):
    """One element of the tree."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=120)
    sort_key = SortKey(of="name")
    # What the level is called in the books of whoever looks after it; an import finds it again by this.
    reference = models.CharField(max_length=60, default="")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    # The ancestors, so that a list of everything below somebody is one condition and no walk.
    reseller = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    customer = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    time_zone = models.CharField(max_length=40, default="Europe/Zurich")
    lease_minutes = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(
        null=True
    )  # gone for everybody; removed for good when the time to undo is over

    objects = models.Manager.from_queryset(NodeQuerySet)()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="node_kind_known"),
            models.CheckConstraint(
                condition=(
                    Q(kind=Kind.OPERATOR, parent=None, reseller=None, customer=None)
                    | Q(kind=Kind.RESELLER, parent__isnull=False, reseller=None, customer=None)
                    | Q(kind=Kind.CUSTOMER, parent__isnull=False, customer=None)
                    | (
                        Q(kind=Kind.SITE, parent__isnull=False)
                        & (Q(reseller__isnull=False) | Q(customer__isnull=False))
                    )
                ),
                name="node_ancestors_fit_kind",
            ),
            models.UniqueConstraint(fields=["kind"], condition=Q(kind=Kind.OPERATOR), name="one_operator"),
            models.CheckConstraint(
                condition=Q(lease_minutes=None) | Q(lease_minutes__range=(1, 1440)),
                name="node_lease_in_range",
            ),
        )
        indexes = (
            # Of what is not deleted: so lists are read in their order, and counted without a look at the rows.
            models.Index(
                fields=["reseller", "kind", "sort_key", "id"], name="node_below_reseller", condition=_HERE
            ),
            models.Index(
                fields=["customer", "kind", "sort_key", "id"], name="node_below_customer", condition=_HERE
            ),
            models.Index(fields=["kind", "sort_key", "id"], name="node_in_order", condition=_HERE),
            # And of what is not archived either, which is what most lists and all numbers are about.
            models.Index(
                fields=["reseller", "kind", "sort_key", "id"], name="node_at_work_below", condition=_AT_WORK
            ),
            models.Index(fields=["kind", "sort_key", "id"], name="node_at_work", condition=_AT_WORK),
            models.Index(fields=["deleted_at"], name="node_in_bin", condition=Q(deleted_at__isnull=False)),
            models.Index(
                fields=["archived_at"], name="node_in_archive", condition=Q(archived_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        """Whoever changes the name changes its place in every list."""
        fields = options.get("update_fields")
        if fields is not None and "name" in fields:
            options["update_fields"] = {*fields, "sort_key"}
        super().save(*args, **options)

    @property
    def place(self) -> Place:
        """Where it stands, as the policy sees it."""
        archived = self.archived_at is not None
        return _place(self.kind, self.pk, self.reseller_id, self.customer_id, archived=archived)

    @property
    def is_site(self) -> bool:
        return self.kind == Kind.SITE

    def topics(self) -> tuple[str, ...]:
        """Under which topics its news is told: its own and those of its ancestors."""
        ids = (self.pk, self.customer_id, self.reseller_id)
        return tuple(f"node:{id_}" for id_ in ids if id_)


class NodePlacement(Owned):
    """Where a level stood and what it was called, from one moment to another (None: still).

    The rows of a node follow each other without a gap. They stay when it is deleted for good, as the journal does;
    so what stood above is kept as numbers.
    """

    node = models.ForeignKey(Node, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=120)
    parent_id = models.BigIntegerField()
    reseller_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["node"], condition=Q(ended_at=None), name="one_place_at_a_time"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=F("begun_at")), name="place_ends_after_it_begins"
            ),
        )
        indexes = (models.Index(fields=["node", "begun_at"], name="place_of_node"),)

    def __str__(self) -> str:
        return f"{self.name}: {self.begun_at} – {self.ended_at}"

    @property
    def place(self) -> Place:
        """Where the level stood, as the policy sees it."""
        return _place(self.kind, self.node_id, self.reseller_id, self.customer_id)


def _place(
    kind: str, node_id: int, reseller_id: int | None, customer_id: int | None, *, archived: bool = False
) -> Place:
    """A level is among its own ancestors, whose columns do not name itself."""
    return Place(
        kind=PlaceKind(kind),
        id=node_id,
        reseller_id=node_id if kind == Kind.RESELLER else reseller_id,
        customer_id=node_id if kind == Kind.CUSTOMER else customer_id,
        archived=archived,
    )
