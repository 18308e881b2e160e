"""Labels of devices: words to find them by, and by which an access can lead to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE, LOOK
from furka.errors import Invalid
from furka.sites.models import Device, DeviceLabel
from furka.tree.acting import Acting
from furka.tree.labels import checked_labels
from furka.tree.models import Node
from furka.tree.operation import DevicesTouched, Work, operation
from furka.tree.queries import rows_below

_DECIDED = "the right was decided on the site"

#: So many devices are labelled together at most.
MOST_TOGETHER = 500


def labels_of(by: Acting, devices: Iterable[Device]) -> dict[int, list[str]]:
    """The labels of several devices that the one who acts may see, by id, in one query."""
    found: dict[int, list[str]] = defaultdict(list)
    ids = [device.pk for device in devices] or [0]  # none costs as much as many: what a page costs is known
    for label in DeviceLabel.objects.visible_to(by, LOOK).filter(device__in=ids):
        found[label.device_id].append(label.name)
    return dict(found)


def device_labels_in_use(by: Acting, node: Node, most: int = 40) -> list[str]:
    """Labels of devices at a level and below, those on most devices first; only of devices that one may see."""
    devices = Device.objects.visible_to(by, LOOK).filter(rows_below(node))
    rows = DeviceLabel.objects.visible_to(by, LOOK).filter(device__in=devices.values("pk"))
    counted = rows.order_by().values("folded").annotate(number=Count("pk")).order_by("-number", "folded")
    order = [each["folded"] for each in counted[:most]]
    names = dict(rows.filter(folded__in=order).values_list("folded", "name"))
    return [names[each] for each in order if each in names]


@operation(CONFIGURE)
def label_device(work: Work, device: Device, names: Collection[str]) -> None:
    """Have a device carry exactly these labels. Accesses that lead to labels open and close at once."""
    _put(work, device, checked_labels(names))


@operation(CONFIGURE)
def label_devices(
    work: Work, site: Node, keys: Collection[str], add: Collection[str], remove: Collection[str] = ()
) -> int:
    """Put labels on several devices of a site and take others away, on all of them or on none; how many changed."""
    if not 1 <= len(set(keys)) <= MOST_TOGETHER:
        raise Invalid.at("devices", "devices-chosen", _("Choose at least one device, and at most 500."))
    adding, removing = checked_labels(add), checked_labels(remove)
    if not adding and not removing:
        raise Invalid.at("labels", "labels-missing", _("Please enter a label."))
    rows = list(Device.objects.visible_to(work.by, CONFIGURE).filter(node=site, key__in=keys))
    if len(rows) != len(set(keys)):
        raise Invalid.at("devices", "device-unknown", _("This device does not exist at this site."))
    carried = _carried(rows)
    changed = 0
    for device in rows:
        device.node = site
        kept = {key: name for key, name in carried[device.pk].items() if key not in removing}
        wanted = {**adding, **kept}
        checked_labels(wanted.values())
        changed += _put(work, device, wanted)
    return changed


def _carried(devices: Collection[Device]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {device.pk: {} for device in devices}
    for row in DeviceLabel.objects.everything(_DECIDED).filter(device__in=devices):
        found[row.device_id][row.folded] = row.name
    return found


def _put(work: Work, device: Device, wanted: dict[str, str]) -> bool:
    rows = {row.folded: row for row in DeviceLabel.objects.everything(_DECIDED).filter(device=device)}
    before = {key: row.name for key, row in rows.items()}
    if before == wanted:
        return False
    stale = [row.pk for key, row in rows.items() if wanted.get(key) != row.name]
    DeviceLabel.objects.everything(_DECIDED).filter(pk__in=stale).delete()
    DeviceLabel.objects.everything(_DECIDED).bulk_create(
        DeviceLabel(node_id=device.node_id, device=device, name=name, folded=key)
        for key, name in wanted.items()
        if before.get(key) != name
    )
    work.touch(DevicesTouched(device.node_id))
    work.record(
        device.node,
        "device.labelled",
        before={"name": device.name, "labels": sorted(before.values())},
        after={"name": device.name, "labels": sorted(wanted.values())},
    )
    return True
