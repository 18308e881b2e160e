"""Rows of reviews: how often a level is reviewed, each review, and each access that it asks about.

What an access was when the review began is kept as values: the review says the same when the access is long gone.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.tree.guard import Owned
from furka.vault import public_key_id


class Answer(models.TextChoices):
    """Whether an access is still needed."""

    KEEP = "keep", _("keep")
    SHORTEN = "shorten", _("shorten")
    END = "end", _("end")


class ReviewPlan(Owned):
    """How often a level is reviewed, and when the next review begins by itself."""

    months = models.PositiveSmallIntegerField()
    next_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["node"], name="one_plan_of_reviews"),
            models.CheckConstraint(condition=Q(months__in=(3, 6, 12)), name="months_of_reviews_known"),
        )

    def __str__(self) -> str:
        return f"{self.node_id}: {self.months}"


class Review(Owned):
    """One review of a level and everything below it; unchangeable once it is signed off."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )  # null: the plan of the level
    due_at = models.DateTimeField()
    told_overdue_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    signed_name = models.CharField(max_length=160, default="")
    hash = models.CharField(max_length=64, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["node"], condition=Q(signed_at=None), name="one_open_review_of_a_level"
            ),
        )
        indexes = (models.Index(fields=["due_at"], name="review_open", condition=Q(signed_at=None)),)
        ordering = ("-begun_at", "-id")

    def __str__(self) -> str:
        return self.key


class ReviewItem(models.Model):
    """One access that a review asks about, as it was when the review began, and the answer."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveIntegerField()
    grant_key = models.CharField(max_length=12)
    level_id = models.BigIntegerField()
    content: models.JSONField[Any, Any] = models.JSONField()
    answer = models.CharField(max_length=8, choices=Answer.choices, default="")
    until = models.DateTimeField(null=True)
    remark = models.CharField(max_length=500, default="")
    answered_at = models.DateTimeField(null=True)
    answered_name = models.CharField(max_length=160, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["review", "grant_key"], name="asked_once_in_a_review"),
        )
        ordering = ("number",)

    def __str__(self) -> str:
        return f"{self.review_id}/{self.number}"
