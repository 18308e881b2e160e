"""From what an operation touched to units, and from rows to the worlds of those units.

A unit is the smallest part of a plan that can be compiled alone:

- a site (`site/7`): its gateway's peer and the prefixes behind it;
- the names of a site (`names/7`): what it and its devices are called in the tunnel;
- a profile (`profile/3`): the peer of a person's device;
- a visit (`visit/7/5`): one person at one site, the doors;
- a link (`link/4`): sites that are joined (`link_units`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.db.models import Q, QuerySet

from furka.access.narrowing import Narrowing, PortNumber
from furka.access.policy import openings
from furka.access.windows import Interval
from furka.activeplants.queries import devices_at_hand
from furka.catalogue.models import ServiceChoice
from furka.catalogue.service import visits
from furka.devicepages.models import OpenPage
from furka.dispatch.link_units import LinkUnit, all_links, compile_links, links_below
from furka.dispatch.models import PlanEntry
from furka.dispatch.naming import names_worlds
from furka.dispatch.page_ends import open_page_ends
from furka.dispatch.unused import unused_yeses, yeses_at
from furka.plan.compile import compile_names, compile_profile, compile_site
from furka.plan.entries import DoorPort, Entry
from furka.plan.world import (
    GatewayEnd,
    NetworkPair,
    Opening,
    OpenPageEnd,
    ProfileEnd,
    SiteWorld,
    VisitWorld,
)
from furka.sites.models import Gateway, Network
from furka.sites.spots import DeviceSpot, spots_at
from furka.tree.ceilings import ceilings_over
from furka.tree.grants import GrantInterval
from furka.tree.holdings import held_from
from furka.tree.models import Kind, Node
from furka.tree.operation import (
    AccessTouched,
    DevicesTouched,
    LinkTouched,
    NamesTouched,
    ProfileTouched,
    SiteTouched,
    SubtreeTouched,
    Touched,
)
from furka.tree.queries import below, lease_of
from furka.tunnel.models import Profile

_REASON = "the plan is compiled for everybody"
#: So many levels in one question to the database.
_AT_ONCE = 300
#: Every interval counts, however far ahead; windows are expanded for some weeks only.
_HORIZON = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class SiteUnit:
    """A site's end of the tunnel."""

    site_id: int

    def __str__(self) -> str:
        return f"site/{self.site_id}"


@dataclass(frozen=True, slots=True, order=True)
class NamesUnit:
    """What a site and its devices are called."""

    site_id: int

    def __str__(self) -> str:
        return f"names/{self.site_id}"


@dataclass(frozen=True, slots=True, order=True)
class ProfileUnit:
    """A profile's end of the tunnel."""

    profile_id: int

    def __str__(self) -> str:
        return f"profile/{self.profile_id}"


@dataclass(frozen=True, slots=True, order=True)
class VisitUnit:
    """One person at one site."""

    site_id: int
    person_id: int

    def __str__(self) -> str:
        return f"visit/{self.site_id}/{self.person_id}"


Unit = SiteUnit | NamesUnit | ProfileUnit | VisitUnit | LinkUnit


@dataclass(frozen=True, slots=True)
class Compiled:
    """The entries of a unit for each hub that needs them."""

    unit: Unit
    entries: tuple[tuple[int, Entry], ...]  # (hub id, entry)


def units_of(touched: Iterable[Touched], at: datetime) -> set[Unit]:
    """The units that have to be compiled again: where somebody may enter now or later, and where doors are stored."""
    units: set[Unit] = set()
    renamed: list[int] = []
    for each in touched:
        match each:
            case SiteTouched(node_id):
                units |= {SiteUnit(node_id), NamesUnit(node_id), *links_below(node_id)}
                units |= _visits(None, node_id, at)  # a door leads nowhere without a gateway
            case DevicesTouched(node_id):
                units |= _held_visits(None, _sites_below(node_id), at, narrowed=True)
                units |= {NamesUnit(node_id), *_open_pages(node_id), *links_below(node_id)}
            case NamesTouched(node_id):
                renamed.append(node_id)
            case SubtreeTouched(node_id):
                sites = list(_sites_below(node_id).values_list("pk", flat=True))
                units |= {*map(SiteUnit, sites), *map(NamesUnit, sites), *links_below(node_id)}
                units |= _visits(None, node_id, at)
            case ProfileTouched(profile_id):
                units.add(ProfileUnit(profile_id))
                person_id = Profile.objects.values_list("person_id", flat=True).get(pk=profile_id)
                units |= _visits(person_id, None, at)
            case AccessTouched(person_id, node_id):
                units |= _visits(person_id, node_id, at)
                if person_id is None and node_id is not None:
                    units |= links_below(node_id)
            case LinkTouched(link_id):
                units.add(LinkUnit(link_id))
    return units | _named_after(renamed)


