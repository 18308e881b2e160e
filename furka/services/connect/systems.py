"""What to do on each system that WireGuard runs on, step by step: connecting, and learning names."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class System:
    """A system: what it is called, what to do there, and how it learns names of plants and nothing else."""

    name: str
    steps: tuple[Promise, ...]
    names: Promise
    command: str = ""  # with ADDRESS and DOMAIN where they belong


_DESK = (
    _("Install WireGuard from wireguard.com/install."),
    _("In WireGuard choose “Import tunnel(s) from file” and open the file that you saved here."),
    _("Press “Activate”. It is connected when a handshake is shown."),
)
_PHONE = (
    _("Install the app “WireGuard” from the store of your system."),
    _("Press +, then “Scan from QR code”, and point the camera at the code on this page."),
    _("Switch the new tunnel on."),
)
_PHONE_NAMES = _(
    "The app can ask a name server for all names or for none. So leave it out here and use the addresses."
)

SYSTEMS = (
    System(
        "Windows",
        _DESK,
        _("Names: choose “By the WireGuard app”, or run this once in a PowerShell as administrator:"),
        'Add-DnsClientNrptRule -Namespace ".DOMAIN" -NameServers "ADDRESS"',
    ),
    System(
        "macOS",
        _DESK,
        _("Names: run this once in a terminal. The system asks us for names of plants only:"),
        "sudo mkdir -p /etc/resolver && echo nameserver ADDRESS | sudo tee /etc/resolver/DOMAIN",
    ),
    System(
        "Linux",
        (
            _("Install the package “wireguard-tools”."),
            _("Move the file to /etc/wireguard/ and let only root read it (chmod 600)."),
            _("Start it with: wg-quick up NAME; stop it with: wg-quick down NAME."),
        ),
        _("Names: choose “By the system” where systemd-resolved runs, or run this once the tunnel is up:"),
        "sudo resolvectl dns NAME ADDRESS && sudo resolvectl domain NAME '~DOMAIN'",
    ),
    System("iPhone, iPad", _PHONE, _PHONE_NAMES),
    System("Android", _PHONE, _PHONE_NAMES),
)


@dataclass(frozen=True, slots=True)
class SystemShown:
    """The same for one device, with the address of its name server."""

    name: str
    steps: tuple[Promise, ...]
    names: Promise
    command: str


def systems_for(server: str, domain: str) -> list[SystemShown]:
    """Every system, for a device whose hub answers there."""
    return [
        SystemShown(
            each.name,
            each.steps,
            each.names,
            each.command.replace("ADDRESS", server).replace("DOMAIN", domain),
        )
        for each in SYSTEMS
    ]
