"""What the worker does to stored plans: ended doors go, what is wrong is mended and told, old traces are dropped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from furka.dispatch import answer, upkeep
from furka.dispatch.models import PlanEntry
from furka.dispatch.upkeep import check_all, forget_ended, forget_traces
from furka.journal.models import Event
from furka.live.models import News
from furka.sites import operations as sites
from furka.sites.models import Gateway
from furka.tree.operation import program
from furka.tunnel.models import Profile
from tests.world import NOW, TONIGHT, World, by

AT = program("worker", NOW)


def stored(world: World, **chosen: Any) -> list[str]:
    return list(PlanEntry.objects.filter(hub=world.hub, gone=False, **chosen).values_list("key", flat=True))


def test_doors_go_when_their_time_is_over_and_not_before(world: World) -> None:
    forget_ended(AT)  # Ernst's
    [door] = stored(world, person_id=world.sonja.pk)

    assert forget_ended(program("worker", TONIGHT - timedelta(microseconds=1))) == 0
    assert stored(world, person_id=world.sonja.pk) == [door]
    since = answer.plan_since(world.hub, 0, NOW).revision
    assert forget_ended(program("worker", TONIGHT)) == 1
    assert stored(world, person_id=world.sonja.pk) == []
    assert answer.plan_since(world.hub, since, TONIGHT).gone == (door,)


def test_plan_that_is_right_is_left_alone(world: World) -> None:
    forget_ended(AT)
    before, events = answer.plan_since(world.hub, 0, NOW), Event.objects.count()

    assert check_all(AT) == 0

    assert answer.plan_since(world.hub, 0, NOW) == before
    assert Event.objects.count() == events


@pytest.mark.parametrize("kind", ["peer/profile", "peer/gateway", "prefix", "door"])
@pytest.mark.parametrize("fault", ["missing", "marked as gone", "other"])
def test_whatever_is_wrong_with_a_plan_is_mended_and_told(world: World, kind: str, fault: str) -> None:
    forget_ended(AT)
    before = answer.plan_since(world.hub, 0, NOW)
    row = PlanEntry.objects.filter(hub=world.hub, gone=False, key__startswith=kind).order_by("key")[0]
    match fault:
        case "missing":
            row.delete()
        case "marked as gone":
            PlanEntry.objects.filter(pk=row.pk).update(gone=True)
        case _:
            other = {"address": "100.72.9.9"} if kind != "prefix" else {"site": 99}
            PlanEntry.objects.filter(pk=row.pk).update(body={**row.body, **other})

    assert check_all(AT) == 1

    after = answer.plan_since(world.hub, before.revision, NOW)
    assert [entry.key for entry in after.entries] == [row.key]
    assert sorted(answer.plan_since(world.hub, 0, NOW).entries, key=lambda entry: entry.key) == sorted(
        before.entries, key=lambda entry: entry.key
    )
    assert Event.objects.order_by("id").values_list("action", flat=True).last() == "plan.mended"
    assert News.objects.filter(topic=world.hub.topic, what="plan").order_by("id").last() is not None


@pytest.mark.parametrize("kind", ["profile", "site", "door"])
def test_what_should_have_gone_is_taken_out(world: World, kind: str) -> None:
    """Rows that changed behind the back of all operations, as after a fault in one of them."""
    forget_ended(AT)
    match kind:
        case "profile":
            Profile.objects.filter(person=world.sonja).update(revoked_at=NOW)
            gone = {"peer", "door"}
        case "site":
            Gateway.objects.everything("a test").filter(node=world.ours.school).update(released_at=NOW)
            gone = {"peer", "prefix", "door", "names"}
        case _:
            Profile.objects.filter(person=world.sonja).delete()
            gone = {"peer", "door"}
    before = set(stored(world))

    assert check_all(AT) == 1

    assert {key.split("/")[0] for key in before - set(stored(world))} == gone
    assert check_all(AT) == 0


def test_old_traces_are_dropped_and_who_is_behind_gets_everything_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "TRACES_KEPT", 2)
    forget_ended(AT)
    behind = answer.plan_since(world.hub, 0, NOW).revision
    for number in range(4):
        network = sites.add_network(by(world.rita), world.ours.school, f"172.16.{number}.0/24")
        sites.remove_network(by(world.rita), network)
    newest = answer.plan_since(world.hub, behind, NOW)
    assert (newest.complete, len(newest.gone)) == (False, 4)
    assert forget_traces() >= 3

    late, recent = (answer.plan_since(world.hub, since, NOW) for since in (behind, newest.revision - 2))

    assert (late.complete, late.gone) == (True, ())
    assert (recent.complete, len(recent.gone)) == (False, 1)