def all_units(at: datetime) -> set[Unit]:
    """Every unit there is, and every one that has something stored; for the check that nothing was missed."""
    sites = list(Node.objects.everything(_REASON).filter(kind=Kind.SITE).values_list("pk", flat=True))
    profiles = Profile.objects.filter(revoked_at=None).values_list("pk", flat=True)
    ends: set[Unit] = {*map(SiteUnit, sites), *map(NamesUnit, sites), *map(ProfileUnit, profiles)}
    return {*ends, *_visits(None, None, at), *all_links(), *_stored_ends()}


def _stored_ends() -> set[Unit]:
    """Sites, names, profiles and links that have entries; perhaps they should not."""
    ends = PlanEntry.objects.filter(gone=False, person_id=None).values_list("unit", flat=True)
    kinds: dict[str, type[SiteUnit | NamesUnit | ProfileUnit | LinkUnit]] = {
        "site": SiteUnit,
        "names": NamesUnit,
        "profile": ProfileUnit,
        "link": LinkUnit,
    }
    names = (name.split("/") for name in ends.distinct())
    return {kinds[kind](int(number)) for kind, number in names}


def _visits(person_id: int | None, node_id: int | None, at: datetime) -> set[VisitUnit]:
    """The pairs of person and site behind a change."""
    sites = _sites_below(node_id)
    return _held_visits(person_id, sites, at) | _stored_visits(person_id, sites)


def _sites_below(node_id: int | None) -> QuerySet[Node]:
    """The sites at a node and below, deleted ones too: something may be stored for them. None: all."""
    sites = Node.objects.everything(_REASON).filter(kind=Kind.SITE)
    if node_id is None:
        return sites
    return sites.filter(below(Node.objects.everything(_REASON).get(pk=node_id)))


def _named_after(node_ids: list[int]) -> set[NamesUnit]:
    """The sites at these nodes and below that have names; an import may rename thousands."""
    found: set[NamesUnit] = set()
    for start in range(0, len(node_ids), _AT_ONCE):
        batch = node_ids[start : start + _AT_ONCE]
        at_or_below = Q(pk__in=batch) | Q(reseller_id__in=batch) | Q(customer_id__in=batch)
        sites = Node.objects.everything(_REASON).filter(at_or_below, kind=Kind.SITE)
        found |= set(map(NamesUnit, _served(sites).values_list("pk", flat=True)))
    return found


def _served(sites: QuerySet[Node]) -> QuerySet[Node]:
    """Of these sites those that have a gateway."""
    gateways = Gateway.objects.everything(_REASON).filter(released_at=None)
    return sites.filter(pk__in=gateways.values("node_id"))


def _open_pages(site_id: int) -> set[VisitUnit]:
    """Who has a page of a device of the site open."""
    rows = OpenPage.objects.everything(_REASON).filter(node=site_id, ended_at=None)
    return {VisitUnit(site_id, person_id) for person_id in rows.values_list("person_id", flat=True)}


def _held_visits(
    person_id: int | None, sites: QuerySet[Node], at: datetime, *, narrowed: bool = False
) -> set[VisitUnit]:
    """Who may enter, now or later, with a device or an open page, where there is a gateway: else there is no door.

    Of everybody, those who hold something at or above the sites; of one person, the sites at and below what they hold.
    With `narrowed` only those who hold something that leads to a part of sites.
    """
    served = _served(sites)
    open_pages = OpenPage.objects.everything(_REASON).filter(ended_at=None)
    holders = GrantInterval.objects.filter(
        Q(person_id__in=Profile.objects.filter(revoked_at=None).values("person_id"))
        | Q(person_id__in=open_pages.values("person_id")),
        Q(ends_at=None) | Q(ends_at__gte=at),
    )
    if narrowed:
        holders = holders.filter(narrowing__isnull=False)
    if person_id is None:
        levels_of = _levels_of(served)
        levels = set().union(*levels_of.values())
        persons = _persons_by_level(holders.filter(Q(node_id__in=levels) | Q(node__kind=Kind.OPERATOR)))
    else:
        persons = _persons_by_level(holders.filter(person_id=person_id))
        if None not in persons:
            held = list(persons)
            served = served.filter(Q(pk__in=held) | Q(customer_id__in=held) | Q(reseller_id__in=held))
        levels_of = _levels_of(served) if persons else {}
    nobody: set[int] = set()
    return {
        VisitUnit(site_id, person)
        for site_id, levels in levels_of.items()
        for person in persons.get(None, nobody).union(*(persons.get(level, nobody) for level in levels))
    }


