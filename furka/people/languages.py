"""In which language somebody reads: pages follow the browser, what is sent follows whoever gets it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from allauth.account.models import EmailAddress
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from furka.people.models import Person


def language_of(email: str) -> str | None:
    """The language of whoever has this address; None if nobody has it."""
    address = email.strip().lower()
    confirmed = EmailAddress.objects.filter(email=address, verified=True)
    found = (
        Person.objects.filter(email=address).values_list("language", flat=True).first()
        or confirmed.values_list("user__language", flat=True).first()
    )
    return found if found in dict(settings.LANGUAGES) else None


@contextmanager
def in_language_of(email: str) -> Iterator[None]:
    """What is written inside is in the recipient's language; in that of the moment if nobody has this address."""
    with translation.override(language_of(email) or translation.get_language()):
        yield


def follow_person(request: HttpRequest, response: HttpResponseBase, person: Person) -> None:
    """Show the pages in the person's language from now on, unless somebody chose one in this browser."""
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES or person.language not in dict(settings.LANGUAGES):
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        person.language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
