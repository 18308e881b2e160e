"""Diagnoses: who may have one made, where it may go, what a gateway is asked and believed, how it is shown."""

from __future__ import annotations

import json
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from django.test import Client

from furka.access.narrowing import Narrowing, PortNumber
from furka.clock import FakeClock
from furka.diagnoses import operations, queries
from furka.diagnoses.models import Diagnosis
from furka.diagnoses.wishes import FIELDS, kinds_to_ask, probe_of
from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.live.models import News
from furka.people.models import Person
from furka.sites.models import Gateway
from furka.sites.operations import add_network
from furka.sites.queries import devices_of
from furka.tree.granting import Terms
from furka.tree.operation import program
from furka.wire import PREFIX
from furka.wire.gateway import GatewaySettings
from furka.wire.probes import SECONDS, Findings, Ping, Probe, Restart, TcpPort
from tests.api.caller import as_person
from tests.portal.pages import page, text_of, url
from tests.world import NOW, World, by, let_in, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_clock")]

DEVICE = IPv4Address("192.168.1.10")
PING = Ping(target=DEVICE)


def asked(world: World, who: Person | None = None, probe: Probe = PING) -> Diagnosis:
    return operations.ask_diagnosis(by(who or world.rita), world.ours.school, probe)


def box(world: World) -> Gateway:
    return Gateway.objects.everything("test").select_related("hub").get(node=world.ours.school)


def hand_out(world: World, seconds: float = 0) -> tuple[list[str], list[str]]:
    at = NOW + timedelta(seconds=seconds)
    tasks, stopped = operations.hand_out(program("gateway", at), box(world))
    return [task.name for task in tasks], list(stopped)


def told(world: World, row: Diagnosis, *found: dict[str, Any], seconds: float = 1, **more: Any) -> bool:
    report = Findings.model_validate({"name": row.key, "first": 0, "found": list(found), **more})
    return operations.take_findings(program("gateway", NOW + timedelta(seconds=seconds)), box(world), report)


def refusal(world: World, who: Person, probe: Probe) -> str:
    with pytest.raises(FurkaError) as error:
        asked(world, who, probe)
    return error.value.code


def test_it_is_handed_out_once_and_comes_back_piece_by_piece(world: World) -> None:
    row = asked(world)
    assert row.state_at(NOW) == "waiting"
    assert queries.is_due(box(world))
    assert hand_out(world) == ([row.key], [])
    assert hand_out(world) == ([], [])
    assert not queries.is_due(box(world))

    reply = {"what": "reply", "address": str(DEVICE), "milliseconds": 1.5}
    assert told(world, row, {**reply, "number": 1}, {**reply, "number": 2})
    assert told(
        world, row, {**reply, "number": 2}, {**reply, "number": 3}, first=1
    )  # said again, and one more
    row = queries.diagnosis_of_key(by(world.rita), world.ours.school, row.key)
    assert (row.state_at(NOW), [each.number for each in row.found]) == ("running", [1, 2, 3])
    assert not told(world, row, first=3, ending="done")

    row = queries.diagnosis_of_key(by(world.rita), world.ours.school, row.key)
    assert (row.state_at(NOW), row.count) == ("done", 3)
    assert not told(world, row, reply, first=3), "nothing is believed after the end"
    events = Event.objects.filter(action__startswith="diagnosis.").order_by("id")
    assert [each.action for each in events] == ["diagnosis.asked", "diagnosis.done"]
    assert events[1].after == {"diagnosis": "ping", "aim": str(DEVICE), "ending": "done", "count": 3}
    assert News.objects.filter(topic=f"node:{world.ours.school.pk}", what="diagnosis").exists()
    assert not News.objects.filter(topic=f"node:{world.ours.customer.pk}", what="diagnosis").exists()


def test_who_only_looks_can_not_diagnose(world: World) -> None:
    assert refusal(world, world.max, PING) == "right-missing"
    assert refusal(world, world.sonja, PING) == "right-missing"
    with pytest.raises(Refused):
        operations.restart_gateway(by(world.max), world.ours.school)
    with pytest.raises(NotThere):
        asked(world, world.nora)
    assert as_person(world.max).get(f"/sites/{world.ours.school.key}/diagnoses").status == 403
    assert not Diagnosis.objects.everything("test").exists()


