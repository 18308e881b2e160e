"""The policy once more, slow and obvious: over raw grants, walking parents and looking at the clock on the wall.

It shares no code with `furka.access`. Every moment at which anything changes here lies on a quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class RawNode:
    id: int
    kind: str
    parent: int | None


@dataclass(frozen=True)
class RawWindow:
    """Begin and end in minutes after midnight."""

    days: frozenset[int]
    begins: int
    ends: int


@dataclass(frozen=True)
class RawPart:
    """A part of sites: these devices (None: any), with one of these labels (none: any), on these ports (None: any)."""

    devices: frozenset[str] | None = None
    labels: frozenset[str] = frozenset()
    ports: frozenset[str] | None = None


@dataclass(frozen=True)
class RawSpot:
    """A device with its labels, and a port of it; None: all of them."""

    device: str
    labels: frozenset[str]
    port: str | None


#: What counts for whole sites only.
WHOLE_ONLY = ("structure", "configure", "services", "journal")


@dataclass(frozen=True)
class RawGrant:
    id: int
    person: int
    node: int
    rights: frozenset[str]
    begins: datetime
    ends: datetime | None
    windows: tuple[RawWindow, ...] = ()
    zone: str = "Europe/Zurich"
    source: int | None = None
    depth: int | None = 0
    staff: bool = False
    approved: bool = False
    part: RawPart | None = None


@dataclass(frozen=True)
class RawCeiling:
    """What the owner of a node leaves to others."""

    node: int
    rights: frozenset[str] | None = None
    windows: tuple[RawWindow, ...] = ()
    zone: str = "Europe/Zurich"
    approval: frozenset[str] = frozenset()
    two_factor: bool = False
    confirm: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RawSession:
    """Somebody has confirmed that they connect to a site."""

    person: int
    site: int
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class RawKeptOut:
    """Somebody's access at a node was ended for a while (None: until further notice)."""

    person: int
    node: int
    rights: frozenset[str]
    begins: datetime
    ends: datetime | None


@dataclass(frozen=True)
class RawLimit:
    rights: frozenset[str] | None
    node: int | None


@dataclass(frozen=True)
class RawOffer:
    rights: frozenset[str]
    node: int
    begins: datetime
    ends: datetime | None
    depth: int | None
    staff: bool = False
    part: RawPart | None = None


@dataclass(frozen=True)
class World:
    nodes: dict[int, RawNode]
    grants: dict[int, RawGrant]
    ceilings: dict[int, RawCeiling] = field(default_factory=dict)
    strong: frozenset[int] = frozenset()  # persons with a second factor
    archived: frozenset[int] = frozenset()  # nodes; with one, all below it are
    kept_out: tuple[RawKeptOut, ...] = ()
    sessions: tuple[RawSession, ...] = ()

    def up(self, node: int) -> Iterator[int]:
        """The node, its parent, and so on."""
        step: int | None = node
        while step is not None:
            yield step
            step = self.nodes[step].parent

    def ancestor(self, node: int, kind: str) -> int | None:
        """The node of that kind among the node and those above it."""
        for step in self.up(node):
            if self.nodes[step].kind == kind:
                return step
        return None

    def of(self, person: int) -> list[RawGrant]:
        return [grant for grant in self.grants.values() if grant.person == person]


def gives(rights: frozenset[str], right: str) -> bool:
    """Any right lets one see the place."""
    return right in rights or (right == "look" and len(rights) > 0)


def shows_inside(window: RawWindow, zone: str, at: datetime) -> bool:
    """Whether somebody at the site who looks at calendar and clock would say: now."""
    wall = at.astimezone(ZoneInfo(zone))
    minute = wall.hour * 60 + wall.minute
    today, yesterday = wall.weekday(), (wall.weekday() - 1) % 7
    if window.begins < window.ends:
        return today in window.days and window.begins <= minute < window.ends
    return (today in window.days and minute >= window.begins) or (
        yesterday in window.days and minute < window.ends
    )


