"""Diagnoses at work: each kind against real devices of a plant, over its real network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count

import pytest

from furka.wire.probes import Finding
from tests.gateway.languages import LANGUAGES
from tests.gateway.plain_hub import ADDRESS
from tests.gateway.plants import Plant, one_plant
from tests.lab.waiting import eventually

pytestmark = pytest.mark.lab

HEATING, METER, NOBODY = "192.168.1.10", "192.168.1.11", "192.168.1.13"
PLANT, FEW = "192.168.1.0/24", "192.168.1.0/28"

_numbers = count(1)


class Diagnoses:
    """What the portal has a gateway try."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant

    def begin(self, **what: object) -> str:
        """Ask for it; returns its name."""
        name = f"{next(_numbers):012d}"
        self.plant.portal.ask(self.plant.site, name, **what)
        return name

    def ending(self, name: str) -> str | None:
        return self.plant.portal.endings.get(name)

    def made(self, kind: str, **what: object) -> tuple[str, list[Finding]]:
        """How it ended, and what was found."""
        name = self.begin(kind=kind, **what)
        ending = eventually(lambda: self.ending(name), 40)
        assert ending is not None
        return ending, self.plant.portal.found.get(name, [])


@pytest.fixture(scope="module")
def diagnoses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Diagnoses]:
    with one_plant(tmp_path_factory.mktemp("tasks") / "lab") as plant:
        eventually(lambda: (report := plant.last_report()) is not None and report.applied_etag)
        yield Diagnoses(plant)


def whats(found: list[Finding]) -> list[str]:
    return [each.what for each in found]


def test_ping_answers_or_stays_silent(diagnoses: Diagnoses) -> None:
    ending, found = diagnoses.made("ping", target=HEATING, count=3, network=PLANT)
    assert (ending, whats(found)[:3]) == ("done", ["reply"] * 3)
    assert all(each.milliseconds is not None and each.milliseconds < 100 for each in found[:3])
    assert next(each.number for each in found if each.what == "lost") == 0

    ending, found = diagnoses.made("ping", target=NOBODY, count=1)
    assert (ending, [each.number for each in found if each.what == "lost"]) == ("done", [1])


def test_ports_take_connections_refuse_them_or_say_nothing(diagnoses: Diagnoses) -> None:
    lab = diagnoses.plant.lab
    mute = "add table inet mute; add chain inet mute in { type filter hook input priority 0; }; "
    lab.run("heating-a", ["nft", mute + "add rule inet mute in tcp dport 82 drop"], check=True)
    try:
        ends = {port: diagnoses.made("tcp", target=HEATING, port=port) for port in (80, 81, 82)}
    finally:
        lab.run("heating-a", ["nft", "delete", "table", "inet", "mute"])
    assert {port: whats(found) for port, (_, found) in ends.items()} == {
        80: ["takes"],
        81: ["refuses"],
        82: ["no-answer"],
    }
    assert whats(diagnoses.made("tcp", target=NOBODY, port=80)[1]) == ["not-there"]


def test_the_way_to_a_device_is_one_step(diagnoses: Diagnoses) -> None:
    ending, found = diagnoses.made("route", target=METER)
    assert (ending, whats(found)) == ("done", ["hop", "arrived"])
    assert str(found[0].address) == METER


def test_a_web_page_is_known_by_status_and_title_and_nothing_more(diagnoses: Diagnoses) -> None:
    ending, found = diagnoses.made("http", target=HEATING)
    told = {each.what: each for each in found}
    assert (ending, told["status"].number, told["title"].text) == ("done", 200, "Plant A: heating controller")
    assert told["whole-time"].milliseconds is not None
    assert "Circulation pump" not in "".join(each.text for each in found)
    assert whats(diagnoses.made("http", target=METER, port=502)[1])[-1] == "not-http"