@pytest.mark.parametrize(
    ("kind", "given", "code"),
    [
        ("ping", {"target": "192.168.2.1"}, "in-no-network"),
        ("ping", {"target": "203.0.113.1"}, "in-no-network"),
        ("ping", {"target": "192.168.1.10", "network": "10.0.0.0/24"}, "network-unknown"),
        ("tcp", {"target": "100.64.0.1", "port": 80}, "in-no-network"),
        ("tcp", {"target": "127.0.0.1", "port": 80}, "in-no-network"),
        ("route", {"target": "8.8.8.8"}, "in-no-network"),
        ("http", {"target": "198.51.100.1"}, "in-no-network"),
        ("duplicate", {"target": "10.9.9.9"}, "in-no-network"),
        ("name", {"name": "example.org", "server": "8.8.8.8"}, "in-no-network"),
        ("scan", {"network": "0.0.0.0/0"}, "network-unknown"),
        ("macs", {"network": "192.168.0.0/16"}, "network-unknown"),
        ("ping", {"target": "heating.example.org"}, "target-wrong"),
        ("ping", {}, "target-wrong"),
        ("tcp", {"target": "192.168.1.10", "port": 70_000}, "port-wrong"),
        ("http", {"target": "192.168.1.10", "path": "/a b\r\nX: y"}, "path-wrong"),
        ("name", {"name": "a b"}, "name-wrong"),
        ("ping", {"target": "192.168.1.10", "port": 80}, "not-for-this-kind"),
        ("restart", {}, "kind-unknown"),
        ("flood", {}, "kind-unknown"),
    ],
)
def test_it_goes_into_the_networks_of_the_site_and_nowhere_else(
    world: World, kind: str, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid) as error:
        asked(world, world.rita, probe_of(kind, given))
    assert error.value.code == code


def test_a_large_network_is_not_asked_address_by_address(world: World) -> None:
    add_network(by(world.rita), world.ours.school, "10.20.0.0/20")
    assert refusal(world, world.rita, probe_of("scan", {"network": "10.20.0.0/20"})) == "network-too-large"
    assert asked(world, world.rita, probe_of("macs", {"network": "10.20.0.0/20"})).kind == "macs"


def test_a_port_may_be_tried_where_links_of_the_site_lead(world: World) -> None:
    linked, far = (IPv4Network("10.200.0.0/24"),), IPv4Address("10.200.0.7")
    row = operations.ask_diagnosis(by(world.rita), world.ours.school, TcpPort(target=far, port=502), linked)
    assert row.target == "10.200.0.7:502"
    with pytest.raises(Invalid):  # nothing but a port
        operations.ask_diagnosis(by(world.rita), world.ours.school, Ping(target=far), linked)


def test_of_a_part_of_a_site_only_its_devices(world: World) -> None:
    lina, key = person("Lina"), devices_of(by(world.rita), world.ours.school)[0].device.key
    part = Narrowing(devices=frozenset({key}), ports=frozenset({PortNumber("tcp", 443)}))
    let_in(world.ours.school, lina, Terms(rights=("diagnose",), narrowing=part), world.rita)
    mine = asked(world, lina, probe_of("tcp", {"target": str(DEVICE), "port": 443}))
    for kind, given in (
        ("tcp", {"target": str(DEVICE), "port": 80}),
        ("ping", {"target": "192.168.1.99"}),
        ("scan", {"network": "192.168.1.0/24"}),
        ("state", {}),
    ):
        assert refusal(world, lina, probe_of(kind, given)) == "narrowed", kind
    theirs = asked(world)
    assert [row.key for row in queries.diagnoses_of(by(lina), world.ours.school)] == [mine.key]
    with pytest.raises(NotThere):
        queries.diagnosis_of_key(by(lina), world.ours.school, theirs.key)
    assert len(queries.diagnoses_of(by(world.rita), world.ours.school)) == 2


