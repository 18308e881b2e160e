"""Named reads of what sites are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from furka.access.rights import CONFIGURE, LOOK
from furka.sites.models import ClaimCode, Device, Gateway, Network
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tunnel.models import Hub
from furka.vault import fingerprints, unseal

#: A hub that has not been heard of for that long says nothing about its gateways any more.
HUB_SILENT_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class SiteState:
    """How a site is: `without-gateway`, `online`, `offline`, or `unknown` while its hub is silent.

    `cut_by` says what cut remote access there (as the gateway reported last), empty while it is allowed.
    """

    word: str
    since: datetime | None = None
    cut_by: str = ""
    cut_at: datetime | None = None


def gateway_of(by: Acting, site: Node) -> Gateway | None:
    """The gateway that serves a site now."""
    return (
        Gateway.objects.visible_to(by, LOOK).filter(node=site, released_at=None).select_related("hub").first()
    )


def states_of(by: Acting, sites: list[Node]) -> dict[int, SiteState]:
    """The states of several sites, by id, in one query."""
    ids = [site.pk for site in sites] or [0]  # none costs as much as many: what a page costs is known
    rows = Gateway.objects.visible_to(by, LOOK).filter(node__in=ids, released_at=None)
    found = {row.node_id: state_of(row, by.at) for row in rows.select_related("hub")}
    return {site.pk: found.get(site.pk, SiteState("without-gateway")) for site in sites}


def state_of(gateway: Gateway | None, at: datetime) -> SiteState:
    """How the site of a gateway is."""
    if gateway is None:
        return SiteState("without-gateway")
    if is_silent(gateway.hub, at):
        word, since = "unknown", gateway.hub.seen_at
    else:
        word = "online" if gateway.online else "offline"
        since = gateway.online_changed_at or gateway.claimed_at
    return SiteState(word, since, gateway.cut_by, gateway.cut_at)


def is_silent(hub: Hub, at: datetime) -> bool:
    """Whether a hub has not been heard of for too long."""
    return hub.seen_at is None or at - hub.seen_at > HUB_SILENT_AFTER


def claim_code_of(by: Acting, site: Node) -> tuple[str, datetime] | None:
    """The code that a gateway can claim this site with, and when it ends; for whoever may configure the site."""
    codes = ClaimCode.objects.visible_to(by, CONFIGURE).filter(node=site, used_at=None, expires_at__gt=by.at)
    found = codes.order_by("-created_at").first()
    return (unseal(found.sealed_code), found.expires_at) if found else None


def networks_of(by: Acting, site: Node) -> list[Network]:
    """The networks of a site."""
    return list(Network.objects.visible_to(by, LOOK).filter(node=site).select_related("node"))


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device and where it is reached through the tunnel; None while it lies in no network of the site."""

    device: Device
    reached_at: IPv4Address | None


def devices_of(by: Acting, site: Node, networks: Sequence[Network] | None = None) -> list[DeviceView]:
    """The devices of a site, with their addresses in the tunnel; whoever has its networks already hands them over."""
    if networks is None:
        networks = networks_of(by, site)

    def reached_at(address: IPv4Address) -> IPv4Address | None:
        return next((network.address_of(address) for network in networks if address in network.real), None)

    devices = Device.objects.visible_to(by, LOOK).filter(node=site).select_related("node")
    return [DeviceView(device, reached_at(IPv4Address(device.address))) for device in devices]


def gateway_of_token(token: str) -> Gateway | None:
    """The gateway that shows this token; released ones too, so that they can be told."""
    rows = Gateway.objects.everything("the token is the proof").select_related("node", "hub")
    return rows.filter(token_hash__in=fingerprints(token)).first()