def test_an_address_is_free_or_used_twice(diagnoses: Diagnoses) -> None:
    lab = diagnoses.plant.lab
    assert whats(diagnoses.made("duplicate", target=NOBODY)[1]) == ["address-free"]
    lab.run("meter-a", ["ip", "address", "add", f"{HEATING}/32", "dev", "eth0"], check=True)
    try:
        ending, found = diagnoses.made("duplicate", target=HEATING)
    finally:
        lab.run("meter-a", ["ip", "address", "del", f"{HEATING}/32", "dev", "eth0"], check=True)
    assert (ending, whats(found)) == ("done", ["owner", "owner", "address-twice"])
    assert len({each.mac for each in found[:2]}) == 2


def test_who_is_on_the_network_and_what_they_speak(diagnoses: Diagnoses) -> None:
    lab, plant = diagnoses.plant.lab, diagnoses.plant
    plant.report_on(
        plant.give(networks=[{"real": FEW, "virtual": "10.128.1.0/28"}])  # so few are asked quickly
    )
    log = lab.home / "languages"
    speaker = lab.spawn("meter-a", [sys.executable, "-c", LANGUAGES, METER], log=log)
    try:
        eventually(lambda: "up" in log.read_text())
        ending, found = diagnoses.made("scan", network=FEW, mdns=True, knx=True, bacnet=True, modbus=True)
    finally:
        speaker.kill()
        plant.report_on(plant.give())
    assert ending == "done", found
    hosts = {str(each.address): each for each in found if each.what == "host"}
    assert set(hosts) == {"192.168.1.1", HEATING, METER}
    assert all(each.mac for each in hosts.values())
    spoken = {each.what: each for each in found if str(each.address) == METER and each.what != "host"}
    assert (spoken["mdns"].name, spoken["mdns"].text) == ("Energy <b>meter</b>", "_http._tcp")
    assert (spoken["knx"].name, spoken["knx"].text) == ("Room 12", "1.1.10, 00fa12345678")
    assert spoken["bacnet"].number == 1234
    assert spoken["modbus"].name == ""  # it speaks Modbus and does not say who it is


def test_who_speaks_is_heard_without_a_question(diagnoses: Diagnoses) -> None:
    lab = diagnoses.plant.lab
    stranger = ["ip", "address", "add", "192.168.1.14/32", "dev", "eth0"]
    lab.run("heating-a", stranger, check=True)
    talk = "for i in $(seq 60); do ping -c1 -W1 -I 192.168.1.14 192.168.1.13 >/dev/null; sleep 0.1; done"
    talker = lab.spawn("heating-a", ["sh", "-c", talk], log=lab.home / "talker")
    try:
        name = diagnoses.begin(kind="macs", network=PLANT)
        found = diagnoses.plant.portal.found

        def heard() -> bool:
            addresses = {str(each.address) for each in found.get(name, ()) if each.mac}
            return "192.168.1.14" in addresses or HEATING in addresses

        eventually(heard, 15)
        diagnoses.plant.portal.stop_task(diagnoses.plant.site, name)
        assert eventually(lambda: diagnoses.ending(name), 5) == "stopped"
    finally:
        talker.kill()
        lab.run("heating-a", [each.replace("add", "del") if each == "add" else each for each in stranger])


def test_the_line_to_the_hub(diagnoses: Diagnoses) -> None:
    ending, found = diagnoses.made("line")
    assert (ending, whats(found).count("reply")) == ("done", 20)
    assert {str(each.address) for each in found if each.what == "reply"} == {ADDRESS}
    ending, found = diagnoses.made("size")
    sizes = {each.what: each.number for each in found}
    assert (ending, sizes) == ("done", {"tunnel-size": 1420, "tunnel-passes": 1420, "line-passes": 1500})


def test_names_are_asked_of_a_server_in_the_plant(diagnoses: Diagnoses) -> None:
    lab = diagnoses.plant.lab
    log = lab.home / "names"
    speaker = lab.spawn("meter-a", [sys.executable, "-c", LANGUAGES, METER], log=log)
    try:
        eventually(lambda: "up" in log.read_text())
        ending, found = diagnoses.made("name", name="pump.example.org", server=METER)
    finally:
        speaker.kill()
    assert (ending, next((each.what, each.name) for each in found)) == (
        "done",
        ("answered", "NOERROR"),
    )
    assert [each.text for each in found if each.what == "record"] == ["192.0.2.7"]