def test_stopping_reaches_the_gateway_and_what_it_still_says_is_not_taken(world: World) -> None:
    row = asked(world)
    hand_out(world)
    operations.stop_diagnosis(by(world.karl), row)
    assert hand_out(world, 1) == ([], [row.key])
    assert not told(world, row, {"what": "silent"}, ending="stopped")
    row.refresh_from_db()
    assert (row.state_at(NOW), row.count) == ("stopped", 0)
    early = asked(world)
    operations.stop_diagnosis(by(world.rita), early)
    assert hand_out(world, 1) == ([], []), "what was never handed out need not be stopped"


def test_what_a_gateway_says_is_bounded_and_about_its_own_tasks(world: World) -> None:
    row = asked(world)
    line = {"what": "silent"}
    assert not told(world, row, line), "it was not handed out yet"
    hand_out(world)
    elsewhere = Gateway.objects.everything("test").get(node=world.theirs.school)
    report = Findings.model_validate({"name": row.key, "first": 0, "found": [line]})
    assert not operations.take_findings(program("gateway", NOW), elsewhere, report)
    for first in range(0, 600, 100):
        assert told(world, row, *[line] * 100, first=first)
    assert told(world, row, *[line] * 100, first=600)
    assert told(world, row, line, first=0)
    row.refresh_from_db()
    assert row.count == len(row.results) == 600
    late = SECONDS["ping"] + 60
    assert not told(world, row, line, first=600, seconds=late)


@pytest.mark.parametrize(
    "found",
    [
        {"what": "<b>"},
        {"what": "reply", "address": "heating"},
        {"what": "host", "mac": "<script>"},
        {"what": "reply", "milliseconds": -1},
        {"what": "reply", "milliseconds": float("inf")},
        {"what": "title", "text": "x" * 401},
        {"what": "mdns", "name": "x" * 121},
    ],
    ids=lambda found: json.dumps(found)[:40],
)
def test_a_gateway_that_says_nonsense_is_refused(world: World, client: Client, found: dict[str, Any]) -> None:
    row = asked(world)
    hand_out(world)
    body = json.dumps({"name": row.key, "first": 0, "found": [found]})
    assert _post(client, "a token that nobody has", body).status_code == 401
    with pytest.raises(ValueError, match="validation error"):
        Findings.model_validate_json(body)
    row.refresh_from_db()
    assert row.count == 0


def _post(client: Client, token: str, body: str) -> Any:
    return client.post(
        f"{PREFIX}/gateway/findings",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def test_no_answer_in_time_is_said_and_recorded(world: World, fake_clock: FakeClock) -> None:
    row = asked(world)
    hand_out(world)
    late = NOW + timedelta(seconds=SECONDS["ping"] + 60)
    assert row.state_at(late) == "lapsed"
    assert operations.end_lapsed(program("worker", late)) == 1
    assert operations.end_lapsed(program("worker", late)) == 0
    row.refresh_from_db()
    assert (row.ending, row.state_at(late)) == ("lapsed", "lapsed")
    assert Event.objects.filter(action="diagnosis.done").get().after["ending"] == "lapsed"
    assert operations.forget_old(NOW + operations.KEPT) == 0
    assert operations.forget_old(NOW + operations.KEPT + timedelta(minutes=1)) == 1


def test_a_late_gateway_is_handed_nothing_old(world: World) -> None:
    asked(world)
    assert hand_out(world, SECONDS["ping"] + 60) == ([], [])


def test_few_at_once_and_not_too_many_a_minute(world: World) -> None:
    rows = [asked(world) for _ in range(operations.MOST_AT_ONCE)]
    assert refusal(world, world.karl, PING) == "diagnoses-running"
    for row in rows:
        operations.stop_diagnosis(by(world.rita), row)
    for _ in range(operations.MOST_OF_PERSON - operations.MOST_AT_ONCE):
        operations.stop_diagnosis(by(world.rita), asked(world))
    assert refusal(world, world.rita, PING) == "too-many-diagnoses"
    assert asked(world, world.karl).state_at(NOW) == "waiting"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"cut_by": "command"}, "cut-at-the-plant"),
        ({"system": "linux"}, "own-router"),
        ({"released_at": NOW}, "no-gateway"),
    ],
)
def test_nobody_is_asked_who_can_not_do_it(world: World, changed: dict[str, Any], code: str) -> None:
    Gateway.objects.everything("test").filter(node=world.ours.school).update(**changed)
    with pytest.raises(Conflict) as error:
        asked(world)
    assert error.value.code == code
    with pytest.raises(Conflict):
        operations.restart_gateway(by(world.rita), world.ours.school)


