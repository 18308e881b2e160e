"""Somebody at the plant has cut remote access: whoever looks is told, and it stands in the journal."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from furka.journal.models import Event
from furka.sites.models import Gateway
from furka.sites.operations import take_gateway_report
from furka.tree.operation import program
from furka.wire.gateway import CutBy, GatewayReport
from tests.world import NOW, World

pytestmark = pytest.mark.usefixtures("fake_clock")


def report(world: World, cut_by: CutBy | None) -> None:
    gateway = Gateway.objects.everything("test").get(node=world.ours.school, released_at=None)
    said = GatewayReport(version="1", applied_etag="1", back_end="kernel", cut_by=cut_by)
    take_gateway_report(program("gateway", NOW), gateway, said)


def state(client: Client, world: World) -> Any:
    return client.get(f"/api/v1/sites/{world.ours.school.key}/state").json()["state"]


def test_page_and_api_say_that_access_is_cut_and_when_it_is_allowed_again(
    client: Client, world: World
) -> None:
    client.force_login(world.rita)
    said = "Jemand an der Anlage hat den Fernzugriff gesperrt"
    report(world, "input")
    assert said in client.get(f"/levels/{world.ours.school.key}/").content.decode()
    assert state(client, world)["cut_by"] == "input"
    report(world, "input")
    report(world, None)
    assert said not in client.get(f"/levels/{world.ours.school.key}/").content.decode()
    assert state(client, world)["cut_by"] is None
    events = Event.objects.filter(
        node_key=world.ours.school.key, action__in=["gateway.cut", "gateway.restored"]
    )
    told = list(events.order_by("pk").values_list("action", "after"))
    assert told == [("gateway.cut", {"cut_by": "input"}), ("gateway.restored", {})]
