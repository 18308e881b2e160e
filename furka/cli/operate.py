"""`furka operate`: what only whoever runs the installation may do, on its machine."""

from __future__ import annotations

from pathlib import Path

import click

from furka.cli.django import home_option, start


@click.group()
def operate() -> None:
    """Enrol hubs; open an operator's session; close accounts; make the search anew."""


@operate.command()
@home_option
@click.argument("name")
def hub(home: Path, name: str) -> None:
    """Make the hub NAME known and print its token, once. For a known hub: a new token; the old one stops working."""
    start(home)
    from furka import clock
    from furka.dispatch.hubs import enrol
    from furka.tree.operation import program

    click.echo(enrol(program("command line", clock.now()), name).token)


@operate.command()
@home_option
@click.argument("email")
@click.option("--reason", required=True, help="Why; it stands in the journal.")
def session(home: Path, email: str, reason: str) -> None:
    """Give the person with the address EMAIL all rights everywhere, for eight hours, on the record."""
    start(home)
    from furka import clock
    from furka.people.models import Person
    from furka.tree.operation import program
    from furka.tree.staff import open_operator_session

    person = Person.objects.filter(email=email.strip().lower()).first()
    if person is None:
        raise click.ClickException(f"Nobody has an account with the address {email}.")
    until = open_operator_session(program("command line", clock.now()), person, reason)
    click.echo(f"{person.email} operates the installation until {until:%Y-%m-%d %H:%M} UTC.")


@operate.command("close-account")
@home_option
@click.argument("email")
@click.option("--reopen", is_flag=True, help="Take it back instead, within 14 days.")
def close_account(home: Path, email: str, reopen: bool) -> None:
    """End everything that the account with the address EMAIL opens; after 14 days it is deleted for good."""
    start(home)
    from furka import clock
    from furka.account import closing
    from furka.errors import FurkaError
    from furka.people.models import Person
    from furka.tree.operation import program

    person = Person.objects.filter(email=email.strip().lower()).first()
    if person is None:
        raise click.ClickException(f"Nobody has an account with the address {email}.")
    by = program("command line", clock.now())
    try:
        if reopen:
            closing.reopen(by, person)
            click.echo(f"The account of {person.email} is open again.")
        else:
            until = closing.close_account_of(by, person)
            click.echo(
                f"The account of {person.email} is closed. Until {until:%Y-%m-%d} it can be taken back."
            )
    except FurkaError as error:
        raise click.ClickException(str(error)) from None


@operate.command("search")
@home_option
def search_again(home: Path) -> None:
    """Make anew what the search finds, from what is stored; the portal may run meanwhile."""
    start(home)
    from furka.finding.index import renew_all

    click.echo(f"{renew_all()} entries were not right and are now.")
