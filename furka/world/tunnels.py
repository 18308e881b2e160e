"""Hubs, people's devices, and the plan that follows from everything else."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from furka.dispatch.settle import bring_up_to_date
from furka.dispatch.units import NamesUnit, ProfileUnit, SiteUnit, Unit, VisitUnit
from furka.tree.grants import Grant
from furka.tree.models import Kind, Node
from furka.tunnel.models import Counter, Hub, Profile
from furka.vault import fingerprint
from furka.world.ground import Ground, write
from furka.world.levels import Levels
from furka.world.persons import Persons

#: So many of a hundred people who hold something have a device of theirs connected.
_WITH_PROFILE = 0.3


#: So many units are compiled together.
_UNITS = 1_000

_NAMES = ("Laptop", "Telefon", "Servicekoffer")


def make_hubs(ground: Ground) -> tuple[Hub, Hub]:
    """One hub that works, and one that has fallen silent."""
    return _hub(ground, "sample-hub-1", 0), _hub(ground, "sample-hub-2", 3)


def _hub(ground: Ground, name: str, silent_for: int) -> Hub:
    counter, _ = Counter.objects.get_or_create(name="hubs")
    counter.last += 1
    counter.save(update_fields=["last"])
    return Hub.objects.create(
        key=ground.draw.key(),
        name=f"{name}-{ground.seed}",
        token_hash=fingerprint(ground.draw.secret()),
        number=counter.last,
        public_key=ground.draw.wireguard_key(),
        endpoint="hub.example.org:51820",
        back_end="wireguard",
        version="1.0",
        seen_at=ground.at - timedelta(hours=silent_for),
        created_at=ground.at - timedelta(days=900),
    )


def make_profiles(ground: Ground, held: dict[int, list[Grant]], persons: Persons, hub: Hub) -> list[Profile]:
    """Devices of people who hold something."""
    ground.tell("devices of people")
    draw = ground.draw
    counter, _ = Counter.objects.get_or_create(name="profiles")
    rows = []
    for person_id, grants in held.items():
        wide = any(grant.node.kind == Kind.RESELLER for grant in grants)
        if person_id != persons.supporter.pk and not draw.happens(0.02 if wide else _WITH_PROFILE):
            continue
        for name in _NAMES[: draw.few(0.4, len(_NAMES))]:
            counter.last += 1
            rows.append(
                Profile(
                    key=draw.key(),
                    person_id=person_id,
                    hub=hub,
                    name=name,
                    public_key=draw.wireguard_key(),
                    number=counter.last,
                    created_at=draw.before(ground.at, timedelta(days=300)),
                    online=draw.happens(0.1),
                    seen_at=draw.before(ground.at, timedelta(days=30)) if draw.happens(0.7) else None,
                )
            )
    counter.save(update_fields=["last"])
    return write(rows)


def make_plan(
    ground: Ground, levels: Levels, served: set[int], held: dict[int, list[Grant]], profiles: list[Profile]
) -> None:
    """Compile and store the plan of the hubs, as it is compiled everywhere else."""
    units: list[Unit] = [SiteUnit(site_id) for site_id in sorted(served)]
    units += [NamesUnit(site_id) for site_id in sorted(served)]
    units += [ProfileUnit(profile.pk) for profile in profiles]
    sites = _sites_below([site for site in levels.sites if site.pk in served])
    for person_id in sorted({profile.person_id for profile in profiles}):
        nodes = {grant.node_id for grant in held[person_id]}
        units += [
            VisitUnit(site, person_id) for site in sorted({each for node in nodes for each in sites[node]})
        ]
    ground.tell(f"the plan: {len(units)} parts")
    for start in range(0, len(units), _UNITS):
        bring_up_to_date(units[start : start + _UNITS], ground.at)


def _sites_below(sites: list[Node]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for site in sites:
        for level in filter(None, (site.pk, site.customer_id, site.reseller_id)):
            found[level].append(site.pk)
    return found
