"""`furka up`: everything on this machine, in one terminal, ended by Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from furka.cli.children import Child, Ended, wait_until_answers
from furka.cli.django import furka_program, home_option, prepare, start
from furka.cli.keeping import Kept, keep, keep_until

if TYPE_CHECKING:
    from furka.lab.running import Lab


@click.command()
@home_option
@click.option("--port", default=8000, show_default=True, help="Port of the portal on 127.0.0.1.")
@click.option("--sample", is_flag=True, help="Fill in a sample: a reseller, customers, sites, people.")
@click.option("--lab", "with_lab", is_flag=True, help="Build the lab: internet, hub, four plants, a laptop.")
def up(home: Path, port: int, sample: bool, with_lab: bool) -> None:
    """Start portal and worker on this machine, with everything that is kept under one folder.

    Ctrl-C ends everything that was started.
    """
    home = home.absolute()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    os.environ["FURKA_URL"] = url
    if with_lab:
        from furka.lab.topology import PORTAL

        os.environ["FURKA_HOSTS"] = ",".join(filter(None, (os.environ.get("FURKA_HOSTS"), PORTAL)))
    if "FURKA_MAIL_URL" not in os.environ:
        os.environ.setdefault("FURKA_OUTBOX_PAGE", "yes")
    start(home)
    prepare()
    _must_be_free(port)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as everything:
        try:
            programs = [_program(everything, home, "portal", "--port", str(port))]
            wait_until_answers(f"{url}/account/login/", lambda: programs[0].running.alive, home / "logs")
            programs.append(_program(everything, home, "worker"))
            click.echo(f"The portal is at {url}")
            if sample:
                _show_sample()
            if os.environ.get("FURKA_OUTBOX_PAGE") == "yes":
                click.echo(f"Mails are not sent, they are shown at {url}/outbox/")
            if with_lab and not stop.is_set():
                programs += everything.enter_context(_lab(home / "lab", port))
            click.echo("Ctrl-C ends everything.")
            keep_until(stop, programs)
        except Ended as error:
            raise click.ClickException(str(error)) from None
    click.echo("Ended.")


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise click.ClickException(
                f"Port {port} is in use already; choose another with --port."
            ) from None


def _program(everything: ExitStack, home: Path, name: str, *options: str) -> Kept:
    """Start one of our programs and keep it running until everything ends."""

    def start_one() -> Child:
        log = home / "logs" / f"{name}.log"
        child = Child([*furka_program(), name, *options], log, {"FURKA_HOME": str(home)})
        everything.callback(child.stop)
        return child

    return keep(name, start_one)


def _show_sample() -> None:
    from furka.cli.logins import LOGINS, PASSWORD
    from furka.cli.sample import fill

    fill()
    click.echo(f"Sample logins, all with the password {PASSWORD}:")
    for email, who in LOGINS:
        click.echo(f"  {email:20}{who}")


@contextmanager
def _lab(home: Path, port: int) -> Iterator[list[Kept]]:
    """The lab with its hub and both gateways; where it can't run, one sentence and no lab."""
    from furka.lab.running import Lab, LabError

    try:
        lab = Lab.start(home, port)
    except LabError as error:
        click.echo(f"The lab can't run here, the portal runs without it: {error}")
        yield []
        return
    with lab:
        try:
            programs = _start_in(lab, port)
        except LabError as error:
            raise Ended(f"The lab could not be completed: {error}") from None
        yield programs


def _start_in(lab: Lab, port: int) -> list[Kept]:
    from furka.cli.labwork import (
        claim_for_sample,
        hub_token,
        listen_for_pages,
        start_browse,
        start_hub,
        wait_for_hub,
    )
    from furka.lab.programs import start_gateway, start_relay
    from furka.lab.topology import PLANTS

    token = hub_token(lab)
    listener = listen_for_pages(port)
    hub = keep("hub of the lab", lambda: start_hub(lab, token, listener))
    programs = [keep("relay of the lab", lambda: start_relay(lab)), hub]
    wait_for_hub(lab, hub.running)
    programs.append(keep("program for pages of devices", lambda: start_browse(lab, listener)))
    programs += [keep(f"gateway of plant {plant}", partial(start_gateway, lab, plant)) for plant in PLANTS]
    site = claim_for_sample(lab)
    furka = "furka" if shutil.which("furka") else os.path.relpath(Path(sys.executable).with_name("furka"))
    click.echo("The lab is up: a hub, the plants a to d, a technician's laptop.")
    click.echo(f"  {furka} lab --help   says what can be done in it")
    if site:
        click.echo(f"  Plant a belongs to “{site}”. The gateways of the others wait for claim codes:")
        where = "" if lab.home == Path("var/lab").resolve() else f"--home {lab.home} "
        click.echo(f"  {furka} lab run {where}gateway-b -- furka gateway claim CODE")
    return programs
