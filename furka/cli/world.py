"""`furka world`: fill a database with a made-up installation of any size."""

from __future__ import annotations

from pathlib import Path

import click

from furka.cli.django import home_option, prepare, start
from furka.cli.logins import PASSWORD


@click.command()
@home_option
@click.option(
    "--size",
    default="small",
    show_default=True,
    help="tiny, small, full, or RESELLERS,CUSTOMERS,SITES,PEOPLE.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same world.")
@click.option("--beside", is_flag=True, help="Also into a database that has levels already.")
def world(home: Path, size: str, seed: int, beside: bool) -> None:
    """Fill the database with a made-up installation: to measure with, and to see how the portal feels.

    Only where the portal is on this machine: everybody knows the passwords.
    """
    start(home)
    from furka import clock
    from furka.cli.sample import refuse_elsewhere
    from furka.world.make import NotEmpty, make_world
    from furka.world.size import WrongSize, size_of

    try:
        wanted = size_of(size)
    except WrongSize as error:
        raise click.ClickException(str(error)) from None
    refuse_elsewhere()
    prepare()
    try:
        persons = make_world(wanted, seed, clock.now(), PASSWORD, click.echo, beside=beside)
    except NotEmpty as error:
        raise click.ClickException(f"{error} Nothing was changed; see --beside and --seed.") from None
    for person, who in (
        (persons.operator, "operates the installation for some hours"),
        (persons.large, "owns the largest reseller"),
        (persons.small, "owns a small customer"),
        (persons.supporter, "supporter at many sites"),
    ):
        click.echo(f"  {person.email}  {PASSWORD}  {who}")