def test_the_state_of_the_gateway(diagnoses: Diagnoses) -> None:
    ending, found = diagnoses.made("state")
    facts = {each.name: each for each in found if each.what == "fact"}
    assert ending == "done"
    assert {"time", "furka", "system", "kernel", "load", "uplink", "memory-free", "disk-free"} <= set(facts)
    assert "192.168.1.1" in facts["uplink"].text
    assert any("192.168.1.2/24" in each.text for each in found if each.name == "address")
    assert any("serves" in each.text for each in found if each.what == "log")


@pytest.mark.parametrize(
    "what",
    [
        {"kind": "ping", "target": "203.0.113.1"},
        {"kind": "ping", "target": "10.0.0.1"},
        {"kind": "ping", "target": HEATING, "network": "10.0.0.0/24"},
        {"kind": "tcp", "target": "203.0.113.2", "port": 80},
        {"kind": "http", "target": "127.0.0.1"},
        {"kind": "http", "target": ADDRESS},
        {"kind": "route", "target": "198.51.100.1"},
        {"kind": "name", "name": "example.org", "server": "203.0.113.2"},
        {"kind": "duplicate", "target": "192.168.2.1"},
        {"kind": "scan", "network": "203.0.113.0/24"},
        {"kind": "macs", "network": "10.0.0.0/8"},
    ],
    ids=str,
)
def test_the_gateway_goes_nowhere_else(diagnoses: Diagnoses, what: dict[str, object]) -> None:
    """Whatever the portal says: it is checked on the spot, too."""
    name = diagnoses.begin(**what)
    assert eventually(lambda: diagnoses.ending(name), 15) == "foreign"
    assert diagnoses.plant.portal.found[name] == []


def test_what_is_not_understood_is_refused_and_harms_nothing(diagnoses: Diagnoses) -> None:
    assert diagnoses.made("flood", target=HEATING)[0] == "unknown-task"
    assert diagnoses.made("ping", target=HEATING, count=100_000)[0] == "unknown-task"
    assert diagnoses.plant.page()


def test_few_run_at_once_and_settings_come_meanwhile(diagnoses: Diagnoses) -> None:
    plant = diagnoses.plant
    running = [diagnoses.begin(kind="ping", target=NOBODY, count=20) for _ in range(3)]
    eventually(lambda: all(name in plant.portal.found for name in running))
    assert diagnoses.made("state")[0] == "busy"
    plant.report_on(plant.give())  # the talk about settings waits for none of them
    for name in running:
        plant.portal.stop_task(plant.site, name)

    def ended(name: str) -> str | None:
        return eventually(lambda: diagnoses.ending(name), 8)

    assert [ended(name) for name in running] == ["stopped"] * 3


def test_a_task_has_its_end(diagnoses: Diagnoses) -> None:
    assert diagnoses.made("ping", seconds=2, target=NOBODY, count=20)[0] == "over-time"


def test_while_the_site_lets_nobody_in_nothing_is_tried(diagnoses: Diagnoses) -> None:
    plant = diagnoses.plant
    running = diagnoses.begin(kind="ping", target=NOBODY, count=20)
    eventually(lambda: running in plant.portal.found)
    plant.lab.run(plant.host, ["furka", "gateway", "cut"], check=True)
    try:
        assert eventually(lambda: diagnoses.ending(running), 8) == "cut"
        assert diagnoses.made("ping", target=HEATING) == ("cut", [])
        assert diagnoses.made("restart")[0] == "cut"
    finally:
        plant.lab.run(plant.host, ["furka", "gateway", "restore"], check=True)
    eventually(plant.page)


def test_a_restart_is_the_same_program_anew(diagnoses: Diagnoses) -> None:
    plant = diagnoses.plant
    ending, found = diagnoses.made("restart")
    assert (ending, whats(found)) == ("done", ["restarts"])
    assert eventually(lambda: plant.log().count("This gateway serves") >= 2, 30)
    eventually(plant.page)
    plant.report_on(plant.give())  # which also ends what the old program had asked
    assert plant.gateway.alive
