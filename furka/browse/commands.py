"""`furka browse`: the program that opens pages of devices in browsers, beside a hub."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import socket
import ssl
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import click
from aiohttp import web

from furka.browse.hub_line import HubLine
from furka.browse.pages import Because, OpenPage, Pages
from furka.browse.server import Outside, Server
from furka.wire.hub import PAGES_PATTERN, PageClosed

_LOOK_EVERY = 0.5  # seconds
_ENDING = 2.0  # seconds in which running answers may finish


@click.group()
def browse() -> None:
    """Open pages of devices in browsers, beside a hub on the same machine.

    Needs no rights of its own: what may be asked, from which address and until when, comes from the hub program over a
    socket, and the kernel holds to it whatever this program does.
    """


@browse.command()
@click.option(
    "--pages",
    required=True,
    metavar="URL",
    help="What it answers to, as furka hub run has it: https://*.pages.example.org.",
)
@click.option(
    "--page-socket",
    required=True,
    type=click.Path(path_type=Path),
    help="Where the hub program says which pages may be open (a Unix socket).",
)
@click.option(
    "--home",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what it must remember. Made if missing.",
)
@click.option(
    "--listen",
    default="127.0.0.1:8090",
    show_default=True,
    metavar="HOST:PORT",
    help="Where it listens; “inherited” takes an open socket as its standard input.",
)
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificate for all names under --pages (PEM, with its chain); without one, a proxy in front has it.",
)
@click.option(
    "--private-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its private key (PEM).",
)
@click.option("--verbose", "-v", is_flag=True, help="Say more.")
def run(
    pages: str,
    page_socket: Path,
    home: Path,
    listen: str,
    certificate: Path | None,
    private_key: Path | None,
    verbose: bool,
) -> None:
    """Answer browsers, until the program is ended."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("furka").setLevel(logging.DEBUG if verbose else logging.INFO)
    if not pages or not re.match(PAGES_PATTERN, pages):
        raise click.BadParameter("must be like https://*.pages.example.org", param_hint="--pages")
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        tls = _tls(certificate, private_key)
        listener = _listener(listen)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    asyncio.run(_serve(Outside(pages), page_socket, home, listener, tls))


async def _serve(
    outside: Outside, place: Path, home: Path, listener: socket.socket, tls: ssl.SSLContext | None
) -> None:
    pages = Pages(home, lambda page, now: line.tell(_closed(page, now)))
    line = HubLine(place, pages.hear, lambda: [_closed(page, pages.now()) for page in pages.idle()])
    server = Server(outside, pages)
    runner = web.ServerRunner(server.answering(), shutdown_timeout=_ENDING)
    await runner.setup()
    await web.SockSite(runner, listener, ssl_context=tls).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listening = asyncio.ensure_future(line.run())
    while not stop.is_set():
        await server.look()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _LOOK_EVERY)
    listening.cancel()
    await server.close()
    await runner.cleanup()


def _closed(page: OpenPage, now: datetime) -> PageClosed:
    return PageClosed(name=page.page.name, at=now, because=str(page.because or Because.ENDED))


def _listener(listen: str) -> socket.socket:
    if listen == "inherited":
        return socket.socket(fileno=0)
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("--listen must be HOST:PORT")
    return socket.create_server((host.strip("[]"), int(port)), reuse_port=False, backlog=256)


def _tls(certificate: Path | None, private_key: Path | None) -> ssl.SSLContext | None:
    if certificate is None and private_key is None:
        return None
    if certificate is None or private_key is None:
        raise ValueError("--certificate and --private-key are given together, or neither")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, private_key)
    return context
