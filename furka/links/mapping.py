"""The devices that the central site of a link reaches, and under which addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.links import addresses
from furka.links.leaving import touch_link
from furka.links.models import Link, LinkMember, MappedDevice, Mode
from furka.links.operations import locked_link
from furka.links.rights import MANAGE_LINKS
from furka.sites.models import Device, Network
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.reasons import sentence

MOST_MAPPED = 2000

_DECIDED = "the right was decided on the level of the link"


@dataclass(frozen=True, slots=True)
class Renumbered:
    """A device that gets another address, as a preview says and a change does."""

    mapped: MappedDevice
    before: IPv4Address
    after: IPv4Address


@operation(MANAGE_LINKS)
def map_device(work: Work, link: Link, device: Device, address: str = "") -> MappedDevice:
    """Have the central site reach a device of a member, under the next free address of the range or a chosen one."""
    link = locked_link(link)
    _must_be_central(link)
    _check_device(work, link, device)
    rows = MappedDevice.objects.everything(_DECIDED).filter(link=link)
    if rows.filter(device=device).exists():
        raise Conflict("already-mapped", _("The central site reaches this device already."))
    if rows.count() >= MOST_MAPPED:
        raise Conflict("too-many-mapped", _("So many devices are not possible in one link."))
    row = MappedDevice.objects.create(
        link=link,
        node=device.node,
        device=device,
        address=str(_chosen(link, address)),
        created_at=work.at,
    )
    touch_link(work, link)
    work.record(device.node, "link.device-mapped", after=_told(link, row, device))
    return row


@operation(MANAGE_LINKS)
def unmap_device(work: Work, link: Link, mapped: MappedDevice) -> None:
    """The central site no longer reaches this device."""
    link = locked_link(link)
    rows = MappedDevice.objects.everything(_DECIDED).filter(link=link, pk=mapped.pk)
    row = rows.select_related("device", "node", "node__reseller", "node__customer").first()
    if row is None:
        raise NotThere("not-there", _("The central site does not reach this device any more."))
    work.record(row.node, "link.device-unmapped", before=_told(link, row, row.device))
    row.delete()
    touch_link(work, link)


def renumbering(by: Acting, link: Link, range_: str) -> list[Renumbered]:
    """What another range would change, device by device, for whoever may do it. Raises Refused, Invalid."""
    decision = by.decide(MANAGE_LINKS, link.node.place)
    if not decision.allowed:
        raise Refused(decision.reason, sentence(decision.reason, MANAGE_LINKS))
    return _renumbering(link, _checked_range(link, range_))


@operation(MANAGE_LINKS)
def renumber(work: Work, link: Link, range_: str) -> list[Renumbered]:
    """Another range for a central link: every device keeps its place in it. What the preview said is done."""
    link = locked_link(link)
    found = _checked_range(link, range_)
    if found == link.central_range:
        return []
    changes = _renumbering(link, found)
    # Old and new addresses may overlap, so all rows go before the first new one comes.
    MappedDevice.objects.everything(_DECIDED).filter(link=link).delete()
    fresh = []
    for change in changes:
        change.mapped.pk, change.mapped.address = None, str(change.after)
        fresh.append(change.mapped)
    MappedDevice.objects.bulk_create(fresh)
    before, link.range = link.range, str(found)
    link.save(update_fields=["range"])
    touch_link(work, link)
    work.record(
        link.node,
        "link.renumbered",
        before={"name": link.name, "range": before},
        after={"name": link.name, "range": link.range, "devices": len(changes)},
    )
    return changes


def _renumbering(link: Link, range_: IPv4Network) -> list[Renumbered]:
    old = link.central_range
    rows = MappedDevice.objects.everything(_DECIDED).filter(link=link).select_related("device", "node")
    found: list[Renumbered] = []
    for row in sorted(rows, key=lambda each: each.reached_at):
        place = int(row.reached_at) - int(old.network_address) if old is not None else 0
        if not 0 < place < range_.num_addresses - 1:
            text = _("The range is too small for the devices that are reached. Please choose a larger one.")
            raise Invalid.at("range", "range-too-small", text)
        found.append(Renumbered(row, row.reached_at, range_.network_address + place))
    return found


def _checked_range(link: Link, range_: str) -> IPv4Network:
    _must_be_central(link)
    return addresses.checked_range(range_, link, _centre_of(link))


def _centre_of(link: Link) -> Node | None:
    rows = LinkMember.objects.everything(_DECIDED).filter(link=link, central=True).select_related("node")
    found = rows.first()
    return found.node if found is not None else None


def _must_be_central(link: Link) -> None:
    if link.mode != Mode.CENTRAL:
        raise Conflict("not-central", _("Only in a link with a central site devices are chosen."))


def _check_device(work: Work, link: Link, device: Device) -> None:
    members = LinkMember.objects.everything(_DECIDED).filter(link=link, node=device.node_id)
    member = members.select_related("network").first()
    if member is None or not work.by.may(LOOK, device.node.place):
        raise Invalid.at("device", "not-in-link", _("The site of this device is not in the link."))
    if member.central:
        raise Invalid.at("device", "at-centre", _("The central site reaches its own devices by itself."))
    if not any(IPv4Address(device.address) in network.real for network in _networks_of(member)):
        text = _("This device lies in none of the networks that take part.")
        raise Invalid.at("device", "outside", text)


def _networks_of(member: LinkMember) -> Sequence[Network]:
    if not member.whole:
        return [member.network] if member.network is not None else []
    return list(Network.objects.everything(_DECIDED).filter(node=member.node_id))


def _chosen(link: Link, address: str) -> IPv4Address:
    range_ = link.central_range
    assert range_ is not None
    if not address.strip():
        free = addresses.free_addresses(link, 1)
        if not free:
            raise Conflict("range-full", _("The range has no free address left. Renumber into a larger one."))
        return free[0]
    try:
        chosen = IPv4Address(address.strip())
    except ValueError:
        raise Invalid.at(
            "address", "address-wrong", _("Please enter an address such as 10.64.0.10.")
        ) from None
    if chosen not in range_ or chosen in (range_.network_address, range_.broadcast_address):
        raise Invalid.at(
            "address", "address-outside", _("This address does not lie in the range of the link.")
        )
    if MappedDevice.objects.everything(_DECIDED).filter(link=link, address=str(chosen)).exists():
        raise Invalid.at("address", "address-taken", _("Another device is reached under this address."))
    return chosen


def _told(link: Link, row: MappedDevice, device: Device) -> dict[str, str]:
    return {"site_link": link.name, "level": link.node.name, "device": device.name, "address": row.address}
