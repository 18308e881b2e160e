"""What this room keeps about people: who they are, their addresses, second factors, tokens, logins."""

from __future__ import annotations

from collections.abc import Iterator

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _

from furka.people.models import ApiToken, EmailChange, KnownDevice, Person
from furka.personal import PersonalData, Row, register


def _person(person_id: int) -> Iterator[Row]:
    for row in Person.objects.filter(pk=person_id):
        yield {
            "key": row.key,
            "email": row.email,
            "name": row.name,
            "phone": row.phone,
            "mobile": row.mobile,
            "company": row.company,
            "language": row.language,
            "time_zone": row.time_zone,
            "mails_switched_off": row.notices_off,
            "created_at": row.created_at,
            "last_login": row.last_login,
            "closing_since": row.closing_since,
        }


def _addresses(person_id: int) -> Iterator[Row]:
    for row in EmailAddress.objects.filter(user_id=person_id).order_by("pk"):
        yield {"email": row.email, "confirmed": row.verified, "main": row.primary}
    for change in EmailChange.objects.filter(person_id=person_id):
        yield {"email": change.new_email, "confirmed": change.new_confirmed_at is not None, "main": False}


def _factors(person_id: int) -> Iterator[Row]:
    for row in Authenticator.objects.filter(user_id=person_id).order_by("pk"):
        yield {"kind": row.type, "created_at": row.created_at, "last_used_at": row.last_used_at}


def _tokens(person_id: int) -> Iterator[Row]:
    for row in ApiToken.objects.filter(person_id=person_id).order_by("pk"):
        yield {
            "key": row.key,
            "name": row.name,
            "rights": row.rights,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "last_used_at": row.last_used_at,
            "revoked_at": row.revoked_at,
        }


def _logins(person_id: int) -> Iterator[Row]:
    for row in UserSession.objects.filter(user_id=person_id).order_by("pk"):
        yield {
            "address": row.ip,
            "browser": row.user_agent,
            "created_at": row.created_at,
            "last_seen_at": row.last_seen_at,
        }


def _known(person_id: int) -> Iterator[Row]:
    for row in KnownDevice.objects.filter(person_id=person_id).order_by("pk"):
        yield {"first_seen_at": row.first_seen_at, "last_seen_at": row.last_seen_at}


def _forget_person(person_id: int) -> None:
    for person in Person.objects.filter(pk=person_id):
        person.email = f"{person.key}@closed.invalid"  # RFC 2606: nobody has it, nobody will
        person.name = person.phone = person.mobile = person.company = ""
        person.notices_off = []
        person.is_active = False
        person.set_unusable_password()
        person.save()


def _forget_addresses(person_id: int) -> None:
    EmailAddress.objects.filter(user_id=person_id).delete()
    EmailChange.objects.filter(person_id=person_id).delete()


def _forget_tokens(person_id: int) -> None:
    ApiToken.objects.filter(person_id=person_id).update(name="")


def _forget_factors(person_id: int) -> None:
    Authenticator.objects.filter(user_id=person_id).delete()


def _forget_logins(person_id: int) -> None:
    UserSession.objects.filter(user_id=person_id).delete()


def _forget_known(person_id: int) -> None:
    KnownDevice.objects.filter(person_id=person_id).delete()


def register_all() -> None:
    """At the start."""
    register(PersonalData("person", _("Personal data"), _person, _forget_person))
    register(PersonalData("addresses", _("E-mail addresses"), _addresses, _forget_addresses))
    register(PersonalData("factors", _("Two-factor login"), _factors, _forget_factors))
    register(PersonalData("tokens", _("API tokens"), _tokens, _forget_tokens))
    register(PersonalData("logins", _("Logged-in devices"), _logins, _forget_logins))
    register(PersonalData("browsers", _("Known browsers"), _known, _forget_known))
