"""Questions that are held until there is news: answered at the commit, not before, and never for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import AsyncClient

from furka.dispatch import hubs
from furka.live.listen import Listener
from furka.sites import operations as sites
from furka.sites import queries
from furka.tree import granting
from furka.tree.granting import Terms
from furka.tree.operation import program
from furka.tree.queries import grant_of_key
from furka.uplink import views
from furka.wire import PREFIX
from furka.wire.gateway import GatewaySettings
from furka.wire.hub import HubHello, PlanAnswer
from tests.waiting import become, meanwhile, own_listener, run
from tests.world import NOW, World, a_world, by, let_in, public_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_clock")]

#: What happens at once may take that long on a busy machine, in seconds; far less than anybody waits.
AT_ONCE = 4.0


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    with own_listener(monkeypatch) as own:
        yield own


@dataclass
class Answer:
    """What was answered, and how long after the change."""

    status: int
    content: bytes
    after: float


def ask(listener: Listener, path: str, token: str, change: Callable[[], object] | None) -> Answer:
    """Ask something that is held, and change something meanwhile."""

    async def scene() -> Answer:
        loop = asyncio.get_running_loop()
        client = AsyncClient()
        asking = asyncio.create_task(client.get(PREFIX + path, headers={"Authorization": f"Bearer {token}"}))
        begin = loop.time()
        if change is not None:
            await become(lambda: bool(listener._waiting))
            await asyncio.sleep(0.2)  # the answer has every chance to come too early
            assert not asking.done()
            begin = loop.time()
            await meanwhile(change)
        answer: Any = await asking
        return Answer(answer.status_code, answer.content, loop.time() - begin)

    return run(scene())


def enrolled(world: World) -> str:
    return hubs.enrol(program("test", NOW), world.hub.name).token


def claimed(world: World) -> sites.Claimed:
    """The gateway of the school, claimed anew."""
    sites.release_gateway(by(world.rita), world.ours.school)
    code = sites.issue_claim_code(by(world.rita), world.ours.school)
    return sites.claim_gateway(program("test", NOW), code, public_key(), "box", "1")


def test_hub_hears_of_a_revoked_access_at_once(listener: Listener) -> None:
    world = a_world()
    key = let_in(world.ours.school, world.nora, Terms(role="supporter"), world.rita)
    token = enrolled(world)
    since = PlanAnswer.model_validate_json(ask(listener, "/hub/plan?since=0", token, None).content).revision

    def revoke() -> None:
        grant = grant_of_key(by(world.rita), world.ours.school, key)
        assert grant is not None
        granting.revoke(by(world.rita, NOW + timedelta(seconds=1)), grant)

    answer = ask(listener, f"/hub/plan?since={since}&wait=15", token, revoke)

    told = PlanAnswer.model_validate_json(answer.content)
    assert answer.after < AT_ONCE
    assert (told.revision, told.complete, told.entries) == (since + 1, False, ())
    assert [name.split("/")[2] for name in told.gone] == [world.ours.school.key]


def test_question_without_news_is_answered_in_the_end(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world()
    token = enrolled(world)
    since = PlanAnswer.model_validate_json(ask(listener, "/hub/plan", token, None).content).revision
    monkeypatch.setattr(views, "LONGEST_WAIT", 1)

    answer = ask(listener, f"/hub/plan?since={since}&wait=99999", token, None)

    told = PlanAnswer.model_validate_json(answer.content)
    assert 0.9 < answer.after < 1 + AT_ONCE
    assert (told.revision, told.entries, told.gone) == (since, (), ())


def test_hub_whose_token_was_replaced_meanwhile_is_turned_away(listener: Listener) -> None:
    world = a_world()
    token = enrolled(world)
    since = PlanAnswer.model_validate_json(ask(listener, "/hub/plan", token, None).content).revision

    def replace_and_change() -> None:
        enrolled(world)
        sites.add_network(by(world.rita), world.ours.school, "192.168.9.0/24")

    answer = ask(listener, f"/hub/plan?since={since}&wait=15", token, replace_and_change)

    assert answer.status == 401
    assert answer.after < AT_ONCE


@pytest.mark.parametrize("what", ["network", "release", "hub"])
def test_gateway_hears_of_what_concerns_it_at_once(listener: Listener, what: str) -> None:
    world = a_world()
    gateway = claimed(world)
    first = GatewaySettings.model_validate_json(
        ask(listener, "/gateway/settings", gateway.token, None).content
    )
    moved = HubHello(version="1", public_key=public_key(), endpoint="new.example.org:1", back_end="kernel")
    changes: dict[str, Callable[[], object]] = {
        "network": lambda: sites.add_network(by(world.rita), world.ours.school, "192.168.9.0/24"),
        "release": lambda: sites.release_gateway(by(world.rita), world.ours.school),
        "hub": lambda: hubs.say_hello(program("test", NOW), world.hub, moved),
    }

    answer = ask(listener, f"/gateway/settings?seen={first.etag}&wait=15", gateway.token, changes[what])

    told = GatewaySettings.model_validate_json(answer.content)
    assert answer.after < AT_ONCE
    assert told.etag != first.etag
    assert told.released == (what == "release")
    assert len(told.networks) == {"network": 2, "release": 0, "hub": 1}[what]
    endpoint = told.hub.endpoint if told.hub else None
    assert endpoint == {"network": "hub.example.org:51820", "release": None, "hub": "new.example.org:1"}[what]


def test_gateway_is_not_woken_by_the_neighbours(listener: Listener) -> None:
    world = a_world()
    gateway = claimed(world)
    first = GatewaySettings.model_validate_json(
        ask(listener, "/gateway/settings", gateway.token, None).content
    )

    answer = ask(
        listener,
        f"/gateway/settings?seen={first.etag}&wait=1",
        gateway.token,
        lambda: sites.add_network(by(world.nora), world.theirs.school, "192.168.9.0/24"),
    )

    assert GatewaySettings.model_validate_json(answer.content).etag == first.etag
    assert queries.gateway_of(by(world.rita), world.ours.school) == gateway.gateway
