"""Where levels stood and what they were called, at any moment."""

from __future__ import annotations

from datetime import timedelta

from furka.tree import operations
from furka.tree.placements import placement_at, placements_of
from tests.world import NOW, YESTERDAY, World, by

HOUR = timedelta(hours=1)


def test_place_and_name_are_known_for_every_moment(world: World) -> None:
    school = world.ours.school
    operations.rename(by(world.rita), school, "Primarschule")
    operations.rename(by(world.rita, NOW + HOUR), school, "Sekundarschule")

    told = [(row.name, row.begun_at, row.ended_at) for row in placements_of(school.pk)]
    assert told == [
        ("Schulhaus Muster", YESTERDAY, NOW),
        ("Primarschule", NOW, NOW + HOUR),
        ("Sekundarschule", NOW + HOUR, None),
    ]
    asked = {
        moment: placement_at(school.pk, moment) for moment in (YESTERDAY - HOUR, YESTERDAY, NOW, NOW + HOUR)
    }
    assert [row.name if row else None for row in asked.values()] == [
        None,
        "Schulhaus Muster",
        "Primarschule",
        "Sekundarschule",
    ]
    place = asked[NOW]
    assert place is not None
    assert (place.parent_id, place.reseller_id, place.customer_id) == (
        world.ours.customer.pk,
        world.ours.reseller.pk,
        world.ours.customer.pk,
    )


def test_what_changes_twice_at_one_moment_never_held_in_between(world: World) -> None:
    school = world.ours.school
    operations.rename(by(world.rita), school, "Zwischenname")
    operations.rename(by(world.rita), school, "Primarschule")

    assert [row.name for row in placements_of(school.pk)] == ["Schulhaus Muster", "Primarschule"]
