"""What sites are found by: their gateways and their devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import QuerySet

from furka.access.rights import Right
from furka.finding.sources import Findable, source
from furka.sites.models import Device, DeviceLabel, Gateway
from furka.tree.acting import Acting

_REASON = "entries are narrowed when they are read"


def _seen(by: Acting, right: Right) -> QuerySet[Device]:
    """Who reaches a part of a site finds that part only."""
    return Device.objects.visible_to(by, right).order_by()


@source("device", rank=20, narrowed=_seen)
def devices(nodes: Collection[int]) -> Iterable[Findable]:
    """Devices, by name and address, and by hardware address, link, ports, note and labels."""
    rows = Device.objects.everything(_REASON).filter(node_id__in=nodes)
    labels: dict[int, list[str]] = defaultdict(list)
    for label in DeviceLabel.objects.everything(_REASON).filter(node_id__in=nodes):
        labels[label.device_id].append(label.name)
    return [
        Findable(each.node_id, each.key, each.name, each.address, (*_texts(each), *sorted(labels[each.pk])))
        for each in rows
    ]


def _texts(device: Device) -> tuple[str, ...]:
    bare = device.mac.replace(":", "")  # as labels on devices often write it
    ports = (str(each["name"]) for each in device.ports)
    return tuple(filter(None, (device.mac, bare, device.link, device.note, *ports)))


@source("gateway", rank=30)
def gateways(nodes: Collection[int]) -> Iterable[Findable]:
    """Gateways that serve a site, by what they call themselves and by their serial number."""
    rows = Gateway.objects.everything(_REASON).filter(node_id__in=nodes, released_at=None)
    return [Findable(each.node_id, each.key, str(each), each.key) for each in rows]
