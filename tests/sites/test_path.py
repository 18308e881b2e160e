"""Which way a gateway's tunnel takes: whoever looks is told, and the journal hears of it, but not of every flicker."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from furka.dispatch import answer, hubs
from furka.journal.models import Event
from furka.relay import tickets
from furka.sites.models import Gateway
from furka.sites.operations import TELL_PATH_EVERY, take_gateway_report
from furka.tree.operation import program
from furka.tunnel.models import Hub
from furka.wire.gateway import GatewayReport
from furka.wire.hub import HubHello, OfferedRelay
from tests.world import NOW, World

pytestmark = pytest.mark.usefixtures("fake_clock")


def gateway(world: World) -> Gateway:
    return Gateway.objects.everything("test").get(node=world.ours.school, released_at=None)


def report(world: World, path: str, at: datetime = NOW) -> None:
    said = GatewayReport(version="1", applied_etag="1", back_end="kernel", path=path, path_since=at)
    take_gateway_report(program("gateway", at), gateway(world), said)


def told(world: World) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    events = Event.objects.filter(node_key=world.ours.school.key, action="gateway.path-changed")
    return list(events.order_by("pk").values_list("before", "after"))


def test_page_api_and_journal_say_which_way_is_in_use(client: Client, world: World) -> None:
    client.force_login(world.rita)
    Gateway.objects.everything("test").filter(pk=gateway(world).pk).update(online=True)
    for path, said in (
        ("udp", "UDP, direkt"),
        ("tls", "TLS über TCP-Port 443"),
        ("tls-proxy", "TLS über TCP-Port 443, durch einen HTTP-Proxy"),
    ):
        report(world, path, NOW + timedelta(hours=len(path)))
        page = client.get(f"/levels/{world.ours.school.key}/").content.decode()
        assert f"<dt>Weg des Tunnels</dt> <dd>{said} <" in " ".join(page.split()).replace(
            "</dt><dd>", "</dt> <dd>"
        )
        shown = client.get(f"/api/v1/sites/{world.ours.school.key}/state").json()["gateway"]
        assert shown["path"] == path
        assert shown["path_since"] is not None
    assert told(world) == [({"path": "udp"}, {"path": "tls"}), ({"path": "tls"}, {"path": "tls-proxy"})]
    events = client.get(f"/levels/{world.ours.school.key}/events/").content.decode()
    assert "Der Tunnel nimmt einen anderen Weg" in events


def test_a_line_that_comes_and_goes_does_not_fill_the_journal(world: World) -> None:
    at = NOW
    for number in range(40):
        at += TELL_PATH_EVERY / 10
        report(world, "tls" if number % 2 else "udp", at)
    assert 3 <= len(told(world)) <= 5
    report(world, "carrier pigeon", at)
    report(world, "", at)
    assert gateway(world).path == "tls"


def test_a_gateway_hears_of_the_relay_of_its_hub_with_a_ticket_that_counts_there(world: World) -> None:
    hub = Hub.objects.get(pk=world.hub.pk)
    before = answer.gateway_settings(gateway(world), NOW)
    assert before.relay is None
    hello = HubHello(
        version="1",
        public_key=hub.public_key,
        endpoint=hub.endpoint,
        back_end="kernel",
        relay=OfferedRelay(endpoint="hub.example.org:443", certificate="PEM"),
        pages=hub.pages,
    )
    hubs.say_hello(program("hub", NOW), hub, hello)
    settings = answer.gateway_settings(gateway(world), NOW)
    assert settings.relay is not None
    assert (settings.relay.endpoint, settings.relay.certificate) == ("hub.example.org:443", "PEM")
    assert settings.etag != before.etag
    welcome = answer.welcome(hub, NOW)
    ticket = tickets.read(settings.relay.ticket, welcome.ticket_keys, welcome.key, NOW + timedelta(days=6))
    assert ticket.gateway == gateway(world).public_key

    later = answer.gateway_settings(gateway(world), NOW + timedelta(days=3))
    assert later.relay is not None
    assert later.relay.ticket != settings.relay.ticket
    assert later.etag == settings.etag, "a new ticket wakes nobody"

    hubs.say_hello(program("hub", NOW), hub, hello.model_copy(update={"relay": None}))
    assert answer.gateway_settings(gateway(world), NOW).relay is None
