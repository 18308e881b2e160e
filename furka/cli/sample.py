"""A sample to look at: plainly invented names, made by the same operations as everything else."""

from __future__ import annotations

from urllib.parse import urlsplit

import click
from django.conf import settings

from furka import clock
from furka.cli.logins import LOGINS, PASSWORD
from furka.people.models import Person
from furka.people.operations import make_person
from furka.sandbox.building import Cast, build
from furka.sandbox.plants import FIRST_SITE, SECOND_SITE
from furka.tree.operation import program


def fill() -> bool:
    """Make the sample, unless it is there; whether it was made. Refused where others than this machine can log in."""
    refuse_elsewhere()
    if Person.objects.filter(email=LOGINS[0][0]).exists():
        return False
    rita, karl, sonja = (
        make_person(email, name, PASSWORD)
        for (email, _), name in zip(LOGINS, ("Rita Beispiel", "Karl Beispiel", "Sonja Beispiel"), strict=True)
    )
    technician, specialist, former = (
        make_person(email, name, PASSWORD)
        for email, name in (
            ("tina@example.org", "Tina Beispiel"),
            ("luca@example.org", "Luca Muster"),
            ("nadja@example.org", "Nadja Muster"),
        )
    )
    cast = Cast(rita, technician, karl, sonja, specialist, former)
    # The plants of a lab bring real gateways for these two.
    build(program("hub", clock.now()), cast, without_gateway=(FIRST_SITE, SECOND_SITE))
    return True


def refuse_elsewhere() -> None:
    """Raise ClickException where others than this machine can log in."""
    if urlsplit(settings.PORTAL_URL).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise click.ClickException(
            "Everybody knows the password of the sample: it exists on this machine's own address only."
        )
