"""`furka hub`: run the program on a server that ends the tunnels."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import socket
from pathlib import Path
from types import FrameType

import click

from furka.clock import now
from furka.hub.conversation import Portal
from furka.hub.home import Home, HomeError
from furka.hub.linux_machine import LinuxMachine
from furka.hub.machine import MachineError
from furka.hub.program import HubProgram
from furka.hub.setting import Relay, Setting
from furka.kernel.wireguard import BackEndChoice
from furka.relay import certificate as certificates
from furka.relay.folder import Offer, known_in, say_offer
from furka.relay.server import Relay as RelayServer
from furka.relay.server import Setting as RelaySetting
from furka.wire.hub import PAGES_PATTERN

_ENDPOINT = re.compile(r"^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}$")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def hub() -> None:
    """Run a hub: the server on which the tunnels of gateways and people end.

    A hub holds no list of people and no rights. It fetches its plan from the portal and has exactly that in force:
    who may reach which site, until when. Enrol it in the portal first; there you get its token.
    """


@hub.command()
@click.option(
    "--portal",
    required=True,
    metavar="URL",
    help="Address of the portal, such as https://portal.example.org.",
)
@click.option(
    "--token-file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the token that the portal showed when this hub was enrolled.",
)
@click.option(
    "--home",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the key of this hub and for what it must remember. Made if missing.",
)
@click.option(
    "--endpoint",
    required=True,
    metavar="HOST:PORT",
    help="Where gateways and people reach this hub from outside (UDP).",
)
@click.option(
    "--listen-port", default=51820, show_default=True, help="UDP port of the tunnels on this machine."
)
@click.option(
    "--interface", default="furka0", show_default=True, help="Name of the tunnel interface that is made."
)
@click.option(
    "--back-end",
    type=click.Choice(["auto", "kernel", "wireguard-go"]),
    default="auto",
    show_default=True,
    help="What carries the tunnels: the kernel's module, or the program wireguard-go where there is none.",
)
@click.option(
    "--plain-http", is_flag=True, help="Allow a portal without encryption. Only for trying things out."
)
@click.option(
    "--relay",
    metavar="HOST:PORT",
    help="Where gateways reach the relay beside this hub from outside (TCP), if one runs: furka hub relay.",
)
@click.option(
    "--relay-folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of that relay.",
)
@click.option(
    "--pages",
    default="",
    metavar="URL",
    help="Where pages of devices open, such as https://*.pages.example.org: what furka browse answers to.",
)
@click.option(
    "--page-socket",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where furka browse on this machine hears which pages may be open (a Unix socket that is made).",
)
@click.option(
    "--names/--no-names",
    default=True,
    show_default=True,
    help="Answer for the names of devices, at this hub's address in the tunnel (port 53).",
)
@click.option(
    "--canary/--no-canary",
    default=True,
    show_default=True,
    help="Try the own way every minute: connect, reach a device, be cut off. No plant has to do with it.",
)
@click.option("--verbose", "-v", is_flag=True, help="Say more.")
def run(
    portal: str,
    token_file: Path,
    home: Path,
    endpoint: str,
    listen_port: int,
    interface: str,
    back_end: BackEndChoice,
    plain_http: bool,
    relay: str | None,
    relay_folder: Path | None,
    pages: str,
    page_socket: Path | None,
    names: bool,
    canary: bool,
    verbose: bool,
) -> None:
    """Fetch the plan from the portal and keep it in force, until the program is ended.

    Needs root (or CAP_NET_ADMIN, and CAP_NET_BIND_SERVICE for names). Ending the program cuts nobody off: tunnels and
    open accesses stay as they are, and
    the kernel closes each access when its time is up. Open the UDP port in the firewall of this server; nothing else
    has to be reachable from outside.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("furka").setLevel(logging.DEBUG if verbose else logging.INFO)
    if not _ENDPOINT.match(endpoint):
        raise click.BadParameter("must be HOST:PORT, such as vpn.example.org:51820", param_hint="--endpoint")
    if relay is not None and not _ENDPOINT.match(relay):
        raise click.BadParameter("must be HOST:PORT, such as vpn.example.org:443", param_hint="--relay")
    if (relay is None) != (relay_folder is None):
        raise click.UsageError("--relay and --relay-folder belong together.")
    beside = Relay(relay, relay_folder) if relay and relay_folder else None
    if not re.match(PAGES_PATTERN, pages):
        raise click.BadParameter("must be like https://*.pages.example.org", param_hint="--pages")
    if bool(pages) != (page_socket is not None):
        raise click.UsageError("--pages and --page-socket are given together, or neither.")
    try:
        folder = Home(home)
        machine = LinuxMachine(interface, folder.private_key(), listen_port, back_end=back_end)
        way = Portal(portal, token_file, plain_http)
        way.link().close()
    except (HomeError, MachineError, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    setting = Setting(
        way,
        endpoint,
        interface,
        beside,
        pages=pages,
        page_socket=page_socket,
        names=names,
        canary_port=listen_port if canary else 0,
    )
    program = HubProgram(setting, folder, machine)

    def end(_number: int, _frame: FrameType | None) -> None:
        program.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    program.run()


@hub.command()
@click.option(
    "--folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that this relay shares with the hub on this machine. Made if missing.",
)
@click.option(
    "--host",
    required=True,
    help="The name or address by which gateways reach this machine; the own certificate is for it.",
)
@click.option("--listen", default="0.0.0.0", show_default=True, help="Address to listen on.")  # noqa: S104  # it serves the internet
@click.option("--port", default=443, show_default=True, help="TCP port to listen on.")
@click.option(
    "--probe-port", default=51821, show_default=True, help="UDP port for questions whether UDP gets through."
)
@click.option("--wireguard-port", default=51820, show_default=True, help="UDP port of the hub's tunnels.")
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificate chain (PEM) of a known authority. Without it the relay makes one of its own.",
)
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its private key.")
def relay(
    folder: Path,
    host: str,
    listen: str,
    port: int,
    probe_port: int,
    wireguard_port: int,
    certificate: Path | None,
    key: Path | None,
) -> None:
    """Carry the tunnels of gateways that may only use TCP 443, beside a hub on this machine.

    Needs no rights but to open its port (CAP_NET_BIND_SERVICE). It lets in nobody but gateways of this hub, and hands
    what they send to the hub's WireGuard port on this machine, nowhere else; what it carries is sealed to it. Start the
    hub with --relay HOST:PORT and --relay-folder. Open the TCP port, and the two UDP ports, in the firewall.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key belong together.")
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        chain, private = (certificate, key) if certificate and key else certificates.own(folder, host, now())
        tls = certificates.server_context(chain, private)
        listener = socket.create_server((listen, port))
        probes = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probes.bind((listen, probe_port))
        own = "" if certificate else chain.read_text()
        say_offer(folder, Offer(certificate=own, probe_port=probe_port))
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    server = RelayServer(RelaySetting(wireguard_port, lambda: known_in(folder), tls))
    try:
        asyncio.run(_until_ended(server, listener, probes))
    finally:
        probes.close()


async def _until_ended(server: RelayServer, listener: socket.socket, probes: socket.socket) -> None:
    serving = asyncio.create_task(server.serve(listener, probes))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    await asyncio.wait([serving])
    if not serving.cancelled() and (error := serving.exception()) is not None:
        raise error
