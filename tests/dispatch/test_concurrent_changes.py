"""Changes that happen at the same time: the plan ends up as the rows say, and nobody waits for ever."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from furka.dispatch import upkeep
from furka.dispatch.models import PlanEntry
from furka.dispatch.settle import bring_up_to_date
from furka.dispatch.units import all_units
from furka.tree import granting, queries
from furka.tree.granting import Terms
from furka.tree.operation import Work, own_operation, program
from tests.together import none_failed, together
from tests.world import NOW, World, a_profile, a_world, by, let_in

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=1)


@own_operation("a test compiles everything anew")
def anew(work: Work) -> int:
    return len(bring_up_to_date(all_units(work.at), work.at))


def plan_is_what_the_rows_say() -> bool:
    upkeep.forget_ended(program("test", LATER))
    return anew(program("test", LATER)) == 0


def grant_named(world: World, key: str) -> Any:
    grant = queries.grant_of_key(by(world.rita), world.ours.school, key)
    assert grant is not None
    return grant


def test_one_grant_begins_while_another_of_the_same_person_is_revoked() -> None:
    world = a_world()
    a_profile(world.fremd)
    for _ in range(12):
        first = let_in(world.ours.school, world.fremd, Terms(role="supporter"), world.rita)
        grant = grant_named(world, first)
        offered = granting.invite(
            by(world.rita), world.ours.school, world.fremd.email, Terms(role="supporter")
        )
        secret = queries.invitation_secret(offered.series)
        assert secret is not None

        none_failed(
            together(
                [
                    partial(granting.revoke, by(world.rita, LATER), grant),
                    partial(granting.accept, by(world.fremd, LATER), secret),
                ]
            )
        )

        assert plan_is_what_the_rows_say()
        granting.revoke(by(world.rita, LATER), grant_named(world, offered.series))
    assert not PlanEntry.objects.filter(gone=False, person_id=world.fremd.pk).exists()
