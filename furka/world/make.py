"""Makes a world: writes rows directly, because an operation for each would take hours. A test shows that what comes
out is what operations would have left: intervals, plan, journal and all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from furka.finding.index import make
from furka.journal.chain import append
from furka.people.models import Person
from furka.tree.models import Kind, Node
from furka.tree.operation import program
from furka.tree.staff import open_operator_session
from furka.world.access import make_access
from furka.world.draw import Draw
from furka.world.ground import BATCH, Ground, refresh_statistics
from furka.world.levels import Levels, make_levels
from furka.world.noted import make_noted
from furka.world.persons import Persons, addresses, make_persons
from furka.world.plants import make_plants
from furka.world.size import Size
from furka.world.tunnels import make_hubs, make_plan, make_profiles


class NotEmpty(Exception):
    """There are levels already, and nobody said that this is meant."""


def make_world(
    size: Size, seed: int, at: datetime, password: str, say: Callable[[str], None], *, beside: bool = False
) -> Persons:
    """Fill the database with a world that is the same for the same seed, all of it or nothing.

    Into a database with levels only `beside` them. Returns the people.
    """
    ground = Ground(size, Draw(seed), at, seed, say)
    with transaction.atomic():
        _refuse_unwanted(seed, beside)
        hubs = make_hubs(ground)
        levels = make_levels(ground)
        persons = make_persons(ground, password)
        served = make_plants(ground, levels.sites, hubs)
        held = make_access(ground, levels, persons)
        profiles = make_profiles(ground, held, persons, hubs[0])
        make_noted(ground, levels, held)
        make_plan(ground, levels, served, held, profiles)
        ground.tell("what can be found")
        make(node.pk for node in (*levels.resellers, *levels.customers, *levels.sites))
        _write_journal(ground, levels, persons)
        open_operator_session(program("sample", at), persons.operator, "Beispieldaten")
    ground.tell("statistics of the database")
    refresh_statistics()
    ground.tell("done")
    return persons


def _refuse_unwanted(seed: int, beside: bool) -> None:
    levels = Node.objects.everything("a made-up world does not mix with a real one by mistake")
    if levels.exclude(kind=Kind.OPERATOR).exists() and not beside:
        raise NotEmpty("There are levels in this database already.")
    if Person.objects.filter(email=addresses(seed)[0]).exists():
        raise NotEmpty("The world of this seed is in this database already.")


def _write_journal(ground: Ground, levels: Levels, persons: Persons) -> None:
    for node in (*levels.resellers, *levels.customers, *levels.sites):
        parent = node.parent.key if node.parent else ""
        by = (persons.large.pk, str(persons.large))
        ground.happened(
            node, f"{node.kind}.created", node.created_at, {"name": node.name, "parent": parent}, by
        )
    ground.tell(f"the journal: {sum(map(len, ground.happenings.values()))} events")
    waiting = []
    for chain in ground.happenings.values():
        waiting += sorted(chain, key=lambda happening: happening.at)
        while len(waiting) >= BATCH:
            append(waiting[:BATCH])
            del waiting[:BATCH]
    append(waiting)
