"""Named reads of plants at hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from furka.activeplants.models import ActivePlant
from furka.tree.acting import Acting

_PLAN = "the plan is compiled for everybody"
_OWN = "what a person's own devices have at hand"


def devices_at_hand(sites: Collection[int], persons: Collection[int]) -> dict[tuple[int, int], list[str]]:
    """The keys of the devices of these persons that have one of these sites at hand, by site and person."""
    rows = ActivePlant.objects.everything(_PLAN).filter(
        node__in=sites, profile__person__in=persons, profile__revoked_at=None, profile__real=True
    )
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for site, person, key in rows.values_list("node_id", "profile__person_id", "profile__key"):
        found[site, person].append(key)
    return found


def plants_at_hand(by: Acting) -> dict[int, ActivePlant]:
    """What the devices of the one who acts have at hand, by the number of the device."""
    if by.person_id is None or by.looks_only:
        return {}
    rows = ActivePlant.objects.everything(_OWN).filter(
        profile__person_id=by.person_id, profile__revoked_at=None
    )
    return {row.profile_id: row for row in rows.select_related("node__customer", "node__reseller")}
