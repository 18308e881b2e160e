"""Devices as narrowings look at them: by key and labels; and what narrowings call them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from furka.access.narrowing import Spot
from furka.access.rights import LOOK
from furka.sites.models import Device, DeviceLabel, Network
from furka.tree.acting import Acting
from furka.tree.models import Node

_REASON = "what accesses lead to is worked out for everybody"


@dataclass(frozen=True, slots=True)
class DeviceSpot:
    """A device, and where it is reached through the tunnel; None while it lies in no network of its site."""

    spot: Spot
    address: IPv4Address | None


def spots_at(site_ids: Collection[int]) -> dict[int, list[DeviceSpot]]:
    """The devices of sites, by the number of the site; three queries."""
    networks: dict[int, list[Network]] = defaultdict(list)
    for network in Network.objects.everything(_REASON).filter(node__in=site_ids):
        networks[network.node_id].append(network)
    labels: dict[int, set[str]] = defaultdict(set)
    for label in DeviceLabel.objects.everything(_REASON).filter(node__in=site_ids):
        labels[label.device_id].add(label.folded)
    found: dict[int, list[DeviceSpot]] = defaultdict(list)
    for device in Device.objects.everything(_REASON).filter(node__in=site_ids):
        spot = Spot(device.key, frozenset(labels[device.pk]))
        found[device.node_id].append(DeviceSpot(spot, address_in(networks[device.node_id], device)))
    return found


def address_in(networks: Collection[Network], device: Device) -> IPv4Address | None:
    """Where a device is reached through the tunnel, by the networks of its site."""
    real = IPv4Address(device.address)
    return next((network.address_of(real) for network in networks if real in network.real), None)


def folded_labels(devices: Iterable[Device]) -> dict[int, frozenset[str]]:
    """The labels of devices as narrowings compare them, by id, in one query."""
    found: dict[int, set[str]] = defaultdict(set)
    for label in DeviceLabel.objects.everything(_REASON).filter(device__in=[each.pk for each in devices]):
        found[label.device_id].add(label.folded)
    return {id_: frozenset(labels) for id_, labels in found.items()}


class KnownDevices:
    """What the tree asks of devices when somebody is let in to some of them."""

    def visible(self, by: Acting, site: Node, keys: Collection[str]) -> Collection[str]:
        """Those of these devices of a site that the one who acts may see."""
        rows = Device.objects.visible_to(by, LOOK).filter(node=site, key__in=keys)
        return set(rows.values_list("key", flat=True))

    def names(self, keys: Collection[str]) -> Mapping[str, str]:
        """What devices are called, by key; one that is gone has no name."""
        rows = Device.objects.everything("an access that somebody may see says to what it leads")
        return dict(rows.filter(key__in=keys).values_list("key", "name"))
