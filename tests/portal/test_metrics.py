"""Numbers for machines: with the token of the installation, without a tenant's name; and a number for each request."""

from __future__ import annotations

import json
import logging
import re

import pytest
from django.test import Client
from pytest_django import Settings

from furka.clock import FakeClock
from furka.gate.request_id import AsJson, WithRequestId
from furka.probes.found import Level
from furka.status.kinds import Kind
from tests.status.measured import a_look, measure
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
TOKEN = "a-token-that-nobody-guesses"


def read(client: Client, token: str = TOKEN) -> str:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_numbers_are_there_for_whoever_shows_the_token_alone(
    world: World, client: Client, settings: Settings, fake_clock: FakeClock
) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    measure(a_look(Kind.HUB, Level.BAD, world.hub), a_look(Kind.PORTAL, ms=250), at=NOW, times=3)
    text = read(client)
    assert f'furka_part_state{{part="hub-{world.hub.key}",kind="hub",hub="hub-1"}} 2' in text
    assert 'furka_part_response_seconds{part="portal",kind="portal",hub=""} 0.25' in text
    assert "furka_incidents_open 1" in text
    assert 'furka_gateways{hub="hub-1",state="offline"} 4' in text
    assert not re.search("Muster|Nachbar|@", text)


def test_every_line_is_one_that_prometheus_reads(
    world: World, client: Client, settings: Settings, fake_clock: FakeClock
) -> None:
    settings.METRICS_TOKEN = TOKEN
    measure(a_look(Kind.PORTAL), at=NOW)
    line = re.compile(r"# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+=\"[^\"]*\",?)*\})? -?[0-9.e+-]+")
    assert [each for each in read(client).splitlines() if not line.fullmatch(each)] == []


def test_whoever_guesses_the_token_has_to_wait(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    statuses = {client.get("/metrics", headers={"Authorization": "Bearer x"}).status_code for _ in range(25)}
    assert statuses == {401, 429}


def test_each_answer_bears_a_number_and_whoever_asks_may_bring_it(client: Client) -> None:
    assert re.fullmatch("[0-9a-f]{16}", client.get("/health/live").headers["X-Request-Id"])
    for given, kept in (("hub-1234-abcd", True), ("short", False), ("a b\nc" * 4, False), ("x" * 65, False)):
        answer = client.get("/health/live", headers={"X-Request-Id": given})
        assert (answer.headers["X-Request-Id"] == given) == kept


def test_a_line_of_the_log_can_be_read_by_programs() -> None:
    record = logging.LogRecord("furka", logging.INFO, __file__, 1, "%s came", ("Rita",), None)
    WithRequestId().filter(record)
    read_back = json.loads(AsJson().format(record))
    assert (read_back["message"], read_back["request_id"], read_back["level"]) == ("Rita came", "-", "INFO")
