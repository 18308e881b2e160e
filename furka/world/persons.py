"""Accounts of people who do not exist, four of them with a name and a password to try the portal with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from furka.people.models import Person
from furka.world.ground import Ground, write

_LANGUAGES = ("de", "de", "de", "fr", "it", "en")


@dataclass(frozen=True, slots=True)
class Persons:
    """Everybody: those to try with, and the others."""

    operator: Person
    large: Person  # owns the largest reseller
    small: Person  # owns a small customer
    supporter: Person  # holds many grants
    others: list[Person]


def addresses(seed: int) -> tuple[str, str, str, str]:
    """The e-mail addresses of the four, in the order of `Persons`."""
    return (
        f"operator-{seed}@example.org",
        f"large-{seed}@example.org",
        f"small-{seed}@example.org",
        f"supporter-{seed}@example.org",
    )


def make_persons(ground: Ground, password: str) -> Persons:
    """Write the accounts; the others have no password, so nobody can log in as them."""
    ground.tell(f"{ground.size.people} people")
    draw, hashed = ground.draw, make_password(password)
    named = [_person(ground, email, hashed) for email in addresses(ground.seed)]
    others = [
        _person(ground, f"person-{ground.seed}-{number + 1}@example.org", f"!{draw.secret()}")
        for number in range(ground.size.people - len(named))
    ]
    everybody = write([*named, *others])
    write([EmailAddress(user=each, email=each.email, verified=True, primary=True) for each in everybody])
    operator, large, small, supporter = everybody[: len(named)]
    return Persons(operator, large, small, supporter, everybody[len(named) :])


def _person(ground: Ground, email: str, password: str) -> Person:
    return Person(
        key=ground.draw.key(),
        email=email,
        name=ground.draw.person(),
        language=ground.draw.one_of(_LANGUAGES),
        password=password,
        created_at=ground.at - timedelta(days=3 * 366),
    )