def in_force(world: World, grant: RawGrant, at: datetime) -> bool:
    if at < grant.begins:
        return False
    if grant.ends is not None and at >= grant.ends:
        return False
    if grant.windows and not any(shows_inside(window, grant.zone, at) for window in grant.windows):
        return False
    return grant.source is None or in_force(world, world.grants[grant.source], at)


def in_part(part: RawPart | None, spot: RawSpot) -> bool:
    if part is None:
        return True
    if part.devices is not None and spot.device not in part.devices:
        return False
    if part.labels and not any(label in spot.labels for label in part.labels):
        return False
    return part.ports is None or spot.port in part.ports


def leads_to(world: World, grant: RawGrant, spot: RawSpot) -> bool:
    """Whether it and everything that it falls with lead there."""
    if not in_part(grant.part, spot):
        return False
    return grant.source is None or leads_to(world, world.grants[grant.source], spot)


def is_narrowed(world: World, grant: RawGrant) -> bool:
    if grant.part is not None:
        return True
    return grant.source is not None and is_narrowed(world, world.grants[grant.source])


def has_right(world: World, grant: RawGrant, right: str) -> bool:
    if right in WHOLE_ONLY and is_narrowed(world, grant):
        return False
    return passes_on(world, grant, right)


def passes_on(world: World, grant: RawGrant, right: str) -> bool:
    """Whether it and everything that it falls with have that right."""
    if not gives(grant.rights, right):
        return False
    return grant.source is None or passes_on(world, world.grants[grant.source], right)


def unlimited(world: World, grant: RawGrant) -> bool:
    """Whether it runs until somebody revokes it, around the clock."""
    if grant.ends is not None or grant.windows:
        return False
    return grant.source is None or unlimited(world, world.grants[grant.source])


def left_by(world: World, limit: RawLimit | None, right: str, node: int) -> bool:
    """Whether a token leaves that right at that node."""
    if limit is None:
        return True
    if limit.rights is not None and not gives(limit.rights, right):
        return False
    return limit.node is None or limit.node in world.up(node)


def owner_of(world: World, node: int) -> int | None:
    """A customer owns itself and its sites, a reseller itself and the sites that hang directly on it."""
    customer = world.ancestor(node, "customer")
    return world.ancestor(node, "reseller") if customer is None else customer


def of_owners(world: World, grant: RawGrant, node: int) -> bool:
    """Whether the grant makes somebody one of the people of the owner of that node, or of a level below the owner."""
    owner = owner_of(world, node)
    return grant.staff and owner is not None and owner in world.up(grant.node)


def owner_leaves(world: World, grant: RawGrant, right: str, node: int, at: datetime) -> bool:
    """Whether no owner on the way up says no to that."""
    if right == "look":
        return True
    for step in world.up(node):
        ceiling = world.ceilings.get(step)
        if ceiling is None:
            continue
        if ceiling.two_factor and grant.person not in world.strong:
            return False
        if of_owners(world, grant, step):
            continue
        if ceiling.rights is not None and not gives(ceiling.rights, right):
            return False
        if ceiling.windows and not any(shows_inside(each, ceiling.zone, at) for each in ceiling.windows):
            return False
        if right in ceiling.approval and not grant.approved:
            return False
    return True


def is_kept_out(world: World, person: int, right: str, node: int, at: datetime) -> bool:
    """Whether somebody has ended that for this person, there or above."""
    return right != "look" and any(
        each.person == person
        and right in each.rights
        and each.node in world.up(node)
        and each.begins <= at
        and (each.ends is None or at < each.ends)
        for each in world.kept_out
    )


def must_confirm(world: World, person: int, right: str, node: int, at: datetime) -> bool:
    """Whether somebody on the way up asks to confirm, and this person has not, for this very site."""
    asked = any(right in world.ceilings[step].confirm for step in world.up(node) if step in world.ceilings)
    return asked and not any(
        each.person == person and each.site == node and each.begins <= at < each.ends
        for each in world.sessions
    )


