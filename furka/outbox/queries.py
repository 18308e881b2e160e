"""Named reads of outgoing mail: how much of it waits, never what is in it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from furka.outbox.models import Mail


def waiting() -> QuerySet[Mail]:
    """Mails that are not sent yet."""
    return Mail.objects.filter(sent_at=None)


def not_taken(created_before: datetime) -> QuerySet[Mail]:
    """Mails as old as that which were offered to the mail server, and which it has not taken."""
    return waiting().filter(attempts__gt=0, created_at__lt=created_before)
