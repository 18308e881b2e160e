"""When levels were in the archive or deleted. It is noted once, at the level on which it was done, and counts for all
that stood below it then; so it takes one row however large the level is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import models
from django.db.models import Q

from furka.tree.guard import Owned
from furka.tree.models import Node
from furka.tree.queries import rows_below

_REASON = "when a level was out of service is noted for everybody"


class What(models.TextChoices):
    """Where a level was, instead of in service."""

    ARCHIVED = "archived"
    DELETED = "deleted"


class Absence(Owned):
    """That a level and all below it was in the archive or deleted, from one moment to another (None: still).

    Like a placement it stays when the level is deleted for good.
    """

    node = models.ForeignKey(Node, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    what = models.CharField(max_length=8, choices=What.choices)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["node", "what"], condition=Q(ended_at=None), name="one_absence_at_a_time"
            ),
        )
        indexes = (models.Index(fields=["node", "begun_at"], name="absence_of_node"),)

    def __str__(self) -> str:
        return f"{self.node_id} {self.what}: {self.begun_at} – {self.ended_at}"


def begin(node: Node, what: What, at: datetime) -> None:
    """Note that a level went, if that is not noted yet."""
    rows = Absence.objects.everything(_REASON)
    if not rows.filter(node=node, what=what, ended_at=None).exists():
        Absence(node=node, what=what, begun_at=at).save(force_insert=True)


def end_of_those_back(node: Node, what: What, at: datetime) -> None:
    """Note that a level is back, and with it all below that went at the same moment."""
    back = {f"node__{what}_at": None, "what": what, "ended_at": None}
    Absence.objects.everything(_REASON).filter(rows_below(node), **back).update(ended_at=at)


def absent_at(node_ids: Collection[int], moment: datetime) -> dict[What, set[int]]:
    """Which of these levels were in the archive or deleted at that moment, each for itself: what is below is absent
    with them. Whoever asks must have got the levels from a read for those who may see them."""
    rows = Absence.objects.everything(_REASON).filter(
        Q(ended_at=None) | Q(ended_at__gt=moment), node_id__in=node_ids, begun_at__lte=moment
    )
    found: dict[What, set[int]] = {what: set() for what in What}
    for node_id, what in rows.values_list("node_id", "what"):
        found[What(what)].add(node_id)
    return found
