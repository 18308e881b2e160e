"""Named reads of how the cloud is and was. Nothing here belongs to a tenant; what is touched is in `touched`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet

from furka.probes.found import Level
from furka.status.kinds import STALE, Group, Kind
from furka.status.models import Component, Incident, Part, Round, Span
from furka.status.spans import day_of, hour_of

#: So many days have a bar each, and so many hours stand in the line of response times.
DAYS, HOURS = 90, 48
#: So many incidents are shown beside the present state.
MOST_LATE, LATE = 10, timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Sum:
    """What was measured within a while; zero looks: nobody looked."""

    begins_at: datetime
    looks: int = 0
    weak: int = 0
    bad: int = 0
    ms: float | None = None
    ms_most: int = 0

    @property
    def level(self) -> str:
        """How to show it: as well as most of it was, but never better than it was."""
        if not self.looks:
            return "none"
        if self.bad:
            return "bad" if self.bad * 50 >= self.looks else "weak"
        return "weak" if self.weak else "ok"


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of the cloud as pages show it."""

    component: Component
    days: tuple[Sum, ...]
    hours: tuple[Sum, ...]

    @property
    def uptime(self) -> float | None:
        """The share of looks that found it working, in percent; None if nobody ever looked."""
        looks = sum(day.looks for day in self.days)
        return 100 * (1 - sum(day.bad for day in self.days) / looks) if looks else None

    @property
    def measured_days(self) -> int:
        """On how many days somebody looked at all."""
        return sum(1 for day in self.days if day.looks)


@dataclass(frozen=True, slots=True)
class Cloud:
    """How the cloud is at a moment."""

    at: datetime
    measured_at: datetime | None
    groups: tuple[tuple[Group, tuple[PartView, ...]], ...] = ()
    running: tuple[Incident, ...] = ()

    @property
    def is_stale(self) -> bool:
        """Whether nobody has looked lately: then nobody knows how it is now."""
        return self.measured_at is None or self.at - self.measured_at > STALE

    @property
    def parts(self) -> list[PartView]:
        return [part for _group, parts in self.groups for part in parts]

    @property
    def state(self) -> str:
        """`ok`, `weak`, `bad`, or `unknown` if nobody knows."""
        if self.is_stale:
            return "unknown"
        return state_of([part.component for part in self.parts])

    @property
    def failing(self) -> list[Component]:
        return [part.component for part in self.parts if part.component.state == Level.BAD]


def state_of(components: Sequence[Component]) -> str:
    """The worst state of these."""
    return max((Level(each.state) for each in components), key=lambda level: level.rank, default=Level.OK)


def measured_at() -> datetime | None:
    """When somebody looked last."""
    return Round.objects.filter(id=1).values_list("done_at", flat=True).first()


def is_stale(at: datetime) -> bool:
    """Whether nobody has looked lately."""
    last = measured_at()
    return last is None or at - last > STALE


def present(at: datetime) -> Cloud:
    """The state of each part without its past; three queries."""
    return _cloud(at, {}, {})


def with_past(at: datetime) -> Cloud:
    """The same with the last days and hours; five queries."""
    days: dict[int, dict[datetime, Sum]] = defaultdict(dict)
    hours: dict[int, dict[datetime, Sum]] = defaultdict(dict)
    first_day, first_hour = day_of(at) - timedelta(days=DAYS - 1), hour_of(at) - timedelta(hours=HOURS - 1)
    for is_day, first, kept in ((True, first_day, days), (False, first_hour, hours)):
        for row in Span.objects.filter(is_day=is_day, begins_at__gte=first):
            ms = row.ms / row.timed if row.timed else None
            kept[row.component_id][row.begins_at] = Sum(
                row.begins_at, row.looks, row.weak, row.bad, ms, row.ms_most
            )
    return _cloud(at, days, hours)


def _cloud(
    at: datetime, days: dict[int, dict[datetime, Sum]], hours: dict[int, dict[datetime, Sum]]
) -> Cloud:
    all_days = [day_of(at) - timedelta(days=back) for back in reversed(range(DAYS))] if days else []
    all_hours = [hour_of(at) - timedelta(hours=back) for back in reversed(range(HOURS))] if hours else []
    groups: dict[Group, list[PartView]] = {group: [] for group in Group}
    order = list(Kind)
    rows = Component.objects.filter(retired_at=None).select_related("hub")
    for row in sorted(
        rows, key=lambda each: (each.hub.name if each.hub else "", order.index(Kind(each.kind)))
    ):
        own_days, own_hours = days.get(row.pk, {}), hours.get(row.pk, {})
        groups[row.group].append(
            PartView(
                row,
                tuple(own_days.get(day, Sum(day)) for day in all_days),
                tuple(own_hours.get(hour, Sum(hour)) for hour in all_hours),
            )
        )
    return Cloud(
        at,
        measured_at(),
        tuple((group, tuple(parts)) for group, parts in groups.items() if parts),
        tuple(incidents().filter(ended_at=None)),
    )


def incidents() -> QuerySet[Incident]:
    """All of them, the newest first, with their parts and what was said."""
    parts = Part.objects.select_related("component__hub")
    return Incident.objects.prefetch_related(Prefetch("parts", parts), "updates")


@dataclass(frozen=True, slots=True)
class Sought:
    """Which incidents: all that is said must fit."""

    component: str = ""
    since: datetime | None = None
    before: datetime | None = None
    running: bool = False


def incidents_sought(sought: Sought) -> QuerySet[Incident]:
    """Incidents that touched a part and ran within a time."""
    rows = incidents()
    if sought.component:
        of_part = Part.objects.filter(component__key=sought.component)
        rows = rows.filter(pk__in=of_part.values("incident_id"))
    if sought.since is not None:
        rows = rows.filter(Q(ended_at=None) | Q(ended_at__gte=sought.since))
    if sought.before is not None:
        rows = rows.filter(began_at__lt=sought.before)
    if sought.running:
        rows = rows.filter(ended_at=None)
    return rows


def late_incidents(at: datetime) -> list[Incident]:
    """Those of the last days that are over."""
    rows = incidents().filter(ended_at__gte=at - LATE)
    return list(rows.order_by("-began_at", "-id")[:MOST_LATE])


def incident_of_key(key: str) -> Incident | None:
    """The incident of that key."""
    return incidents().filter(key=key).first()


def components() -> list[Component]:
    """All parts there ever were, to choose from."""
    order = list(Kind)
    rows = Component.objects.select_related("hub")
    return sorted(rows, key=lambda each: (order.index(Kind(each.kind)), each.hub.name if each.hub else ""))


@dataclass(frozen=True, slots=True)
class Strip:
    """The state of the cloud in one line, for the overviews of levels."""

    state: str
    measured_at: datetime | None
    names: tuple[str, ...] = field(default=())


def strip(at: datetime) -> Strip:
    """Two queries."""
    measured = measured_at()
    rows = Component.objects.filter(retired_at=None).exclude(state=Level.OK).select_related("hub")
    failing = list(rows)
    stale = measured is None or at - measured > STALE
    return Strip("unknown" if stale else state_of(failing), measured, tuple(each.name for each in failing))
