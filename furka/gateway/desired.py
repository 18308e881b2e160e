"""From the portal's settings to what the gateway has to have configured; pure, nothing here touches the machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, ip_address
from itertools import combinations

from furka.gateway.legs import WantedLeg
from furka.plan.render.gateway_nft import Translation
from furka.wire.gateway import GatewaySettings, HubToReach, LegToJoin, TranslatedNetwork

#: A range that may come out of the tunnel is not larger than this: it would swallow the way to everything else.
LARGEST_RANGE = 8

#: … and lies in one of these (RFC 1918, RFC 6598): many small ranges could swallow the way to everything else too.
NEVER_PUBLIC = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))

#: WireGuard renews a session every two minutes while both ends are there, and gives it up after three.
_SESSION_LIMIT = timedelta(seconds=180)

_ENDPOINT = re.compile(r"^[A-Za-z0-9.:\[\]-]{1,255}:[0-9]{1,5}$")


class ImproperSettings(Exception):
    """The settings contradict themselves or would do harm; the message says how."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """The gateway's end of the tunnel and the networks behind it."""

    address: IPv4Address
    hub: HubToReach
    translations: tuple[Translation, ...]
    missing: tuple[IPv4Network, ...]  # real networks in which no interface lies
    legs: tuple[WantedLeg, ...] = ()
    peers: tuple[IPv4Network, ...] = ()  # of links: to where devices may open connections
    callers: tuple[IPv4Network, ...] = ()  # … and from where connections may come

    @property
    def carried(self) -> tuple[IPv4Network, ...]:
        """Everything that the tunnel leads to."""
        return tuple(dict.fromkeys((*self.hub.allowed, *self.peers, *self.callers)))

    def cut(self) -> Tunnel:
        """The same once somebody at the site lets nobody in: the tunnel stands, nothing passes it."""
        return replace(self, translations=(), legs=(), peers=(), callers=())


def desired(settings: GatewaySettings, lan_of: Callable[[IPv4Network], str | None]) -> Tunnel | None:
    """What has to be configured; None while the portal has given no hub or no address.

    `lan_of` says which interface lies in a network, if any. A network without one is left out and named. Raises
    ImproperSettings.
    """
    if faults := faults_of(settings):
        raise ImproperSettings("; ".join(faults))
    if settings.released or settings.hub is None or settings.address is None:
        return None
    found = [(one, lan_of(one.real)) for one in settings.networks]
    return Tunnel(
        settings.address,
        settings.hub,
        tuple(sorted(Translation(one.virtual, one.real, lan) for one, lan in found if lan is not None)),
        tuple(sorted(one.real for one, lan in found if lan is None)),
        tuple(
            sorted(
                WantedLeg(leg.segment, leg.hub, leg.network, leg.vlan, _lan_of_leg(leg, found, lan_of))
                for leg in settings.legs
            )
        ),
        settings.link_peers,
        settings.link_callers,
    )


def _lan_of_leg(
    leg: LegToJoin,
    found: Sequence[tuple[TranslatedNetwork, str | None]],
    lan_of: Callable[[IPv4Network], str | None],
) -> str | None:
    """The interface on which its frames come; a tagged network may have none of its own."""
    lan = lan_of(leg.network)
    if lan is None and leg.vlan is not None:
        lan = next((one for _, one in found if one is not None), None)
    return lan


def is_fresh(handshake_at: datetime | None, at: datetime) -> bool:
    """Whether a session that began with that handshake still counts."""
    return handshake_at is not None and at - handshake_at < _SESSION_LIMIT


def faults_of(settings: GatewaySettings) -> list[str]:
    """Everything that is wrong with the settings, a sentence without its full stop each."""
    faults = _faults_of_networks(settings.networks)
    if settings.hub is not None:
        faults += _faults_of_hub(settings.hub, settings.networks)
        faults += _faults_of_links(settings, settings.hub)
    if settings.relay is not None and not _ENDPOINT.match(settings.relay.endpoint):
        faults.append(f"the relay {settings.relay.endpoint!r} is not host:port")
    return faults


def _faults_of_networks(networks: Sequence[TranslatedNetwork]) -> list[str]:
    faults = [
        f"{one.real} and {one.virtual} differ in size"
        for one in networks
        if one.real.prefixlen != one.virtual.prefixlen
    ]
    for one, other in combinations(networks, 2):
        if one.real.overlaps(other.real):
            faults.append(f"the networks {one.real} and {other.real} overlap")
        if one.virtual.overlaps(other.virtual):
            faults.append(f"the virtual prefixes {one.virtual} and {other.virtual} overlap")
    return faults


def _faults_of_links(settings: GatewaySettings, hub: HubToReach) -> list[str]:
    others = hub.model_copy(update={"allowed": (*settings.link_peers, *settings.link_callers)})
    faults = _faults_of_hub(others, settings.networks)
    segments = [leg.segment for leg in settings.legs]
    faults += [f"two legs have the number {one}" for one in sorted(set(segments)) if segments.count(one) > 1]
    faults += [
        f"the leg {leg.segment} leads to {leg.hub}, which the tunnel does not carry"
        for leg in settings.legs
        if not any(leg.hub in allowed for allowed in hub.allowed)
    ]
    return faults


def _faults_of_hub(hub: HubToReach, networks: Sequence[TranslatedNetwork]) -> list[str]:
    faults = []
    endpoint = _address_in(hub.endpoint)
    for allowed in hub.allowed:
        if allowed.prefixlen < LARGEST_RANGE:
            faults.append(f"the tunnel may not carry a range as large as {allowed}")
        elif not any(allowed.subnet_of(range_) for range_ in NEVER_PUBLIC):
            faults.append(f"the tunnel may not carry {allowed}, which is not private")
        if endpoint is not None and endpoint in allowed:
            faults.append(f"the hub {endpoint} can't be reached through its own tunnel ({allowed})")
        faults += [
            f"the tunnel's range {allowed} covers the network {one.real}"
            for one in networks
            if one.real.overlaps(allowed)
        ]
    return faults


def _address_in(endpoint: str) -> IPv4Address | None:
    """The host of host:port, if it is written as an IPv4 address."""
    try:
        address = ip_address(endpoint.rpartition(":")[0].strip("[]"))
    except ValueError:
        return None
    return address if isinstance(address, IPv4Address) else None
