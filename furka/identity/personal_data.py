"""What this room keeps about people: under which name an outside identity provider knows them."""

from __future__ import annotations

from collections.abc import Iterator

from allauth.socialaccount.models import SocialAccount
from django.utils.translation import gettext_lazy as _

from furka.personal import PersonalData, Row, register


def _links(person_id: int) -> Iterator[Row]:
    for row in SocialAccount.objects.filter(user_id=person_id).order_by("pk"):
        yield {
            "provider": row.provider,
            "name_there": row.uid,
            "linked_at": row.date_joined,
            "last_login": row.last_login,
        }


def _forget(person_id: int) -> None:
    SocialAccount.objects.filter(user_id=person_id).delete()


def register_all() -> None:
    """At the start."""
    register(PersonalData("organisations", _("Login by your organisation"), _links, _forget))