def _levels_of(sites: QuerySet[Node]) -> dict[int, set[int]]:
    """Each site with what lies above it."""
    rows = sites.values_list("pk", "customer_id", "reseller_id")
    return {pk: {level for level in (pk, customer, reseller) if level} for pk, customer, reseller in rows}


def _persons_by_level(holders: QuerySet[GrantInterval]) -> dict[int | None, set[int]]:
    """Who holds something at which node; None: everywhere."""
    found: dict[int | None, set[int]] = defaultdict(set)
    for holder, held_at, kind in holders.values_list("person_id", "node_id", "node__kind"):
        found[None if kind == Kind.OPERATOR else held_at].add(holder)
    return found


def _stored_visits(person_id: int | None, sites: QuerySet[Node]) -> set[VisitUnit]:
    stored = PlanEntry.objects.filter(gone=False, person_id__isnull=False, site_id__in=sites.values("pk"))
    if person_id is not None:
        stored = stored.filter(person_id=person_id)
    return {
        VisitUnit(site, person)
        for site, person in stored.values_list("site_id", "person_id").distinct()
        if site and person
    }


def compile_units(units: Iterable[Unit], at: datetime) -> list[Compiled]:
    """Compile units from their rows."""
    together = set(units)
    compiled = _compile_sites({unit for unit in together if isinstance(unit, SiteUnit)})
    compiled += _compile_names({unit for unit in together if isinstance(unit, NamesUnit)})
    compiled += _compile_profiles({unit for unit in together if isinstance(unit, ProfileUnit)})
    compiled += _compile_visits({unit for unit in together if isinstance(unit, VisitUnit)}, at)
    links = {unit for unit in together if isinstance(unit, LinkUnit)}
    return [*compiled, *(Compiled(unit, entries) for unit, entries in compile_links(links, at))]


def _compile_sites(units: set[SiteUnit]) -> list[Compiled]:
    ids = [unit.site_id for unit in units]
    gateways = _gateways(ids)
    networks: dict[int, list[NetworkPair]] = defaultdict(list)
    for row in Network.objects.everything(_REASON).filter(node__in=ids):
        networks[row.node_id].append(NetworkPair(row.real, row.virtual))
    names = dict(Node.objects.everything(_REASON).filter(pk__in=ids).values_list("pk", "key"))
    found = []
    for unit in sorted(units):
        gateway = gateways.get(unit.site_id)
        if gateway is None or unit.site_id not in names:
            found.append(Compiled(unit, ()))
            continue
        end = GatewayEnd(gateway.key, gateway.public_key, gateway.address, gateway.next_public_key)
        world = SiteWorld(names[unit.site_id], unit.site_id, end, tuple(networks[unit.site_id]))
        found.append(Compiled(unit, tuple((gateway.hub_id, entry) for entry in compile_site(world))))
    return found


def _compile_names(units: set[NamesUnit]) -> list[Compiled]:
    gateways = _gateways([unit.site_id for unit in units])
    sites = Node.objects.everything(_REASON).filter(pk__in=gateways) if gateways else Node.objects.none()
    worlds = names_worlds(list(sites.select_related("reseller", "customer").order_by("pk")))
    found = []
    for unit in sorted(units):
        entries = compile_names(worlds[unit.site_id]) if unit.site_id in worlds else ()
        found.append(Compiled(unit, tuple((gateways[unit.site_id].hub_id, entry) for entry in entries)))
    return found


def _compile_profiles(units: set[ProfileUnit]) -> list[Compiled]:
    rows = Profile.objects.filter(pk__in=[unit.profile_id for unit in units], revoked_at=None)
    live = {row.pk: row for row in rows.select_related("person")}
    found = []
    for unit in sorted(units):
        row = live.get(unit.profile_id)
        entries = compile_profile(_end_of(row)) if row and row.person.is_active else ()
        found.append(Compiled(unit, tuple((row.hub_id, entry) for entry in entries) if row else ()))
    return found


