"""Connection tests: who may have one made, what the hub is asked and believed, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pydantic import ValidationError

from furka.access.narrowing import Narrowing, PortNumber
from furka.catalogue.operations import configure
from furka.clock import FakeClock
from furka.dispatch import hubs
from furka.errors import Conflict, NotThere, Refused
from furka.journal.models import Event
from furka.live.models import News
from furka.people.models import Person
from furka.services.connect.trying import may_try, try_out
from furka.services.connect.why import Question, asked
from furka.sites.models import Gateway
from furka.sites.operations import remove_network
from furka.sites.queries import devices_of, networks_of
from furka.tree.granting import Terms
from furka.tree.operation import program
from furka.trials.models import LASTS, Trial
from furka.trials.operations import KEPT, MOST_OF_PERSON, forget_old, hand_out
from furka.trials.queries import is_waiting, own_trial
from furka.wire import PREFIX
from furka.wire.hub import HubReport, PlanAnswer, TrialDone
from tests.api.caller import as_person
from tests.world import NOW, World, a_hub, by, let_in, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_clock")]

WEB = PortNumber("tcp", 80)


def about(world: World, asker: Person, whom: Person | None = None, port: PortNumber | None = WEB) -> Question:
    device = devices_of(by(world.rita), world.ours.school)[0].device
    return asked(by(asker), world.ours.school, (whom or asker).key, device.key, "", port)


def tried(world: World, asker: Person, whom: Person | None = None) -> Trial:
    return try_out(by(asker), world.ours.school, about(world, asker, whom))


def report(world: World, done: TrialDone, at_seconds: float = 2) -> None:
    at = NOW + timedelta(seconds=at_seconds)
    hubs.take_report(program("hub", at), world.hub, HubReport(applied_revision=1, trials=(done,)))


def test_the_hub_is_asked_once_and_its_answer_is_shown(world: World) -> None:
    row = tried(world, world.rita, world.sonja)
    assert (row.state_at(NOW), is_waiting(world.hub)) == ("waiting", True)
    [told] = hand_out(program("hub", NOW), world.hub)
    assert (told.name, str(told.device), told.port.number, len(told.ends)) == (
        row.key,
        str(devices_of(by(world.rita), world.ours.school)[0].reached_at),
        80,
        1,
    )
    assert not is_waiting(world.hub)
    assert hand_out(program("hub", NOW), world.hub) == ()

    report(
        world,
        TrialDone(
            name=row.key, doors=(90.0,), tunnel=True, handshake_seconds=5, reply="answers", milliseconds=12
        ),
    )

    found = own_trial(by(world.rita), row.key)
    assert found is not None
    assert (found.door, found.tunnel, found.reply, found.milliseconds) == (True, True, "answers", 12)
    assert found.door_until == NOW + timedelta(seconds=92)
    told_of = [event.action for event in Event.objects.filter(action__startswith="trial.").order_by("id")]
    assert told_of == ["trial.asked", "trial.done"]
    assert News.objects.filter(topic=f"node:{world.ours.school.pk}", what="trial.done").exists()
    assert own_trial(by(world.sonja), row.key) is None  # of whoever asked alone


@pytest.mark.parametrize(("doors", "door"), [(None, None), ((), False), ((None,), True), ((5.0, None), True)])
def test_doors_are_open_closed_or_unknown(world: World, doors: Any, door: bool | None) -> None:
    row = tried(world, world.rita, world.sonja)
    hand_out(program("hub", NOW), world.hub)
    report(world, TrialDone(name=row.key, doors=doors, reply="silent"))
    row.refresh_from_db()
    assert (row.door, row.door_until) == (door, None)


def test_only_who_reaches_the_device_themselves_may_have_it_tried(world: World) -> None:
    assert may_try(by(world.sonja), about(world, world.sonja))
    assert tried(world, world.sonja).person == world.sonja
    with pytest.raises(Refused):  # looking is not enough
        tried(world, world.max)
    lina, key = person("Lina"), devices_of(by(world.rita), world.ours.school)[0].device.key
    part = Narrowing(devices=frozenset({key}), ports=frozenset({PortNumber("tcp", 443)}))
    let_in(world.ours.school, lina, Terms(role="supporter", narrowing=part), world.rita)
    assert not may_try(by(lina), about(world, lina))
    with pytest.raises(Refused) as refused:
        tried(world, lina)
    assert refused.value.code == "narrowed"
    with pytest.raises(NotThere):
        try_out(by(world.nora), world.ours.school, about(world, world.rita))
    assert Trial.objects.everything("test").count() == 1


def test_nothing_is_sent_where_remote_access_is_off(world: World) -> None:
    question = about(world, world.rita)
    here = Gateway.objects.everything("test").filter(node=world.ours.school)

    def refused() -> str:
        with pytest.raises(Conflict) as error:
            try_out(by(world.rita), world.ours.school, question)
        return error.value.code

    configure(by(world.rita), world.ours.school, "connect", {"enabled": False})
    assert refused() == "service-off"
    configure(by(world.rita), world.ours.school, "connect", {"enabled": True})
    here.update(cut_by="network")
    assert refused() == "cut-at-the-plant"
    here.update(cut_by="", released_at=NOW)
    assert refused() == "no-gateway"
    here.update(released_at=None)
    remove_network(by(world.rita), networks_of(by(world.rita), world.ours.school)[0])
    question = about(world, world.rita)
    assert refused() == "in-no-network"


def test_tests_are_few_in_a_minute(world: World) -> None:
    for _ in range(MOST_OF_PERSON):
        tried(world, world.sonja)
    with pytest.raises(Conflict) as refused:
        tried(world, world.sonja)
    assert refused.value.code == "too-many-trials"
    later = by(world.sonja, NOW + timedelta(seconds=61))
    assert try_out(later, world.ours.school, about(world, world.sonja)).key


def test_a_hub_that_does_not_answer_in_time_is_not_believed_any_more(world: World) -> None:
    row = tried(world, world.sonja)
    late = NOW + LASTS + timedelta(seconds=1)
    assert row.state_at(late) == "lapsed"
    assert hand_out(program("hub", late), world.hub) == ()
    assert not is_waiting(world.hub)
    report(world, TrialDone(name=row.key, reply="answers"), at_seconds=120)
    row.refresh_from_db()
    assert row.done_at is None
    assert forget_old(NOW + KEPT + timedelta(seconds=1)) == 1


def test_a_hub_is_believed_about_its_own_tests_once(world: World) -> None:
    row, other = tried(world, world.sonja), a_hub("hub-2")
    forged = TrialDone(name=row.key, doors=(None,), tunnel=True, reply="answers")
    assert hand_out(program("hub", NOW), other) == ()
    report(world, forged)  # before it was asked
    row.refresh_from_db()
    assert row.done_at is None
    hand_out(program("hub", NOW), world.hub)
    hubs.take_report(program("hub", NOW), other, HubReport(applied_revision=1, trials=(forged,)))
    row.refresh_from_db()
    assert row.done_at is None
    report(world, TrialDone(name=row.key, doors=(), tunnel=False, reply="silent"))
    report(world, forged)
    row.refresh_from_db()
    assert (row.door, row.tunnel, row.reply) == (False, False, "silent")
    assert Event.objects.filter(action="trial.done").count() == 1
    report(world, TrialDone(name="0" * 12, reply="answers"))  # of nothing that there is


@pytest.mark.parametrize(
    "wrong", [{"reply": "<b>"}, {"milliseconds": -1}, {"doors": [-1.0]}, {"name": "x"}, {"doors": [0.0] * 21}]
)
def test_what_a_hub_says_has_bounds(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TrialDone.model_validate({"name": "0" * 12, **wrong})


def test_the_question_of_a_hub_is_answered_at_once_and_old_hubs_are_not_troubled(world: World) -> None:
    token = hubs.enrol(program("test", NOW), world.hub.name).token
    row = tried(world, world.sonja)
    client = Client(headers={"Authorization": f"Bearer {token}"})
    world.hub.refresh_from_db()
    path = f"{PREFIX}/hub/plan?since={world.hub.revision}&wait=0"
    answered = PlanAnswer.model_validate_json(client.get(path).content)
    assert [each.name for each in answered.trials] == [row.key]
    again = PlanAnswer.model_validate_json(client.get(path.replace("wait=0", "wait=0")).content)
    assert again.trials == ()


def test_page_and_api_do_the_same(world: World, client: Client, fake_clock: FakeClock) -> None:
    device = devices_of(by(world.rita), world.ours.school)[0].device
    path = f"/levels/{world.ours.school.key}/services/connect/why/"
    client.force_login(world.sonja)
    given = {"person": world.sonja.key, "device": device.key, "protocol": "tcp", "port": "80"}
    answered = client.post(f"{path}try/", given)
    assert answered.status_code == 302
    page = client.get(answered.headers["Location"])
    assert page.context["trial_state"] == "waiting"
    api, site = as_person(world.sonja), f"/sites/{world.ours.school.key}/connect/trials"
    made = api.post(site, {"device": device.key, "port": "tcp/80"})
    assert made.status == 201
    [*_, told] = hand_out(program("hub", NOW), world.hub)
    report(world, TrialDone(name=told.name, doors=(None,), tunnel=True, reply="refuses", milliseconds=3))
    read = api.get(f"/trials/{made.body['key']}").body
    assert (read["state"], read["reply"], read["door_open"]) == ("done", "refuses", True)
    assert as_person(world.rita).get(f"/trials/{made.body['key']}").status == 404
    assert as_person(world.max).post(site, {"device": device.key, "port": "tcp/80"}).status == 403
    client.force_login(world.max)
    assert client.post(f"{path}try/", given).status_code == 403
