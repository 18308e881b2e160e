"""The gateway's commands: claim a site, run the service, show how it is."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

import click
from pydantic import ValidationError

from furka.clock import now
from furka.gateway.claim import ServesAlready
from furka.gateway.claim import claim as make_claim
from furka.gateway.desired import is_fresh
from furka.gateway.home import Home, HomeError, HomeInUse, Status
from furka.gateway.local_page import PORT
from furka.gateway.machine import TROUBLE, Machine
from furka.gateway.preset import PresetClaim
from furka.gateway.serial import serial_number
from furka.gateway.service import Service
from furka.gateway.switch import SiteSwitch
from furka.gateway.tasks.log import LastWords
from furka.kernel.wireguard import BackEndChoice, PeerState
from furka.relay.proxy import Proxy
from furka.wire.gateway import GatewaySettings
from furka.wire.portal_link import PortalAway, PortalLink, PortalRefused
from furka.wire.preset import read_preset

_WAYS = {"udp": "UDP", "tls": "TLS over TCP", "tls-proxy": "TLS over TCP, through an HTTP proxy"}

_CAP_NET_ADMIN = 12  # capabilities(7)

_home_option = click.option(
    "--home",
    "folder",
    envvar="FURKA_GATEWAY_HOME",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/var/lib/furka/gateway"),
    show_default=True,
    help="Folder for key, token and last settings.",
)
_proxy_option = click.option(
    "--proxy",
    envvar="FURKA_GATEWAY_PROXY",
    metavar="URL",
    help="HTTP proxy of this network: http://host:port or http://name:password@host:port.",
)
_serial_option = click.option(
    "--serial",
    envvar="FURKA_GATEWAY_SERIAL",
    default="",
    help="Serial number of this box, if it does not know it itself.",
)
_plain_http_option = click.option(
    "--plain-http",
    envvar="FURKA_GATEWAY_PLAIN_HTTP",
    is_flag=True,
    help="Allow a portal without encryption (for trying things out).",
)


@click.group()
def gateway() -> None:
    """Claim a site and keep its tunnel; makes outbound connections only."""


@gateway.command()
@click.argument("code", default="")
@click.option("--portal", envvar="FURKA_GATEWAY_PORTAL", metavar="URL", help="Address of the portal.")
@click.option(
    "--from",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the line of the gateway's label, instead of CODE and --portal.",
)
@_home_option
@_plain_http_option
@_proxy_option
@_serial_option
def claim(
    code: str,
    portal: str | None,
    file: Path | None,
    folder: Path,
    plain_http: bool,
    proxy: str | None,
    serial: str,
) -> None:
    """Serve the site that the claim CODE from the portal belongs to.

    CODE may also be the whole line of a gateway's label. A proxy that is given here is kept for the service as well;
    --proxy "" forgets it.
    """
    try:
        code, portal = _code_and_portal(code, portal, file)
        known = Home(folder).identity() if proxy is None else None
        by = (known.proxy if known else "") if proxy is None else _checked(proxy)
        link = PortalLink(portal, plain_http=plain_http, proxy=by or None)
    except HomeError as error:
        raise click.ClickException(_sentence(str(error))) from error
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    try:
        made = make_claim(Home(folder), code, portal, link, proxy, serial_number(serial))
    except ValidationError as error:
        raise click.UsageError("A claim code has 4 to 40 characters.") from error
    except PortalRefused as refused:
        raise click.ClickException(_sentence(str(refused))) from refused
    except (ServesAlready, PortalAway, HomeError) as error:
        raise click.ClickException(_sentence(str(error))) from error
    finally:
        link.close()
    click.echo(
        f"This gateway serves {made.site} now. The running service takes over within seconds; "
        "if none runs, start it with: furka gateway run"
    )


@gateway.command()
@_home_option
@_plain_http_option
@click.option(
    "--interface",
    envvar="FURKA_GATEWAY_INTERFACE",
    default="furka0",
    show_default=True,
    help="Name of the tunnel's interface.",
)
@click.option(
    "--back-end",
    envvar="FURKA_GATEWAY_BACK_END",
    type=click.Choice(["auto", "kernel", "wireguard-go"]),
    default="auto",
    show_default=True,
    help="What carries WireGuard.",
)
@click.option(
    "--router",
    envvar="FURKA_GATEWAY_ROUTER",
    is_flag=True,
    help="This machine forwards packets for others as well (router, containers): leave those alone.",
)
@_proxy_option
@_serial_option
@click.option(
    "--input",
    "input_file",
    envvar="FURKA_GATEWAY_INPUT",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that holds 1 while remote access is allowed, such as the value of a digital input.",
)
@click.option(
    "--local-port",
    envvar="FURKA_GATEWAY_LOCAL_PORT",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port of the page for people at the plant; 0 for none.",
)
@click.option(
    "--preset",
    "preset_file",
    envvar="FURKA_GATEWAY_PRESET",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("/etc/furka/claim"),
    show_default=True,
    help="File with the line of the gateway's label: it claims its site by itself.",
)
def run(
    folder: Path,
    plain_http: bool,
    interface: str,
    back_end: BackEndChoice,
    router: bool,
    proxy: str | None,
    serial: str,
    input_file: Path | None,
    local_port: int,
    preset_file: Path,
) -> None:
    """Keep the tunnel of the claimed site; waits for a claim if there is none. Needs root."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    last_words = LastWords()
    logging.getLogger().addHandler(last_words)
    if not _may_change_the_network():
        raise click.ClickException(
            "The gateway needs root, or the capability CAP_NET_ADMIN, to keep a tunnel."
        )
    try:
        machine = Machine(interface, back_end, router=router)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    try:
        by = None if proxy is None else _checked(proxy)
        home = Home(folder)
        switch = SiteSwitch(home, input_file)
        known = serial_number(serial)
        preset = PresetClaim(home, preset_file, plain_http=plain_http, proxy=by, serial=known)
        service = Service(
            home,
            machine,
            switch,
            plain_http=plain_http,
            local_port=local_port,
            proxy=by,
            preset=preset,
            last_words=last_words,
            serial=known,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        service.run()
    except (HomeError, ValueError) as error:
        raise click.ClickException(_sentence(str(error))) from error
    if service.wants_restart:
        # The same command in the same process: whoever looks after it (systemd, a shell) notices nothing.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # our own command


@gateway.command()
@_home_option
def cut(folder: Path) -> None:
    """Let nobody into the plant any more, until `furka gateway restore`. Nobody can undo this from afar."""
    try:
        home = Home(folder)
        SiteSwitch(home).cut("command")
        said = home.status()
        with contextlib.suppress(HomeInUse), home.reserved_for("service"):
            # No service runs; a tunnel that is still there would go on letting people in.
            if said is not None:
                Machine(said.interface).take_down()
    except (HomeError, *TROUBLE) as error:
        raise click.ClickException(_sentence(str(error))) from error
    click.echo("Remote access is cut. To let it through again: furka gateway restore")


@gateway.command()
@_home_option
def restore(folder: Path) -> None:
    """Let people into the plant again, as far as their access allows and the input is closed."""
    try:
        SiteSwitch(Home(folder)).restore()
    except HomeError as error:
        raise click.ClickException(_sentence(str(error))) from error
    click.echo("Remote access is allowed again.")


@gateway.command()
@_home_option
@click.pass_context
def status(context: click.Context, folder: Path) -> None:
    """Show what the gateway serves and how its tunnel is.

    The exit code is 0 if the hub answers through the tunnel, otherwise 1.
    """
    if not folder.is_dir():
        raise click.ClickException(f"There is no gateway in {folder}.")
    try:
        home = Home(folder)
        identity = home.identity()
    except HomeError as error:
        raise click.ClickException(_sentence(str(error))) from error
    if identity is None or identity.claim is None:
        raise click.ClickException(
            "This gateway serves no site; claim one with: furka gateway claim CODE --portal URL"
        )
    click.echo(f"Site:       {identity.claim.site}")
    click.echo(f"Portal:     {identity.claim.portal}")
    said = home.status()
    for line in _about_settings(home.settings_for(identity), said):
        click.echo(line)
    click.echo(f"Local key:  {home.local_key()}  (to allow remote access again in the plant's network)")
    if not _show_tunnel(said):
        context.exit(1)


def _about_settings(settings: GatewaySettings | None, said: Status | None) -> list[str]:
    lines = []
    for one in settings.networks if settings is not None else ():
        remark = "  (no interface of this gateway lies in it)" if said and one.real in said.missing else ""
        lines.append(f"Network:    {one.real} as {one.virtual}{remark}")
    if said is not None:
        lines += [f"Portal:     {said.portal_trouble}"] if said.portal_trouble else []
        lines += [f"Trouble:    {said.trouble}"] if said.trouble else []
        lines += [f"Access:     cut at the site ({said.cut_by})"] if said.cut_by else []
    return lines


def _show_tunnel(said: Status | None) -> bool:
    """Say how the tunnel is; returns whether the hub answers."""
    if said is None:
        click.echo("Tunnel:     down; the service has not run yet (furka gateway run)")
        return False
    try:
        state = Machine(said.interface).hub_state()
    except TROUBLE as error:
        click.echo(f"Tunnel:     can't be looked at: {error}")
        return False
    if state is None:
        click.echo("Tunnel:     down")
        return False
    return _show_hub(said, state, now())


def _show_hub(said: Status, state: PeerState, at: datetime) -> bool:
    up = is_fresh(state.handshake_at, at)
    click.echo(f"Tunnel:     {'up' if up else 'waiting for the hub'} ({said.interface}, {said.back_end})")
    if said.path:
        since = f", since {said.path_since:%Y-%m-%d %H:%M:%S} UTC" if said.path_since else ""
        click.echo(f"Way:        {_WAYS.get(said.path, said.path)}{since}")
    if said.path_trouble:
        click.echo(f"Relay:      {said.path_trouble}")
    click.echo(f"Hub:        {state.endpoint or 'not known'}")
    if state.handshake_at is None:
        click.echo("Handshake:  never")
    else:
        seconds = max(0, round((at - state.handshake_at).total_seconds()))
        click.echo(f"Handshake:  {seconds} s ago ({state.handshake_at:%Y-%m-%d %H:%M:%S} UTC)")
    click.echo(f"Traffic:    {state.received_bytes} bytes in, {state.sent_bytes} bytes out")
    return up


def _code_and_portal(code: str, portal: str | None, file: Path | None) -> tuple[str, str]:
    """What to claim with, and where. Raises ValueError."""
    if file is not None:
        code = file.read_text()
    if "/plug/" in code:
        found = read_preset(code)
        return found.code, portal or found.portal
    if not code.strip() or portal is None:
        raise ValueError("give a claim code and --portal, or the line of a label")
    return code.strip(), portal


def _may_change_the_network() -> bool:
    lines = Path("/proc/self/status").read_text().splitlines()
    effective = next(line.split()[1] for line in lines if line.startswith("CapEff:"))
    return bool(int(effective, 16) & 1 << _CAP_NET_ADMIN)


def _checked(proxy: str) -> str:
    """The proxy as it was given, if it is understood."""
    if proxy:
        try:
            Proxy.parse(proxy)
        except ValueError as error:
            raise click.UsageError(_sentence(str(error))) from None
    return proxy


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
