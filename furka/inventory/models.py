"""Views of lists that somebody kept, and what is being taken in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from furka.people.models import Person
from furka.tree.guard import Owned
from furka.vault import public_key_id


class ListName(models.TextChoices):
    """Which list of a level."""

    SITES = "sites"
    CUSTOMERS = "customers"


class SavedView(Owned):
    """A list of a level as somebody wants to see it again; shared ones everybody at the level sees."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    listing = models.CharField(max_length=10, choices=ListName.choices)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=600)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="+")  # null: shared
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["node", "listing", "name"], condition=Q(person=None), name="shared_view_once"
            ),
            models.UniqueConstraint(fields=["node", "listing", "person", "name"], name="own_view_once"),
        )

    def __str__(self) -> str:
        return self.name


class FirstView(Owned):
    """The view with which a list of a level opens for somebody."""

    listing = models.CharField(max_length=10, choices=ListName.choices)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node", "listing", "person"], name="one_first_view"),)

    def __str__(self) -> str:
        return f"{self.listing} of {self.node_id}"


class ImportState(models.TextChoices):
    """How far an import is. Those of `WAITING` are for a program to go on with; the others wait for somebody."""

    READING = "reading"
    MAPPING = "mapping"
    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"


WAITING = (ImportState.READING, ImportState.CHECKING, ImportState.APPLYING)


class ImportRun(Owned):
    """A table that somebody brought, to be taken in below a level; it is their own until it is forgotten."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=ImportState.choices)
    file_name = models.CharField(max_length=120)
    packed_file = models.BinaryField(null=True)  # until it was read
    packed_rows = models.BinaryField(null=True)  # the headings first
    packed_verdicts = models.BinaryField(null=True)
    row_count = models.PositiveIntegerField(default=0)
    mapping = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    leave_out = models.BooleanField(default=False)  # rows with faults
    trouble = models.CharField(max_length=300, default="")
    created_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)  # when a program began to go on with it
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["state", "created_at"], name="import_waiting"),)

    def __str__(self) -> str:
        return self.file_name