def in_service(world: World, node: int) -> bool:
    return not any(step in world.archived for step in world.up(node))


def allowed(
    world: World,
    person: int,
    right: str,
    node: int,
    at: datetime,
    limit: RawLimit | None = None,
    spot: RawSpot | None = None,
) -> bool:
    if right not in ("look", "people", "structure", "journal") and not in_service(world, node):
        return False
    if is_kept_out(world, person, right, node, at) or must_confirm(world, person, right, node, at):
        return False
    for grant in world.of(person):
        if (
            grant.node in world.up(node)
            and has_right(world, grant, right)
            and (spot is None or leads_to(world, grant, spot))
            and in_force(world, grant, at)
            and left_by(world, limit, right, node)
            and owner_leaves(world, grant, right, node, at)
        ):
            return True
    return False


def may_grant(
    world: World, person: int, offer: RawOffer, at: datetime, limit: RawLimit | None = None
) -> set[int]:
    """The grants out of which the person may give that now; none means that they may not."""
    if not offer.rights or offer.begins < at or (offer.ends is not None and offer.ends <= offer.begins):
        return set()
    if not allowed(world, person, "people", offer.node, at, limit):
        return set()
    if offer.staff and not may_appoint(world, person, offer.node, at, limit):
        return set()
    return {
        grant.id
        for grant in world.of(person)
        if grant.node in world.up(offer.node)
        and in_force(world, grant, at)
        and all(has_right(world, grant, right) for right in offer.rights)
        and leads_as_far(world, grant, offer)
        and all(left_by(world, limit, right, offer.node) for right in offer.rights)
        and in_force_throughout(world, grant, offer, at)
        and (grant.depth is None or (offer.depth is not None and offer.depth < grant.depth))
    }


def leads_as_far(world: World, grant: RawGrant, offer: RawOffer) -> bool:
    """Whether everything in the offered part, whatever its labels, is in each part on the way up. Of devices that were
    chosen one by one the labels are looked at again when the grant is used."""
    steps: list[RawPart] = []
    step: RawGrant | None = grant
    while step is not None:
        steps += [step.part] if step.part is not None else []
        step = None if step.source is None else world.grants[step.source]
    chosen = offer.part is not None and offer.part.devices is not None
    return all(
        in_part(replace(part, labels=frozenset()) if chosen else part, spot)
        for part in steps
        for spot in SPOTS
        if in_part(offer.part, spot)
    )


DEVICES = ("pump", "boiler", "camera")
LABELS = ("heat", "light")
PORTS = (None, "tcp/80", "udp/47808")

#: Every device there could be.
SPOTS = tuple(
    RawSpot(device, frozenset(labels), port)
    for device in DEVICES
    for labels in ((), LABELS[:1], LABELS[1:], LABELS)
    for port in PORTS
)


def may_appoint(world: World, person: int, node: int, at: datetime, limit: RawLimit | None) -> bool:
    """Whether the person administers people there by a grant that no owner's ceiling on the way up limits."""
    ceilings = [step for step in world.up(node) if step in world.ceilings]
    free = {
        grant.id: grant
        for grant in world.of(person)
        if all(of_owners(world, grant, ceiling) for ceiling in ceilings)
    }
    others = {grant.id: replace(grant, person=-1) for grant in world.grants.values() if grant.id not in free}
    return allowed(replace(world, grants={**others, **free}), person, "people", node, at, limit)


def in_force_throughout(world: World, grant: RawGrant, offer: RawOffer, at: datetime) -> bool:
    """From now until the offer ends: a holding that pauses in between is not one holding."""
    if offer.ends is None:
        return unlimited(world, grant)
    moment = at
    while moment < offer.ends:
        if not in_force(world, grant, moment):
            return False
        moment += QUARTER
    return in_force(world, grant, offer.ends - timedelta(microseconds=1))
