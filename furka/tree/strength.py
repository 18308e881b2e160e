"""Since when, and until when, people logged in with a second factor: kept, so that the past can be answered."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet

from furka.tree.grants import GrantInterval

#: What counts as a second factor; recovery codes alone do not.
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class StrongTime(models.Model):
    """That somebody had a second factor, from one moment to another (None: still)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_at=None), name="one_strong_time_at_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person_id}: {self.begun_at} – {self.ended_at}"


def follow(person_id: int, at: datetime) -> None:
    """Note how strongly somebody logs in from now on."""
    is_strong = Authenticator.objects.filter(user_id=person_id, type__in=SECOND_FACTORS).exists()
    running = StrongTime.objects.filter(person_id=person_id, ended_at=None)
    if not is_strong:
        running.update(ended_at=at)
    elif not running.exists():
        StrongTime.objects.create(person_id=person_id, begun_at=at)


def with_strength(
    rows: QuerySet[GrantInterval], now: datetime | None = None, moment: datetime | None = None
) -> QuerySet[GrantInterval]:
    """Intervals, each with whether its person logs in with a second factor now, or did at a moment before now."""
    if now is None or moment is None or moment >= now:
        factors = Authenticator.objects.filter(user=OuterRef("person"), type__in=SECOND_FACTORS)
        return rows.annotate(strong=Exists(factors))
    times = StrongTime.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=moment), person=OuterRef("person"), begun_at__lte=moment
    )
    return rows.annotate(strong=Exists(times))