def _compile_visits(units: set[VisitUnit], at: datetime) -> list[Compiled]:
    site_ids = {unit.site_id for unit in units}
    sites = Node.objects.everything(_REASON).filter(pk__in=site_ids).select_related("reseller", "customer")
    nodes = {site.pk: site for site in sites}
    gateways = _gateways(site_ids)
    profiles: dict[int, list[Profile]] = defaultdict(list)
    persons = {unit.person_id for unit in units}
    for row in Profile.objects.filter(person__in=persons, revoked_at=None, person__is_active=True):
        profiles[row.person_id].append(row)
    pages = open_page_ends(persons, site_ids)
    at_hand = devices_at_hand(site_ids, persons)
    networks: dict[int, list[NetworkPair]] = defaultdict(list)
    if at_hand:
        for pair in Network.objects.everything(_REASON).filter(node__in={site for site, _person in at_hand}):
            networks[pair.node_id].append(NetworkPair(pair.real, pair.virtual))
    with_pages = {person for _site, person in pages}
    held = {person: held_from(person, at) for person in persons if profiles[person] or person in with_pages}
    ceilings = ceilings_over(nodes.values(), at)
    unused = unused_yeses(persons, at)
    is_narrowed = any(not each.narrowing.is_whole for some in held.values() for each in some)
    spots = spots_at(site_ids) if is_narrowed else {}
    choices = {
        (choice.node_id, choice.service): choice.settings
        for choice in ServiceChoice.objects.everything(_REASON).filter(node__in=site_ids)
    }
    found = []
    for unit in sorted(units):
        site, gateway = nodes.get(unit.site_id), gateways.get(unit.site_id)
        entries: list[tuple[int, Entry]] = []
        if site is not None and gateway is not None:
            for each, visit in visits():
                settings = each.settings.model_validate(choices.get((site.pk, each.key), {}))
                theirs = held.get(unit.person_id, ())
                parts = openings(theirs, visit.right, site.place, _HORIZON, ceilings=ceilings)
                found_spots = spots.get(site.pk, ())
                ahead = ((part, _not_over(times, at)) for part, times in sorted(parts.items(), key=_by_name))
                opened = tuple(_opening(part, times, found_spots) for part, times in ahead if times)
                who = (site.pk, unit.person_id)
                world = _visit(site, profiles[unit.person_id], opened, pages.get(who, ()))
                if who in at_hand:
                    held_there = tuple(sorted(at_hand[who]))
                    world = replace(world, at_hand_for=held_there, networks=tuple(networks[site.pk]))
                yeses = yeses_at(unused[unit.person_id], visit.right, site.place)
                world = replace(world, unused=yeses)
                entries += [(gateway.hub_id, entry) for entry in visit.compile(world, settings)]
        found.append(Compiled(unit, tuple(entries)))
    return found


def _not_over(intervals: Iterable[Interval], at: datetime) -> tuple[Interval, ...]:
    """Without what has ended: so a door goes at once, and not only when the hub's clock says so."""
    return tuple(each for each in intervals if each.ends_at is None or each.ends_at > at)


def _by_name(part: tuple[Narrowing, object]) -> str:
    return part[0].name


def _opening(narrowing: Narrowing, intervals: tuple[Interval, ...], spots: Iterable[DeviceSpot]) -> Opening:
    """To what a narrowing leads at a site as its devices are now."""
    hosts = {each.address for each in spots if each.address is not None and narrowing.shows(each.spot)}
    ports = narrowing.ports
    return Opening(
        intervals,
        narrowing.name,
        tuple(sorted(hosts)) if narrowing.chooses else None,
        None if ports is None else tuple(_door_port(port) for port in sorted(ports)),
    )


def _door_port(port: PortNumber) -> DoorPort:
    return DoorPort(protocol="udp" if port.protocol == "udp" else "tcp", number=port.number)


def _visit(
    site: Node, profiles: list[Profile], opened: tuple[Opening, ...], pages: Sequence[OpenPageEnd]
) -> VisitWorld:
    lease = lease_of(site)
    return VisitWorld(
        site_name=site.key,
        site_number=site.pk,
        profiles=tuple(_end_of(row) for row in profiles),
        openings=opened,
        lease_seconds=lease * 60 if lease else None,
        pages=tuple(pages),
    )


def _gateways(site_ids: Iterable[int]) -> dict[int, Gateway]:
    """The gateways that serve sites; at a deleted site none does, until it is restored."""
    rows = Gateway.objects.everything(_REASON).filter(
        node__in=site_ids, released_at=None, node__deleted_at=None
    )
    return {row.node_id: row for row in rows}


def _end_of(row: Profile) -> ProfileEnd:
    return ProfileEnd(row.key, row.public_key, row.address, row.sealed_preshared)