def test_a_restart_needs_its_own_right(world: World) -> None:
    assert operations.restart_gateway(by(world.rita), world.ours.school).kind == "restart"
    with pytest.raises(Invalid):
        asked(world, world.rita, Restart())


def test_every_kind_has_its_time_and_its_words() -> None:
    assert set(SECONDS) == {*FIELDS, "restart"}
    assert [str(each) for each in kinds_to_ask()] == list(FIELDS)


def test_a_gateway_hears_of_it_with_its_settings(world: World, client: Client, fake_clock: FakeClock) -> None:
    """Through the uplink, as a gateway does it."""
    from furka.vault import fingerprint, new_token  # noqa: PLC0415

    token = new_token()
    Gateway.objects.everything("test").filter(node=world.ours.school).update(token_hash=fingerprint(token))
    head = {"Authorization": f"Bearer {token}"}
    before = GatewaySettings.model_validate_json(
        client.get(f"{PREFIX}/gateway/settings", headers=head).content
    )
    assert before.hub is not None
    assert before.hub.address is not None
    row = asked(world)
    settings = GatewaySettings.model_validate_json(
        client.get(f"{PREFIX}/gateway/settings", {"seen": before.etag}, headers=head).content
    )
    assert ([task.name for task in settings.tasks], settings.etag) == ([row.key], before.etag)
    assert settings.lasting().tasks == ()
    body = Findings(name=row.key, first=0, ending="done").model_dump_json()
    assert json.loads(_post(client, token, body).content)["go_on"] is False
    row.refresh_from_db()
    assert row.ending == "done"
    nonsense = json.dumps({"name": row.key, "first": 0, "found": [{"what": "<b>"}]})
    assert _post(client, token, nonsense).status_code == 422


NASTY = '<script>alert(1)</script>"\u202e\x07'


def test_what_devices_say_is_shown_as_text(world: World, client: Client) -> None:
    row = asked(world, world.rita, probe_of("scan", {"network": "192.168.1.0/24", "mdns": True}))
    hand_out(world)
    told(
        world,
        row,
        {"what": "host", "address": str(DEVICE), "mac": "00:1a:2b:3c:4d:5e"},
        {"what": "host", "address": "192.168.1.77", "mac": "02:00:00:00:00:01"},
        {"what": "mdns", "address": "192.168.1.77", "name": NASTY, "text": NASTY},
        {"what": "trouble", "text": NASTY},
        {"what": "from-the-future", "name": NASTY, "text": NASTY},
        {"what": "hosts", "number": 2},
        ending="done",
    )
    row.refresh_from_db()
    assert row.results[0]["text"], "who made it is known by its address"
    assert "text" not in row.results[1], "an address of one's own choice says nothing of a maker"
    shown = ""
    for what in ("", "?part=result"):
        shown = text_of(page(client, world.rita, url(world.ours.school, f"diagnosis/{row.key}/{what}")))
        assert "<script>alert" not in shown
        assert "\u202e" not in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "address=192.168.1.77" in shown, "a device that is not on the list can be put there"
    assert "address=192.168.1.10" not in shown, "this one is there already"
    found = as_person(world.rita).get(f"/sites/{world.ours.school.key}/diagnoses/{row.key}").body["findings"]
    assert found[2]["name"] == '<script>alert(1)</script>"', "data for programs"


