"""Pages on which somebody asks for more time, and on which they are answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from furka.clock import FakeClock
from furka.people.models import Person
from furka.tree import queries
from furka.tree.extensions import waiting_requests
from tests.world import TONIGHT, World, by

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def read(client: Client, someone: Person, address: str) -> str:
    client.force_login(someone)
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def post(client: Client, someone: Person, address: str, data: dict[str, Any]) -> HttpResponse:
    client.force_login(someone)
    return client.post(address, data, headers={"accept-language": "en"})  # type: ignore[return-value]


def ask_url(world: World) -> str:
    views = queries.grants_on(by(world.rita), world.ours.school)
    key = next(view.key for view in views if view.name == "Sonja")
    return f"/access/granted/{key}/extension/"


def test_asked_on_a_page_seen_in_list_and_overview_and_answered(world: World, client: Client) -> None:
    assert ask_url(world) in read(client, world.sonja, "/access/granted/")
    data = {"wish": "4h", "reason": "Ersatzteil fehlt"}
    assert post(client, world.sonja, ask_url(world), data).status_code == 302
    assert "waits for an answer" in read(client, world.sonja, ask_url(world))

    [asked] = waiting_requests(by(world.rita), world.ours.school, 9)
    address = f"/levels/{world.ours.school.key}/people/extensions/{asked.key}/"
    assert address in read(client, world.rita, f"/levels/{world.ours.school.key}/people/")
    assert address in read(client, world.rita, f"/levels/{world.ours.reseller.key}/")
    assert "Ersatzteil fehlt" in read(client, world.rita, address)

    assert post(client, world.rita, address, {"decision": "wish"}).status_code == 302
    [view] = queries.grants_of(by(world.sonja))
    assert view.valid_until == TONIGHT + timedelta(hours=4)
    assert "granted" in read(client, world.sonja, ask_url(world))
    assert "granted" in read(client, world.rita, address)


def test_answered_shorter_or_declined(world: World, client: Client) -> None:
    post(client, world.sonja, ask_url(world), {"wish": "1w", "reason": "Grund"})
    [asked] = waiting_requests(by(world.rita), world.ours.school, 9)
    address = f"/levels/{world.ours.school.key}/people/extensions/{asked.key}/"
    wrong = post(client, world.rita, address, {"decision": "other", "valid_until": "2026-11-24T10:00"})
    assert (wrong.status_code, 'id="id_valid_until_errors"' in wrong.content.decode()) == (422, True)
    post(client, world.rita, address, {"decision": "other", "valid_until": "2026-11-24T19:00"})
    assert queries.grants_of(by(world.sonja))[0].valid_until == TONIGHT + timedelta(hours=1)

    post(
        client,
        world.sonja,
        ask_url(world),
        {"wish": "moment", "valid_until": "2026-11-26T10:00", "reason": "Grund"},
    )
    [asked] = waiting_requests(by(world.rita), world.ours.school, 9)
    address = f"/levels/{world.ours.school.key}/people/extensions/{asked.key}/"
    post(client, world.rita, address, {"decision": "decline", "answer": "Reicht"})
    assert "Reicht" in read(client, world.sonja, ask_url(world))


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"wish": "4h"}, "reason"),
        ({"wish": "9y", "reason": "x"}, "wish"),
        ({"wish": "moment", "reason": "x"}, "valid_until"),
        ({"wish": "moment", "valid_until": "2026-11-24T10:00", "reason": "x"}, "valid_until"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    world: World, client: Client, data: dict[str, str], field: str
) -> None:
    answer = post(client, world.sonja, ask_url(world), data)
    assert (answer.status_code, f'id="id_{field}_errors"' in answer.content.decode()) == (422, True)


def test_nobody_else_sees_or_answers_it(world: World, client: Client) -> None:
    for someone in (world.max, world.rita, world.nora):
        client.force_login(someone)
        assert client.get(ask_url(world)).status_code == 404
    post(client, world.sonja, ask_url(world), {"wish": "4h", "reason": "x"})
    [asked] = waiting_requests(by(world.rita), world.ours.school, 9)
    for someone, node, status in (
        (world.sonja, world.ours.school, 403),
        (world.nora, world.ours.school, 404),
        (world.rita, world.ours.depot, 404),
    ):
        client.force_login(someone)
        assert client.get(f"/levels/{node.key}/people/extensions/{asked.key}/").status_code == status
    assert post(client, world.max, f"/access/extensions/{asked.key}/withdraw/", {}).status_code == 404
    assert post(client, world.sonja, f"/access/extensions/{asked.key}/withdraw/", {}).status_code == 302


def test_whose_access_has_ended_is_told_so(world: World, client: Client, fake_clock: FakeClock) -> None:
    address = ask_url(world)
    fake_clock.advance(timedelta(hours=4))
    for answer in (post(client, world.sonja, address, {}), client.get(address)):
        assert answer.status_code == 410
