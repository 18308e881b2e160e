"""Named reads of remote access: a person's profiles, and exactly what they reach now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from django.db.models import Q, QuerySet

from furka.access.facts import Held
from furka.access.narrowing import WHOLE, Narrowing, PortNumber, Spot
from furka.access.policy import open_intervals, openings
from furka.access.windows import Interval
from furka.catalogue.models import ServiceChoice
from furka.dispatch.naming import names_known
from furka.services.connect.manifest import SERVICE, USE_REMOTE_ACCESS, ConnectSettings
from furka.sites.models import Device, Gateway, Network
from furka.sites.queries import SiteState, states_of
from furka.sites.spots import address_in, folded_labels
from furka.sites.web import ways_of
from furka.tree.acting import Acting
from furka.tree.holdings import held_from
from furka.tree.models import Kind, Node
from furka.tree.queries import GrantView, grants_of
from furka.tunnel.models import Profile

#: So many sites are shown on one page.
MOST_SITES = 60

_INSTANT = timedelta(microseconds=1)
_WEB = PortNumber("tcp", 80)


def profiles_of(by: Acting) -> list[Profile]:
    """The live profiles of the one who acts."""
    if by.person_id is None or by.looks_only:
        return []
    return list(Profile.objects.filter(person_id=by.person_id, revoked_at=None).select_related("hub"))


@dataclass(frozen=True, slots=True)
class ReachableDevice:
    """A device, and its address in the tunnel."""

    device: Device
    address: IPv4Address
    opens: bool  # its page can be opened in the browser
    ports: tuple[PortNumber, ...] | None = None  # the only ones; None: all
    name: str = ""  # its whole name in the tunnel; empty: it has none yet

    @property
    def link(self) -> str:
        """The page of the device, if it has one and may be opened."""
        opens = self.ports is None or _WEB in self.ports
        return f"http://{self.address}/" if self.device.web and opens else ""


@dataclass(frozen=True, slots=True)
class ReachableSite:
    """A site that can be entered now, since when and until when (None: until revoked), and what is in it."""

    site: Node
    state: SiteState
    since: datetime
    until: datetime | None
    networks: tuple[Network, ...]  # those of which everything may be reached
    devices: tuple[ReachableDevice, ...]


def allowed_sites(by: Acting) -> QuerySet[Node]:
    """The sites that the one who acts may enter now if they have a gateway and the service is on there."""
    allowed = Node.objects.visible_to(by, USE_REMOTE_ACCESS).filter(kind=Kind.SITE)
    return allowed.order_by("sort_key", "id").select_related("customer", "reseller")


def reachable_by(by: Acting, text: str = "") -> list[ReachableSite]:
    """Exactly the sites that the one who acts may enter now: the same rights, settings and gateways as in the plan.

    With a text only those whose name, or whose customer's, contains it; the first `MOST_SITES` by name.
    """
    named = Q(name__icontains=text) | Q(customer__name__icontains=text) if text else Q()
    # What can't be entered anyway takes no place among the first ones; `reachable_among` decides.
    served = Gateway.objects.visible_to(by, USE_REMOTE_ACCESS).filter(released_at=None).values("node_id")
    choices = ServiceChoice.objects.visible_to(by, USE_REMOTE_ACCESS).filter(service=SERVICE.key)
    off = choices.filter(settings__enabled=False).values("node_id")
    rows = allowed_sites(by).filter(named, pk__in=served).exclude(pk__in=off)
    return reachable_among(by, list(rows[:MOST_SITES]))


def reachable_among(by: Acting, sites: list[Node]) -> list[ReachableSite]:
    """The same of some `allowed_sites`, in a few queries, however many they are."""
    choices = ServiceChoice.objects.visible_to(by, USE_REMOTE_ACCESS).filter(
        node__in=sites, service=SERVICE.key
    )
    off = {row.node_id for row in choices if not ConnectSettings.model_validate(row.settings).enabled}
    states = states_of(by, sites)
    # What begins when something else ends belongs to it, here as in the plan.
    held = held_from(by.person_id, by.at) if by.person_id is not None else ()
    networks: dict[int, list[Network]] = defaultdict(list)
    for network in Network.objects.visible_to(by, USE_REMOTE_ACCESS).filter(node__in=sites):
        networks[network.node_id].append(network)
    devices: dict[int, list[ReachableDevice]] = defaultdict(list)
    served = Gateway.objects.visible_to(by, USE_REMOTE_ACCESS).filter(node__in=sites, released_at=None)
    opening = set(served.exclude(hub__pages="").values_list("node_id", flat=True))
    by.foresee(site.place for site in sites)
    leads = {site.pk: parts_reached(by, site) for site in sites}
    rows = list(
        Device.objects.visible_to(by, USE_REMOTE_ACCESS).filter(node__in=sites).select_related("node")
    )
    is_narrowed = any(WHOLE not in parts for parts in leads.values())
    labels = folded_labels(rows) if is_narrowed else {}
    names = names_known({row.node_id for row in rows}) if rows else {}
    for device in rows:
        address = address_in(networks[device.node_id], device)
        spot = Spot(device.key, labels.get(device.pk, frozenset()))
        ports = ports_open(leads[device.node_id], spot)
        if address is not None and ports != ():
            opens = device.node_id in opening and page_open(device, ports)
            name = names.get((device.node_id, device.key), "")
            devices[device.node_id].append(ReachableDevice(device, address, opens, ports, name))
    running = ((site, _running(by, held, site)) for site in sites)
    return [
        ReachableSite(
            site,
            states[site.pk],
            interval.begins_at,
            interval.ends_at,
            tuple(networks[site.pk]) if WHOLE in leads[site.pk] else (),
            tuple(devices[site.pk]),
        )
        for site, interval in running
        if interval is not None and site.pk not in off and states[site.pk].word != "without-gateway"
    ]


def parts_reached(by: Acting, site: Node) -> tuple[Narrowing, ...]:
    """The parts of a site to which the one who acts is led now; with `WHOLE` among them, to all of it."""
    found = openings(
        by.held, USE_REMOTE_ACCESS, site.place, by.at + _INSTANT, by.limit, by.ceilings_over(site.place)
    )
    return tuple(
        part for part, intervals in found.items() if any(interval.covers(by.at) for interval in intervals)
    )


def page_open(device: Device, ports: tuple[PortNumber, ...] | None) -> bool:
    """Whether a device has a page of its own on one of these ports."""
    return any(ports is None or PortNumber("tcp", way.port) in ports for way in ways_of(device))


def ports_open(parts: Iterable[Narrowing], spot: Spot) -> tuple[PortNumber, ...] | None:
    """The ports of a device that these parts lead to; None: all of them."""
    leading = [part for part in parts if part.shows(spot)]
    if any(part.ports is None for part in leading):
        return None
    return tuple(sorted({port for part in leading for port in part.ports or ()}))


def _running(by: Acting, held: tuple[Held, ...], site: Node) -> Interval | None:
    """The time around this moment in which the site may be entered without a break, also for what its owners want."""
    last, ceilings = datetime.max.replace(tzinfo=UTC), by.ceilings_over(site.place)
    running = open_intervals(held, USE_REMOTE_ACCESS, site.place, last, by.limit, ceilings)
    return next((interval for interval in running if interval.covers(by.at)), None)


@dataclass(frozen=True, slots=True)
class LaterAccess:
    """An access that does not count now and will: where, and the next time (until None: until revoked)."""

    grant: GrantView
    begins_at: datetime
    until: datetime | None


def later_access(by: Acting) -> list[LaterAccess]:
    """What the one who acts may enter later without anybody's doing, the next first."""
    if by.person_id is None:
        return []
    intervals: dict[str, list[Interval]] = defaultdict(list)
    for held in held_from(by.person_id, by.at):
        if USE_REMOTE_ACCESS.key in held.rights:
            intervals[held.grant_key].append(held.interval)
    found = []
    for grant in grants_of(by):
        times = sorted(intervals[grant.key], key=lambda interval: interval.begins_at)
        if times and not any(interval.covers(by.at) for interval in times):
            found.append(LaterAccess(grant, times[0].begins_at, times[0].ends_at))
    return sorted(found, key=lambda later: later.begins_at)
