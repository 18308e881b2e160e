"""Keeps stored plans small and right: ended doors, old traces, and the slow comparison with everything."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

from django.db.models import Q

from furka.devicepages.operations import end_dropped
from furka.dispatch.models import PlanEntry
from furka.dispatch.naming import forget_lost_names, forget_names
from furka.dispatch.settle import bring_up_to_date
from furka.dispatch.units import Unit, VisitUnit, all_units
from furka.tree.acting import Acting
from furka.tree.operation import Work, own_operation
from furka.tree.queries import operator
from furka.tunnel.models import Hub

#: Traces of gone entries are kept for so many revisions; a hub that is further behind gets everything anew.
TRACES_KEPT = 10_000
BATCH = 500


@own_operation("time has passed; nobody has to allow that")
def forget_ended(work: Work) -> int:
    """Take doors whose time is over out of the plans; the kernel has closed them by itself."""
    ended = PlanEntry.objects.filter(gone=False, not_after__lte=work.at, person_id__isnull=False)
    units = {
        VisitUnit(site, person)
        for site, person in ended.values_list("site_id", "person_id")[:BATCH]
        if site and person
    }
    if units:
        dropped: list[str] = []
        work.news += [(hub.topic, "plan") for hub in bring_up_to_date(units, work.at, dropped)]
        end_dropped(work, [key.removeprefix("page/") for key in dropped if key.startswith("page/")])
    return len(units)


def check_all(by: Acting) -> int:
    """Compile every unit and store what differs; how many hubs' plans were not right. Costs as much as there is."""
    forget_lost_names()
    units = iter(sorted(all_units(by.at), key=str))
    healed = 0
    while batch := list(islice(units, BATCH)):
        healed += _check(by, batch)
    return healed


@own_operation("the plan follows from rows that were all decided upon")
def _check(work: Work, units: list[Unit]) -> int:
    hubs = bring_up_to_date(units, work.at)
    for hub in hubs:
        work.news.append((hub.topic, "plan"))
        work.record(operator(), "plan.mended", after={"hub": hub.name})
    return len(hubs)


def forget_traces() -> int:
    """Drop the oldest traces of gone entries."""
    dropped = 0
    for hub in Hub.objects.filter(revision__gt=TRACES_KEPT):
        border = hub.revision - TRACES_KEPT
        # First say that who is behind the border must take everything, then drop: never the other way round.
        Hub.objects.filter(pk=hub.pk, complete_before__lt=border).update(complete_before=border)
        dropped += PlanEntry.objects.filter(hub=hub, gone=True, revision__lt=border).delete()[0]
    return dropped


def forget_sites(site_ids: Collection[int], hub_name: str) -> None:
    """Drop what is stored about sites that are taken out without a trace, and all traces of the hub they were on."""
    forget_names(site_ids)
    PlanEntry.objects.filter(Q(site_id__in=site_ids) | Q(hub__name=hub_name, gone=True)).delete()
