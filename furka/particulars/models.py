"""Labels, particulars and contacts of levels."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q

from furka.tree.guard import Owned
from furka.vault import public_key_id


class Label(Owned):
    """A word that somebody put on a level, to find it again among others."""

    name = models.CharField(max_length=30)
    folded = models.CharField(max_length=60)  # how it is compared: case and accents left out

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node", "folded"], name="label_once_per_level"),)
        indexes = (models.Index(fields=["folded", "node"], name="label_by_name"),)
        ordering = ("folded",)

    def __str__(self) -> str:
        return self.name


class Particulars(Owned):
    """Where a level is and how its owner is reached. One row per level at most."""

    company = models.CharField(max_length=120, default="")
    phone = models.CharField(max_length=40, default="")
    email = models.EmailField(default="")
    street = models.CharField(max_length=120, default="")
    postcode = models.CharField(max_length=20, default="")
    town = models.CharField(max_length=80, default="")
    country = models.CharField(max_length=60, default="")
    latitude: models.DecimalField[Decimal | None, Decimal | None] = models.DecimalField(
        max_digits=8, decimal_places=5, null=True
    )  # degrees, WGS 84
    longitude: models.DecimalField[Decimal | None, Decimal | None] = models.DecimalField(
        max_digits=8, decimal_places=5, null=True
    )
    note = models.TextField(max_length=4000, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["node"], name="particulars_once_per_level"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="place_is_on_earth",
            ),
        )

    def __str__(self) -> str:
        return f"{self.node_id}: {self.town}"

    @property
    def address_lines(self) -> tuple[str, ...]:
        """The postal address, line by line."""
        town = " ".join(filter(None, (self.postcode, self.town)))
        return tuple(filter(None, (self.street, town, self.country)))


class Contact(Owned):
    """Somebody to call about a level."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=80, default="")  # what they are there for, such as "caretaker"
    phone = models.CharField(max_length=40, default="")
    email = models.EmailField(default="")
    note = models.CharField(max_length=300, default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.name
