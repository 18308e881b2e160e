"""Where a diagnosis may go: into the networks of its site, and, for a part of a site, to devices of that part only."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from furka.access.narrowing import PortNumber, Spot
from furka.access.rights import DIAGNOSE, Right
from furka.errors import Invalid, Refused
from furka.sites.models import Device, Network
from furka.sites.spots import folded_labels
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.reasons import sentence
from furka.wire.probes import (
    SMALLEST_PREFIX,
    AddressProbe,
    HttpCheck,
    MacsSeen,
    NameLookup,
    Ping,
    Probe,
    Scan,
    TcpPort,
    Traceroute,
)

_REASON = "the right was decided on the site"


def check(by: Acting, site: Node, probe: Probe, linked: Collection[IPv4Network] = ()) -> None:
    """Raise Invalid if a probe leads elsewhere, Refused if it leads beyond the part that somebody may diagnose.

    `linked` are the ranges to which the links of the site let its devices open connections.
    """
    networks = [each.real for each in Network.objects.everything(_REASON).filter(node=site)]
    target = _target(probe)
    if target is not None and not any(target in each for each in networks):
        is_linked = isinstance(probe, TcpPort) and any(target in each for each in linked)
        if not is_linked:
            field = "server" if isinstance(probe, NameLookup) else "target"
            raise Invalid.at(field, "in-no-network", _("This address lies in no network of this site."))
    network = probe.network if isinstance(probe, (Ping, Scan, MacsSeen)) else None
    if network is not None and network not in networks:
        raise Invalid.at("network", "network-unknown", _("This network does not exist at this site."))
    if isinstance(probe, Scan) and probe.network.prefixlen < SMALLEST_PREFIX:
        text = _("Only networks of at most {count} addresses are asked one by one.")
        largest = 2 ** (32 - SMALLEST_PREFIX)
        raise Invalid.at("network", "network-too-large", format_lazy(text, count=largest))
    if not is_whole(by, site):
        _check_part(by, site, probe, target)


def is_whole(by: Acting, site: Node, right: Right = DIAGNOSE) -> bool:
    """Whether somebody may diagnose all of a site, not only some devices."""
    stretches = by.scope(right).scope.stretches
    return any(each.narrowing.is_whole and each.contains(site.place) for each in stretches)


def _check_part(by: Acting, site: Node, probe: Probe, target: IPv4Address | None) -> None:
    device = None
    if target is not None and not isinstance(probe, NameLookup):
        rows = Device.objects.visible_to(by, DIAGNOSE).filter(node=site, address=str(target))
        device = rows.select_related("node").first()
    if device is None:
        raise Refused("narrowed", sentence("narrowed", DIAGNOSE))
    port = PortNumber("tcp", probe.port) if isinstance(probe, (TcpPort, HttpCheck)) else None
    labels = folded_labels([device]).get(device.pk, frozenset())
    decision = by.decide_at(DIAGNOSE, site.place, Spot(device.key, labels, port))
    if not decision.allowed:
        raise Refused(decision.reason, sentence(decision.reason, DIAGNOSE))


def _target(probe: Probe) -> IPv4Address | None:
    match probe:
        case Ping() | TcpPort() | Traceroute() | HttpCheck() | AddressProbe():
            return probe.target
        case NameLookup():
            return probe.server
        case _:
            return None


def told(probe: Probe) -> str:
    """What a probe looks at, in short."""
    match probe:
        case TcpPort():
            return f"{probe.target}:{probe.port}"
        case HttpCheck():
            return f"{'https' if probe.secure else 'http'}://{probe.target}:{probe.port}{probe.path}"
        case Ping() | Traceroute() | AddressProbe():
            return str(probe.target)
        case NameLookup():
            return f"{probe.name} ({probe.record})"
        case Scan() | MacsSeen():
            return str(probe.network)
        case _:
            return ""
