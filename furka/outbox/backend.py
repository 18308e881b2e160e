"""Django's way to send mail, ending in the outbox: whatever a library sends becomes a row."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from furka import clock
from furka.outbox.models import Mail
from furka.vault import seal


class OutboxBackend(BaseEmailBackend):
    """Writes a row per recipient, in the transaction that is open."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        at = clock.now()
        rows = [
            Mail(
                recipient=to,
                subject=str(message.subject)[:300],
                sealed_text=seal(str(message.body)),
                created_at=at,
                due_at=at,
            )
            for message in email_messages
            for to in message.recipients()
            if not _is_nowhere(to)
        ]
        Mail.objects.bulk_create(rows)
        return len(email_messages)


def _is_nowhere(address: str) -> bool:
    """Nobody can have an address under .invalid (RFC 2606): the people of sample worlds, and closed accounts."""
    return address.rstrip("> ").lower().endswith(".invalid")
