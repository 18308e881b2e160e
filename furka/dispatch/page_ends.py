"""From the rows of open pages to their ends in the worlds of visits."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import IPv4Address

from django.conf import settings

from furka.access.windows import Interval
from furka.devicepages.models import OpenPage
from furka.devicepages.operations import IDLE
from furka.plan.entries import Way
from furka.plan.world import OpenPageEnd
from furka.sites.models import Network
from furka.sites.web import start_of, ways_of

_REASON = "the plan is compiled for everybody"


def open_page_ends(persons: set[int], sites: set[int]) -> dict[tuple[int, int], list[OpenPageEnd]]:
    """The pages that are open, by site and person; without those whose device lies in no network any more."""
    rows = OpenPage.objects.everything(_REASON).filter(
        person__in=persons, node__in=sites, ended_at=None, person__is_active=True
    )
    found: dict[tuple[int, int], list[OpenPageEnd]] = defaultdict(list)
    rows_by_site: dict[int, list[OpenPage]] = defaultdict(list)
    for row in rows.select_related("device", "node"):
        rows_by_site[row.node_id].append(row)
    for network in Network.objects.everything(_REASON).filter(node__in=rows_by_site) if rows_by_site else ():
        for row in rows_by_site[network.node_id]:
            address = IPv4Address(row.device.address)
            ways = ways_of(row.device)
            if address in network.real and ways and row.opened_at < row.ends_at:
                end = _end_of_page(row, network.address_of(address), ways)
                found[row.node_id, row.person_id].append(end)
    return found


def _end_of_page(row: OpenPage, reached_at: IPv4Address, ways: tuple[Way, ...]) -> OpenPageEnd:
    return OpenPageEnd(
        name=row.key,
        address=row.address,
        label=row.label,
        ticket_hash=row.ticket_hash,
        ticket_until=row.ticket_until,
        device=reached_at,
        known_as=IPv4Address(row.device.address),
        ways=ways,
        path=start_of(row.device),
        idle_seconds=int(IDLE.total_seconds()),
        span=Interval(row.opened_at, row.ends_at),
        language=row.language,
        title=f"{row.device.name}, {row.node.name}",
        back=f"{settings.PORTAL_URL}/levels/{row.node.key}/devices/{row.device.key}/page/",
    )
