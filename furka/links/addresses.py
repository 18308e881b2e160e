"""Which subnets are taken at a level, which of them overlap, and what is still free."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from django.db.models import Count, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK
from furka.errors import Conflict, Invalid
from furka.links.models import Link, LinkMember, MappedDevice, Mode
from furka.plan.addressing import PLAN, PRIVATE_RANGES, NoAddressLeft, first_gap
from furka.sites.models import Device, Network
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.queries import rows_below

#: How large a range of a central link may be, and a free network that is asked for.
LARGEST_RANGE, SMALLEST_RANGE = 16, 29
#: What is proposed unless somebody says otherwise.
USUAL_RANGE = 24
#: So many addresses that collide are named.
MOST_NAMED = 5

_TAKEN = "addresses that are taken are taken for everybody"

#: Where free networks are looked for, in this order: where routers at home and at work seldom are, first.
_ROOM = tuple(map(IPv4Network, ("10.64.0.0/10", "10.0.0.0/10", "172.16.0.0/12", "192.168.0.0/16")))


@dataclass(frozen=True, slots=True)
class SubnetInUse:
    """A subnet of a site, and how many others at the level overlap with it."""

    network: Network
    overlapping: int


def subnets_of(by: Acting, level: Node, text: str = "") -> QuerySet[Network]:
    """The networks of all sites at a level and below that the one who acts may see; with a text only those whose
    subnet begins with it or whose site has it in its name."""
    rows = Network.objects.visible_to(by, LOOK).filter(rows_below(level))
    if text:
        rows = rows.filter(subnet__startswith=text) | rows.filter(node__name__icontains=text)
    return rows.select_related("node", "node__customer", "node__reseller").order_by("subnet", "id")


def register_of(by: Acting, level: Node, rows: Iterable[Network]) -> list[SubnetInUse]:
    """These networks of a level, each with how many overlap; one query however many there are."""
    counted = (
        Network.objects.visible_to(by, LOOK)
        .filter(rows_below(level))
        .order_by()
        .values_list("subnet")
        .annotate(number=Count("pk"))
    )
    numbers = [(IPv4Network(subnet), number) for subnet, number in counted]
    found = []
    for row in rows:
        together = sum(number for subnet, number in numbers if subnet.overlaps(row.real))
        found.append(SubnetInUse(row, max(0, together - 1)))
    return found


def free_network(by: Acting, level: Node, prefix_length: int = USUAL_RANGE) -> IPv4Network:
    """A private network that no site at the level and below has, no link uses, and the installation does not need.

    Raises Invalid for a length that makes no sense, Conflict if nothing is free. For whoever may look at the level.
    """
    if not LARGEST_RANGE <= prefix_length <= SMALLEST_RANGE:
        raise Invalid.at("length", "length-wrong", _("Please choose a size between /16 and /29."))
    if not by.may(LOOK, level.place):
        raise Conflict("nothing-free", _("No free network was found."))
    taken = _taken_below(level)
    for room in _ROOM:
        inside = [each for each in taken if each.overlaps(room)]
        if any(room.subnet_of(each) for each in inside):
            continue
        try:
            return first_gap(room, prefix_length, inside)
        except NoAddressLeft:
            continue
    raise Conflict("nothing-free", _("No free network was found."))


def _taken_below(level: Node) -> list[IPv4Network]:
    networks = Network.objects.everything(_TAKEN).filter(rows_below(level)).order_by()
    ranges = Link.objects.everything(_TAKEN).filter(rows_below(level)).exclude(range="")
    found = {*networks.values_list("subnet", flat=True), *ranges.values_list("range", flat=True)}
    return [*map(IPv4Network, found), *PLAN.ranges()]


def free_addresses(link: Link, most: int = 5) -> list[IPv4Address]:
    """Addresses that nothing in a link has: in the subnet of a bridged one, in the range of a central one."""
    within, taken = _within(link)
    found: list[IPv4Address] = []
    for address in within.hosts() if within is not None else ():
        if address not in taken:
            found.append(address)
        if len(found) == most:
            break
    return found


def _within(link: Link) -> tuple[IPv4Network | None, set[IPv4Address]]:
    if link.mode == Mode.CENTRAL:
        rows = MappedDevice.objects.everything(_TAKEN).filter(link=link)
        return link.central_range, set(map(IPv4Address, rows.values_list("address", flat=True)))
    members = LinkMember.objects.everything(_TAKEN).filter(link=link, network__isnull=False)
    first = members.select_related("network").first()
    if link.mode != Mode.BRIDGED or first is None or first.network is None:
        return None, set()
    devices = Device.objects.everything(_TAKEN).filter(node__in=members.values("node_id"))
    taken = set(map(IPv4Address, devices.values_list("address", flat=True)))
    # The first host of a network is its router nearly everywhere.
    return first.network.real, {*taken, *map(IPv4Address, link.own_addresses), first.network.real[1]}


# --- Checks before saving --------------------------------------------------------------------------------------------


def check_bridge(link: Link, site: Node, network: Network, own_addresses: Collection[str]) -> None:
    """Whether a network can be part of a bridge: the same subnet as the others, and no address that another one has.

    Raises Invalid that says which devices collide.
    """
    others = LinkMember.objects.everything(_TAKEN).filter(link=link, network__isnull=False)
    others = others.exclude(node=site).select_related("network")
    for other in others:
        if other.network is not None and other.network.real != network.real:
            text = _("The sites of this link share {theirs}. {this} can not be part of it.")
            raise Invalid.at(
                "network",
                "subnet-differs",
                format_lazy(text, theirs=other.network.subnet, this=network.subnet),
            )
    sites = [site.pk, *others.values_list("node_id", flat=True)]
    refuse_doubles(network.real, sites, own_addresses, "network")


def refuse_doubles(
    subnet: IPv4Network, site_ids: Sequence[int], own_addresses: Collection[str], field: str
) -> None:
    """Raise Invalid if two sites have devices under the same address of a subnet, but for what each has for itself."""
    devices = Device.objects.everything(_TAKEN).filter(node__in=site_ids).exclude(address__in=own_addresses)
    seen: dict[IPv4Address, Device] = {}
    doubles = []
    for device in devices.select_related("node").order_by("node_id", "pk"):
        address = IPv4Address(device.address)
        first = seen.setdefault(address, device)
        if address in subnet and first.node_id != device.node_id:
            doubles.append(f"{address} ({first.name}, {first.node.name} / {device.name}, {device.node.name})")
    if doubles:
        text = _(
            "The same address at two sites: {addresses}. Change one of them, or enter it as an address that "
            "every site has for itself."
        )
        told = "; ".join(doubles[:MOST_NAMED])
        raise Invalid.at(field, "addresses-overlap", format_lazy(text, addresses=told))


def checked_range(text: str, link: Link | None, central_site: Node | None) -> IPv4Network:
    """A range under which a central site reaches devices. Raises Invalid if it collides with what that site has."""
    try:
        found = IPv4Network(text.strip())
    except ValueError:
        raise Invalid.at("range", "range-wrong", _("Please enter a range such as 10.64.0.0/24.")) from None
    if not LARGEST_RANGE <= found.prefixlen <= SMALLEST_RANGE:
        raise Invalid.at("range", "range-wrong", _("Please choose a size between /16 and /29."))
    if not any(found.subnet_of(private) for private in PRIVATE_RANGES):
        raise Invalid.at("range", "range-not-private", _("Please choose a range of private addresses."))
    own = PLAN.overlapping(found)
    if own is not None:
        text_own = _("The installation uses {range} for itself. Please choose another range.")
        raise Invalid.at("range", "range-taken", format_lazy(text_own, range=str(own)))
    if central_site is not None:
        refuse_range_at(found, link, central_site)
    return found


def refuse_range_at(range_: IPv4Network, link: Link | None, site: Node) -> None:
    """Raise Invalid if a range collides with networks of the central site, or with another range that is used there."""
    networks = Network.objects.everything(_TAKEN).filter(node=site)
    others = LinkMember.objects.everything(_TAKEN).filter(node=site, central=True).select_related("link")
    ranges = [each.link.central_range for each in others if link is None or each.link_id != link.pk]
    for taken in (*(row.real for row in networks), *ranges):
        if taken is not None and taken.overlaps(range_):
            text = _("“{site}” already has {taken}. Please choose another range.")
            raise Invalid.at("range", "range-taken", format_lazy(text, site=site.name, taken=str(taken)))
