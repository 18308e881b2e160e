"""`furka journal`: verify the chains of events."""

from __future__ import annotations

from pathlib import Path

import click

from furka.cli.django import home_option, start


@click.group()
def journal() -> None:
    """Verify the journal."""


@journal.command()
@home_option
@click.option(
    "--head",
    "heads",
    multiple=True,
    metavar="CHAIN:HASH",
    help="A head noted earlier that must still be there.",
)
def verify(home: Path, heads: tuple[str, ...]) -> None:
    """Walk every chain of events and name each that was edited, removed or cut off. Exit code 1 if there is any.

    Prints the head of every chain. Keep these lines somewhere else: given again with --head, they also show a
    chain whose end was cut off together with the memory of it.
    """
    start(home)
    from furka.journal.chain import faults_of_head
    from furka.journal.chain import verify as faults_of
    from furka.journal.models import Chain

    faults = 0
    for chain in Chain.objects.order_by("key"):
        for fault in faults_of(chain):
            faults += 1
            click.echo(f"{fault.chain_key} {fault.number}: {fault.what}", err=True)
        click.echo(f"{chain.key}:{chain.head}  {chain.length} events")
    for head in heads:
        if fault_of_head := faults_of_head(head):
            faults += 1
            click.echo(f"{head.partition(':')[0]}: {fault_of_head}", err=True)
    if faults:
        raise click.ClickException(f"the journal does not hold: {faults} faults")
