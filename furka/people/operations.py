"""Accounts made without a browser: by the sample, by tests, by whoever runs the installation."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction

from furka.people.models import Person


@transaction.atomic
def make_person(email: str, name: str, password: str) -> Person:
    """An account whose address counts as confirmed, ready to log in."""
    person = Person.objects.create_user(email, password, name=name)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person
