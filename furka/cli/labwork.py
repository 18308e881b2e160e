"""Ties the lab to the portal of this machine: enrols its hub, claims the sample's site for its first plant."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

from furka import clock
from furka.access.rights import CONFIGURE
from furka.cli.keeping import Running
from furka.cli.logins import LAB_SITE, LOGINS
from furka.dispatch.hubs import enrol
from furka.lab.programs import beside_relay, claim
from furka.lab.running import LabError, LabProcess, RunningLab
from furka.lab.topology import HUB, HUB_PORT, PORTAL_URL
from furka.people.models import Person
from furka.sites.operations import issue_claim_code
from furka.sites.queries import gateway_of
from furka.sites.serving import home_hub
from furka.tree import holdings
from furka.tree.models import Kind, Node
from furka.tree.operation import program

HUB_NAME = "lab"
_READY_LIMIT = 30.0  # seconds


def hub_token(lab: RunningLab) -> Path:
    """A file with a new token for the hub of the lab."""
    file = lab.home / "hub.token"
    file.touch(mode=0o600)
    file.write_text(enrol(program("command line", clock.now()), HUB_NAME).token, encoding="ascii")
    return file


def listen_for_pages(beside: int) -> socket.socket:
    """A socket of this machine for the pages of devices: browsers are here, the hub is in the lab."""
    for port in (beside + 1, 0):
        with contextlib.suppress(OSError, OverflowError):
            return socket.create_server(("127.0.0.1", port), backlog=128)
    raise LabError("no port of this machine is free for the pages of devices")


def start_browse(lab: RunningLab, listener: socket.socket) -> LabProcess:
    """Start the program that opens pages of devices in the browsers of this machine."""
    fixed = ["--pages", pages_at(listener), "--page-socket", str(_page_socket(lab)), "--listen", "inherited"]
    argv = ["furka", "browse", "run", *fixed, "--home", str(lab.home / "browse")]
    return lab.spawn("hub", argv, log=lab.home / "logs" / "browse.log", given=listener.fileno())


def pages_at(listener: socket.socket) -> str:
    """Under which addresses: browsers take every name under localhost for this machine."""
    return f"http://*.localhost:{listener.getsockname()[1]}"


def _page_socket(lab: RunningLab) -> Path:
    return lab.home / "hub" / "pages.sock"


def start_hub(lab: RunningLab, token: Path, listener: socket.socket) -> LabProcess:
    """Start the hub program of the lab."""
    fixed = [
        "--portal",
        PORTAL_URL,
        "--plain-http",
        "--token-file",
        str(token),
        "--home",
        str(lab.home / "hub"),
        "--pages",
        pages_at(listener),
        "--page-socket",
        str(_page_socket(lab)),
    ]
    return lab.spawn(
        "hub", ["furka", "hub", "run", *fixed, "--endpoint", f"{HUB}:{HUB_PORT}", *beside_relay(lab)]
    )


def wait_for_hub(lab: RunningLab, running: Running) -> None:
    """Until the hub has said hello to the portal. Raises LabError if it does not."""
    end = clock.monotonic() + _READY_LIMIT
    while home_hub() is None:
        if not running.alive or clock.monotonic() > end:
            raise LabError(f"the hub did not start, see {lab.home}/logs/hub.log")
        time.sleep(0.1)


def claim_for_sample(lab: RunningLab) -> str | None:
    """Have plant a serve the sample's site, unless it does already; returns the site's name, None without a sample."""
    owner = Person.objects.filter(email=LOGINS[0][0]).first()
    if owner is None:
        return None
    by = holdings.of_person(owner, clock.now(), "sample")
    site = Node.objects.visible_to(by, CONFIGURE).filter(kind=Kind.SITE, name=LAB_SITE).first()
    if site is None:
        return None
    if gateway_of(by, site) is None:
        claim(lab, "a", issue_claim_code(by, site))
    return site.name
