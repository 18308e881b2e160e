"""`furka database`: create or update the tables, fill in the sample."""

from __future__ import annotations

from pathlib import Path

import click

from furka.cli.django import home_option, prepare, start


@click.group()
def database() -> None:
    """Create or update the tables; fill in the sample."""


@database.command()
@home_option
def update(home: Path) -> None:
    """Create the tables, or bring them to what this version needs."""
    start(home)
    prepare()
    click.echo("The database is up to date.")


@database.command()
@home_option
def sample(home: Path) -> None:
    """Fill in a reseller with customers, sites and people to look at. Only where the portal is on this machine."""
    start(home)
    prepare()
    from furka.cli.logins import LOGINS, PASSWORD
    from furka.cli.sample import fill

    click.echo("The sample is there." if fill() else "The sample was there already.")
    for email, who in LOGINS:
        click.echo(f"  {email}  {PASSWORD}  {who}")
