"""Brings the stored plan to what the rows say, for exactly the units that were touched, inside their transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from furka.devicepages.operations import end_dropped
from furka.dispatch.link_units import LinkUnit, sites_in
from furka.dispatch.models import PlanEntry
from furka.dispatch.units import SiteUnit, Unit, VisitUnit, compile_units, units_of
from furka.manyrows import insert_all
from furka.plan.diff import by_key, difference
from furka.plan.entries import ENTRY, Door, Entry, Knock, Page
from furka.sites.models import Gateway
from furka.tree.operation import SettingsTouched, Work
from furka.tunnel.models import Hub

_REASON = "the plan is compiled for everybody"
#: So many sites in one question to the database.
_AT_ONCE = 500
_FIELDS = ["unit", "site_id", "person_id", "body", "not_after", "revision", "gone"]


def settle(work: Work) -> None:
    """The last step of every operation before its journal: what it touched is compiled again."""
    if not work.touched:
        return
    lock_plans()
    units = units_of(work.touched, work.at)
    dropped: list[str] = []
    for hub in bring_up_to_date(units, work.at, dropped):
        work.news.append((hub.topic, "plan"))
    told = {unit.site_id for unit in units if isinstance(unit, SiteUnit)}
    told |= {each.node_id for each in work.touched if isinstance(each, SettingsTouched)}
    told |= sites_in(unit for unit in units if isinstance(unit, LinkUnit))
    sites = sorted(told)
    for start in range(0, len(sites), _AT_ONCE):
        gateways = Gateway.objects.everything(_REASON).filter(
            node__in=sites[start : start + _AT_ONCE], released_at=None
        )
        work.news += [(gateway.topic, "settings") for gateway in gateways]
    end_dropped(work, [key.removeprefix("page/") for key in dropped if key.startswith("page/")])


def lock_plans() -> list[Hub]:
    """Lock the row of every hub until the commit. Whoever changes a plan does this before reading what it follows from.

    So of two changes at the same time the second one compiles what the first one has committed (nothing that was
    revoked comes back), revisions become visible in order, and nobody waits in a circle. Rows that only refer to a
    hub may be written meanwhile.
    """
    return list(Hub.objects.select_for_update(no_key=True).order_by("pk"))


def bring_up_to_date(units: Iterable[Unit], at: datetime, dropped: list[str] | None = None) -> list[Hub]:
    """Compile units, store what differs under the next revision of each hub concerned, and say which hubs those are.

    The keys of entries that are no more are put into `dropped`.
    """
    gone: list[str] = [] if dropped is None else dropped
    hubs = lock_plans()
    wanted: dict[int, dict[Unit, list[Entry]]] = defaultdict(
        lambda: defaultdict(list)
    )  # hub → unit → entries
    names = set()
    for compiled in compile_units(units, at):
        names.add(str(compiled.unit))
        for hub_id, entry in compiled.entries:
            wanted[hub_id][compiled.unit].append(entry)
    concerned = {*wanted, *_hubs_with(names)}
    return [hub for hub in hubs if hub.pk in concerned and _store(hub, names, wanted[hub.pk], gone)]


def _store(hub: Hub, names: set[str], wanted: dict[Unit, list[Entry]], dropped: list[str]) -> bool:
    rows = {row.key: row for batch in _batches(names) for row in hub.entries.filter(unit__in=batch)}
    stored = {key: ENTRY.validate_python(row.body) for key, row in rows.items() if not row.gone}
    unit_of = {entry.key: unit for unit, entries in wanted.items() for entry in entries}
    change = difference(stored, by_key(entry for entries in wanted.values() for entry in entries))
    if not change:
        return False
    dropped += change.gone
    hub.revision += 1
    hub.save(update_fields=["revision"])
    rows |= _of_other_units(hub, {entry.key for entry in change.put} - rows.keys())
    fresh = []
    for entry in change.put:
        row = rows.get(entry.key) or PlanEntry(hub=hub, key=entry.key)
        unit = unit_of[entry.key]
        row.unit, row.revision, row.gone = str(unit), hub.revision, False
        row.site_id, row.person_id = (
            (unit.site_id, unit.person_id) if isinstance(unit, VisitUnit) else (None, None)
        )
        row.body = entry.model_dump(mode="json")
        row.not_after = entry.not_after if isinstance(entry, Door | Page | Knock) else None
        fresh.append(row)
    known = [row for row in fresh if row.pk is not None]  # the others get their number now
    insert_all([row for row in fresh if row.pk is None])
    PlanEntry.objects.bulk_update(known, _FIELDS, batch_size=200)
    for key in change.gone:
        rows[key].gone, rows[key].revision = True, hub.revision
    PlanEntry.objects.bulk_update([rows[key] for key in change.gone], ["gone", "revision"], batch_size=500)
    return True


def _of_other_units(hub: Hub, keys: set[str]) -> dict[str, PlanEntry]:
    """The traces of entries of these keys that other units once had."""
    return {row.key: row for batch in _batches(keys) for row in hub.entries.filter(key__in=batch)}


def _hubs_with(names: set[str]) -> set[int]:
    return {
        hub_id
        for batch in _batches(names)
        for hub_id in PlanEntry.objects.filter(unit__in=batch, gone=False)
        .values_list("hub_id", flat=True)
        .distinct()
    }


def _batches(names: set[str]) -> list[list[str]]:
    ordered = sorted(names)
    return [ordered[start : start + 500] for start in range(0, len(ordered), 500)]
