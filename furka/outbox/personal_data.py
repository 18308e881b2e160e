"""What this room keeps about people: that mails were sent to their address; the texts are wiped once sent."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from furka.outbox.models import Mail
from furka.personal import PersonalData, Row, register


def _email_of(person_id: int) -> str:
    """The room of people stands beside this one; who has an account is asked of the framework."""
    return str(get_user_model()._default_manager.values_list("email", flat=True).get(pk=person_id))


def _mails(person_id: int) -> Iterator[Row]:
    rows = Mail.objects.filter(recipient__iexact=_email_of(person_id)).order_by("pk")
    for row in rows.iterator(chunk_size=2000):
        yield {"created_at": row.created_at, "sent_at": row.sent_at, "subject": row.subject}


def _forget(person_id: int) -> None:
    Mail.objects.filter(recipient__iexact=_email_of(person_id)).delete()


def register_all() -> None:
    """At the start. Its key comes before that of the person, whose address is needed to find the mails."""
    register(PersonalData("mails", _("Mails to you"), _mails, _forget))
