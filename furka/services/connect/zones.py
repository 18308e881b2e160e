"""Who reaches what at a site now, as a matrix: a row for each grant and each open page, a column for each device and
for the network as a whole. Everything comes from the grants; what is not listed is closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from furka.access.narrowing import Narrowing, PortNumber, Spot
from furka.devicepages.models import OpenPage
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.services.connect.queries import ports_open
from furka.sites.models import Device
from furka.sites.queries import DeviceView, devices_of
from furka.sites.spots import folded_labels
from furka.sites.web import ways_of
from furka.tree.accesses import Access, who_may
from furka.tree.acting import Acting
from furka.tree.models import Node


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether one row reaches one target, and on which ports (None: on all of them)."""

    target: Device | None  # None: the whole network
    ports: tuple[PortNumber, ...] | None

    @property
    def is_open(self) -> bool:
        """Whether there is any way."""
        return self.ports != ()


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody who reaches something: through a grant, or a page of a device that they have open in a browser."""

    access: Access | None
    page: OpenPage | None
    whole: Cell
    cells: tuple[Cell, ...]

    @property
    def until(self) -> datetime | None:
        """When it closes by itself, as far as is known now."""
        if self.page is not None:
            return self.page.ends_at
        return self.access.open_until if self.access is not None else None


@dataclass(frozen=True, slots=True)
class Zones:
    """The matrix of a site."""

    devices: tuple[DeviceView, ...]
    rows: tuple[Row, ...]


def zones(by: Acting, site: Node) -> Zones:
    """Who reaches which device at this moment, for whoever administers people at the site."""
    views = devices_of(by, site)
    labels = folded_labels([view.device for view in views])
    spots = [(view, Spot(view.device.key, labels.get(view.device.pk, frozenset()))) for view in views]
    accesses = who_may(by, site, by.at, USE_REMOTE_ACCESS)
    parts: dict[str, list[Narrowing]] = defaultdict(list)
    for access in accesses:
        parts[access.person_key].append(access.narrowing)
    rows = [_row_of(access, spots) for access in accesses]
    pages = [_row_of_page(page, spots, parts[page.person.key]) for page in _open_pages(by, site)]
    return Zones(tuple(views), (*rows, *pages))


def _row_of(access: Access, spots: Sequence[tuple[DeviceView, Spot]]) -> Row:
    part = access.narrowing
    whole = Cell(None, () if part.chooses else None if part.ports is None else tuple(sorted(part.ports)))
    cells = (
        Cell(view.device, ports_open((part,), spot) if view.reached_at is not None else ())
        for view, spot in spots
    )
    return Row(access, None, whole, tuple(cells))


def _row_of_page(page: OpenPage, spots: Sequence[tuple[DeviceView, Spot]], parts: Sequence[Narrowing]) -> Row:
    """A page leads to its device alone, on the ports of its page that its person reaches."""
    ways = {PortNumber("tcp", way.port) for way in ways_of(page.device)}
    cells = []
    for view, spot in spots:
        ports: tuple[PortNumber, ...] = ()
        if view.device.pk == page.device_id and view.reached_at is not None:
            theirs = ports_open(parts, spot)
            ports = tuple(sorted(ways if theirs is None else ways.intersection(theirs)))
        cells.append(Cell(view.device, ports))
    return Row(None, page, Cell(None, ()), tuple(cells))


def _open_pages(by: Acting, site: Node) -> list[OpenPage]:
    rows = OpenPage.objects.everything("whoever administers people at a site sees who is in it")
    rows = rows.filter(node=site, ended_at=None, ends_at__gt=by.at)
    return list(rows.select_related("person", "device").order_by("person__name", "opened_at"))
