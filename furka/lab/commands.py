"""The lab's commands: bring it up, look at it, run programs on its hosts."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
from pathlib import Path
from typing import IO

import click

from furka.lab import programs
from furka.lab.conditions import check as find_missing
from furka.lab.running import Lab, LabError, RunningLab
from furka.lab.terminal import run_here
from furka.lab.topology import HOSTS, PLANTS, PORTAL_URL, PROXY_URL
from furka.lab.walls import Wall, set_loss, set_wall

_home_option = click.option(
    "--home",
    envvar="FURKA_LAB_HOME",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/lab"),
    show_default=True,
    help="Folder of the lab: logs, and what its programs keep.",
)
_host_argument = click.argument("host", type=click.Choice([host.name for host in HOSTS]), metavar="HOST")

#: What a program on a host learns of the terminal in front of which somebody sits.
_PASSED_ON = ("TERM", "COLORTERM", "LANG", "LC_ALL", "COLUMNS", "LINES")


@click.group()
def lab() -> None:
    """An internet, a hub, four plants and a laptop on this machine, with real packets."""


@lab.command()
@_home_option
@click.option(
    "--portal-port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="The portal's port here.",
)
def up(home: Path, portal_port: int) -> None:
    """Build the lab and keep it until Ctrl-C; the portal of this machine is PORTAL in it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Lab.start(home, portal_port) as running:
            click.echo(f"The lab is up; in it, {PORTAL_URL} leads to port {portal_port} of this machine.")
            click.echo("Hosts: furka lab hosts. Run something: furka lab run HOST -- COMMAND. End: Ctrl-C.")
            with contextlib.suppress(KeyboardInterrupt):
                running.wait()
        click.echo("The lab is down.")
    except LabError as error:
        raise _failure(error) from error


@lab.command()
@_home_option
def down(home: Path) -> None:
    """End the lab with everything in it."""
    running = _running(home)
    running.stop()
    click.echo("The lab is down.")


@lab.command()
def check() -> None:
    """Say whether the lab can run on this machine, and what is missing."""
    missing = find_missing()
    for sentence in missing:
        click.echo(sentence)
    if missing:
        raise click.exceptions.Exit(1)
    click.echo("The lab can run on this machine.")


@lab.command()
def hosts() -> None:
    """List the hosts of the lab."""
    width = max(len(host.name) for host in HOSTS)
    for host in HOSTS:
        click.echo(f"{host.name:{width}}  {host.plain_address:15}  {host.what}")


@lab.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@_home_option
@_host_argument
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(home: Path, host: str, command: tuple[str, ...]) -> None:
    """Run COMMAND on HOST; its exit code is ours.

    Options of furka itself are set there: furka lab run gateway-b -- furka gateway claim CODE
    """
    _run_and_exit(home, host, command[1:] if command[0] == "--" else command)


@lab.command()
@_home_option
@_host_argument
def shell(home: Path, host: str) -> None:
    """Open a shell on HOST."""
    _run_and_exit(home, host, ("bash", "--norc", "-i"), PS1=f"{host}:\\w\\$ ")


@lab.command()
@_home_option
@_host_argument
@click.argument("file", type=click.File())
def connect(home: Path, host: str, file: IO[str]) -> None:
    """Bring the WireGuard profile in FILE up on HOST (- reads it from the input)."""
    try:
        programs.connect(_running(home), host, file.read())
    except LabError as error:
        raise _failure(error) from error
    click.echo(f"{host} is connected. Try: furka lab run {host} -- curl http://ADDRESS/")


@lab.command()
@_home_option
@_host_argument
def disconnect(home: Path, host: str) -> None:
    """Take the profile on HOST down again."""
    try:
        programs.disconnect(_running(home), host)
    except LabError as error:
        raise _failure(error) from error
    click.echo(f"{host} is disconnected.")


@lab.command()
@_home_option
@click.argument("plant", type=click.Choice(PLANTS))
@click.argument("kind", type=click.Choice([wall.value for wall in Wall]))
def wall(home: Path, plant: str, kind: str) -> None:
    """Set what the router of PLANT lets out: everything (open), TCP 443 only (tls), or nothing directly (proxy)."""
    try:
        set_wall(_running(home), plant, Wall(kind))
    except LabError as error:
        raise _failure(error) from error
    click.echo(f"Done. Through the proxy: furka gateway claim CODE --proxy {PROXY_URL}")


@lab.command()
@_home_option
@click.argument("plant", type=click.Choice(PLANTS))
@click.argument("percent", type=click.IntRange(0, 90))
def loss(home: Path, plant: str, percent: int) -> None:
    """Lose PERCENT of the packets of PLANT, in both directions; 0 loses none."""
    try:
        set_loss(_running(home), plant, percent)
    except LabError as error:
        raise _failure(error) from error
    click.echo("Done.")


def _run_and_exit(home: Path, host: str, command: tuple[str, ...], **more: str) -> None:
    env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | more
    try:
        code = run_here(_running(home), host, command, env)
    except LabError as error:
        raise click.ClickException(f"{shlex.join(command)} can't be run on {host}: {error}.") from error
    raise click.exceptions.Exit(code if code >= 0 else 128 - code)


def _running(home: Path) -> RunningLab:
    running = RunningLab(home)
    if not running.alive:
        raise click.ClickException(f"No lab is running in {home}. Start it with: furka lab up")
    return running


def _failure(error: LabError) -> click.ClickException:
    text = str(error)
    return click.ClickException(text[:1].upper() + text[1:].rstrip(".") + ".")