@pytest.mark.parametrize(
    ("kind", "given", "found"),
    [
        ("ping", {"target": "192.168.1.10"}, [{"what": "sent", "number": 5}, {"what": "lost", "number": 5}]),
        (
            "line",
            {},
            [
                {"what": "sent", "number": 20},
                {"what": "lost", "number": 1},
                {"what": "average", "milliseconds": 3},
            ],
        ),
        (
            "tcp",
            {"target": "192.168.1.10", "port": 80},
            [{"what": "refuses", "number": 80, "milliseconds": 1}],
        ),
        (
            "route",
            {"target": "192.168.1.10"},
            [{"what": "hop", "number": 1, "milliseconds": 1}, {"what": "arrived", "number": 1}],
        ),
        (
            "name",
            {"name": "example.org"},
            [{"what": "answered", "name": "NOERROR"}, {"what": "record", "name": "A", "text": "192.0.2.1"}],
        ),
        (
            "http",
            {"target": "192.168.1.10"},
            [
                {"what": "takes"},
                {"what": "status", "number": 200, "text": "OK"},
                {"what": "title", "text": "x"},
            ],
        ),
        (
            "duplicate",
            {"target": "192.168.1.10"},
            [
                {"what": "owner", "address": "192.168.1.10", "mac": "00:1a:2b:3c:4d:5e"},
                {"what": "owner", "address": "192.168.1.10", "mac": "00:1a:2b:3c:4d:5f"},
                {"what": "address-twice", "number": 2},
            ],
        ),
        (
            "macs",
            {"network": "192.168.1.0/24"},
            [
                {"what": "known", "mac": "00:1a:2b:3c:4d:5e"},
                {"what": "speaks", "mac": "00:1a:2b:3c:4d:5e", "address": "192.168.1.10"},
                {"what": "macs", "number": 1},
            ],
        ),
        (
            "size",
            {},
            [
                {"what": "tunnel-size", "number": 1420},
                {"what": "tunnel-passes", "number": 1420},
                {"what": "line-silent"},
            ],
        ),
        (
            "state",
            {},
            [
                {"what": "fact", "name": "up-seconds", "number": 90061},
                {"what": "fact", "name": "memory-free", "number": 5_000_000},
                {"what": "log", "text": "hello"},
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_kind_is_read_on_its_page(
    world: World, client: Client, kind: str, given: dict[str, Any], found: list[dict[str, Any]]
) -> None:
    row = asked(world, world.rita, probe_of(kind, given))
    hand_out(world)
    told(world, row, *found, ending="done")
    answer = page(client, world.rita, url(world.ours.school, f"diagnosis/{row.key}/"))
    assert answer.status_code == 200
    result = answer.context["result"]
    assert result.verdict is not None or kind == "state"
    if kind in ("duplicate", "macs"):
        assert [(host.address, host.owners) for host in result.hosts] == [
            ("192.168.1.10", 2 if kind == "duplicate" else 1)
        ] * (2 if kind == "duplicate" else 1)


def test_a_page_starts_it_and_shows_what_was_tried(world: World, client: Client) -> None:
    start = url(world.ours.school, "diagnosis/")
    client.force_login(world.rita)
    for kind in FIELDS:
        assert client.get(f"{start}?kind={kind}").status_code == 200
    wrong = client.post(start, {"kind": "tcp", "target": "8.8.8.8", "port": "80"})
    assert wrong.status_code == 422
    assert "target" in wrong.context["form"].errors
    begun = client.post(
        start, {"kind": "http", "target": "192.168.1.10", "port": "443", "secure": "on", "path": "/"}
    )
    assert begun.status_code == 302
    row = Diagnosis.objects.everything("test").get()
    assert (row.target, row.probe.kind) == ("https://192.168.1.10:443/", "http")
    shown = client.get(begun.headers["Location"])
    assert (shown.context["state"], shown.context["runs"]) == ("waiting", True)
    assert client.get(shown.context["again_url"]).status_code == 200
    assert client.post(f"{start}{row.key}/stop/").status_code == 302
    history = client.get(f"{start}?part=history")
    assert [each[0].key for each in history.context["rows"]] == [row.key]
    taken = client.get(
        url(world.ours.school, "devices/new/?name=Pumpe&address=192.168.1.77&mac=00:1a:2b:3c:4d:5e")
    )
    assert 'value="192.168.1.77"' in text_of(taken)
    client.force_login(world.max)
    assert client.get(start).status_code == 403
    assert client.post(url(world.ours.school, "gateway/restart/")).status_code == 403
    client.force_login(world.rita)
    assert client.post(url(world.ours.school, "gateway/restart/")).status_code == 302
