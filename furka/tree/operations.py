"""Changes of the tree: levels begin, get a name, get their settings."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE, PEOPLE, STRUCTURE
from furka.errors import Conflict, Invalid
from furka.people.models import Person
from furka.tree import placements
from furka.tree.granting import give_ownership
from furka.tree.grants import Grant
from furka.tree.locking import lock_to_build_on
from furka.tree.models import MAY_HANG_ON, Kind, Node
from furka.tree.operation import AccessTouched, NamesTouched, Work, operation, own_operation
from furka.tree.queries import operator
from furka.tree.samples import refuse_in_sample
from furka.tree.texts import one_line

LONGEST_LEASE = 24 * 60

#: So many levels of their own anybody may open, without having to ask.
MOST_OWN_LEVELS = 10

#: Nobody granted it, and it is no operator's session.
_OPENED_BY_ONESELF = Q(granted_by=None, depth=None, node__kind__in=(Kind.RESELLER, Kind.CUSTOMER))


@own_operation("whoever confirmed an address may open a level of their own")
def open_level(work: Work, kind: Kind, name: str) -> Node:
    """Begin as a reseller, or as a customer without one; whoever opens it owns it."""
    refuse_in_sample(work)
    owner_id = work.acting_person_id
    if kind not in (Kind.RESELLER, Kind.CUSTOMER):
        raise Invalid.at("kind", "wrong-kind", _("Choose reseller or customer."))
    opened = Grant.objects.everything("what somebody opened themselves, given away or not")
    if opened.filter(_OPENED_BY_ONESELF, person_id=owner_id).count() >= MOST_OWN_LEVELS:
        raise Conflict("too-many-levels", _("You have opened many levels already."))
    node = _create(work, operator(), kind, name)
    give_ownership(work, node, Person.objects.get(pk=owner_id))
    return node


@operation(STRUCTURE)
def create_customer(work: Work, parent: Node, name: str) -> Node:
    """A customer under a reseller."""
    return _create(work, parent, Kind.CUSTOMER, name)


@operation(STRUCTURE)
def create_site(work: Work, parent: Node, name: str, time_zone: str = "") -> Node:
    """A site under a customer or directly under a reseller."""
    node = _create(work, parent, Kind.SITE, name, time_zone)
    work.touch(AccessTouched(None, node.pk))
    return node


@operation(STRUCTURE)
def rename(work: Work, node: Node, name: str) -> None:
    """Give a level another name."""
    before, node.name = node.name, checked_name(name)
    if node.name == before:
        return
    node.save(update_fields=["name"])
    placements.follow([node], work.at)
    work.touch(NamesTouched(node.pk))
    work.record(node, "node.renamed", before={"name": before}, after={"name": node.name})


@operation(CONFIGURE)
def set_time_zone(work: Work, node: Node, time_zone: str) -> None:
    """Where the clocks of a level stand; new access windows are read there."""
    before, node.time_zone = node.time_zone, checked_zone(time_zone)
    if node.time_zone == before:
        return
    node.save(update_fields=["time_zone"])
    work.record(node, "node.time-zone", before={"time_zone": before}, after={"time_zone": node.time_zone})


@operation(PEOPLE)
def set_lease(work: Work, node: Node, minutes: int | None) -> None:
    """How long access goes on without the portal: None until its own end, else at most so many minutes (1 to 1440).

    The strictest choice on the way down to a site counts.
    """
    if minutes is not None and not 1 <= minutes <= LONGEST_LEASE:
        raise Invalid.at("lease_minutes", "lease-out-of-range", _("Between 1 and 1440 minutes, or empty."))
    before, node.lease_minutes = node.lease_minutes, minutes
    if before == minutes:
        return
    node.save(update_fields=["lease_minutes"])
    work.record(node, "node.lease", before={"minutes": before}, after={"minutes": minutes})
    work.touch(AccessTouched(None, node.pk))


def _create(work: Work, parent: Node, kind: Kind, name: str, time_zone: str = "") -> Node:
    if parent.kind not in MAY_HANG_ON[kind]:
        raise Invalid("wrong-parent", _("This can not be created here."))
    parent = lock_to_build_on(parent)
    node = Node.objects.create(
        kind=kind,
        name=checked_name(name),
        parent=parent,
        reseller_id=parent.place.reseller_id,
        customer_id=parent.place.customer_id,
        time_zone=checked_zone(time_zone or parent.time_zone),
        created_at=work.at,
    )
    placements.begin(node, work.at)
    work.record(node, f"{kind}.created", after={"name": node.name, "parent": parent.key})
    return node


def checked_name(name: str) -> str:
    """A name as it is kept. Raises Invalid."""
    name = one_line(name)
    if not name:
        raise Invalid.at("name", "name-missing", _("Please enter a name."))
    if len(name) > 120:
        raise Invalid.at("name", "name-too-long", _("At most 120 characters."))
    return name


def checked_zone(time_zone: str) -> str:
    """The name of a time zone that there is. Raises Invalid."""
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise Invalid.at("time_zone", "time-zone-unknown", _("This time zone is not known.")) from None
    return time_zone
