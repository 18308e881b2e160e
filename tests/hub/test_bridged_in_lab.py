"""Bridged links with real frames: what crosses, what does not, and who never sees any of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

from furka.lab import field
from furka.plan.entries import Entry
from furka.plan.link_entries import Bridge, Leg, LinkRule
from tests.hub.frames import SEE, SEND_FORBIDDEN
from tests.hub.linked_plants import NUMBERS, LinkedPlants, end_of, leg, linked_plants
from tests.lab.waiting import eventually

pytestmark = pytest.mark.lab

#: In one subnet, every device has an address of its own.
HEATING = {"a": "192.168.1.10", "b": "192.168.1.20", "c": "192.168.1.10", "d": "192.168.1.20"}


def bridge(link: str, number: int, letters: str) -> list[Entry]:
    kept = tuple(map(IPv4Address, ("192.168.1.1", "192.168.1.2")))
    legs = [
        Leg(
            link=link,
            number=number,
            member=letter,
            site_name=letter,
            site=NUMBERS[letter],
            gateway=end_of(letter),
            segment=100 + NUMBERS[letter],
        )
        for letter in letters
    ]
    return [Bridge(link=link, number=number, guarded=kept), *legs]


@pytest.fixture(scope="module")
def plants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedPlants]:
    """Plants a and b are one network, and c and d another one, with the same addresses."""
    with linked_plants(tmp_path_factory.mktemp("bridged") / "lab") as plants:
        for letter, address in HEATING.items():
            if address != "192.168.1.10":
                host = f"heating-{letter}"
                plants.do(host, "ip", "address", "flush", "dev", "eth0")
                plants.do(host, "ip", "address", "add", f"{address}/24", "broadcast", "+", "dev", "eth0")
        for letter in "abcd":
            plants.give(letter, (leg(letter, 100 + NUMBERS[letter]),))
        plants.say(*bridge("one", 1, "ab"), *bridge("two", 2, "cd"))
        eventually(lambda: plants.pings("heating-a", HEATING["b"]), 20)
        eventually(lambda: plants.pings("heating-c", HEATING["d"]), 20)
        yield plants


def test_knx_and_bacnet_find_each_other_and_plants_of_another_link_with_equal_addresses_hear_nothing(
    plants: LinkedPlants,
) -> None:
    logs = {}
    for letter in "bd":
        for kind in ("knx", "bacnet"):
            log = logs[letter, kind] = plants.lab.home / "logs" / f"{kind}-{letter}.log"
            plants.lab.spawn(f"heating-{letter}", [sys.executable, "-m", "furka.lab.field", kind], log=log)
    for log in logs.values():
        eventually(lambda log=log: log.exists() and "ready" in log.read_text())  # type: ignore[misc]
    ask = (
        "import sys; from furka.lab import field\n"
        "knx, bacnet = field.line_to_all(3671, field.KNX_GROUP), field.line_to_all(47808)\n"
        "for line, said, where in ((knx, field.KNX_QUESTION, (field.KNX_GROUP, 3671)),"
        " (bacnet, field.BACNET_QUESTION, ('255.255.255.255', 47808))):\n"
        "    line.settimeout(10); line.sendto(said, where); heard, who = line.recvfrom(2048)\n"
        "    while who[0] != sys.argv[1] or heard == said: heard, who = line.recvfrom(2048)\n"
        "    print(heard.hex(), who[0])\n"
    )
    said = plants.python("heating-a", ask, HEATING["b"]).split()
    assert said[1::2] == [HEATING["b"]] * 2
    assert said[0].endswith("0041")
    assert bytes.fromhex(said[2]) == field.bacnet_answer(17)
    assert logs["b", "knx"].read_text().count(f"from {HEATING['a']}") == 1
    assert all("from" not in logs["d", kind].read_text() for kind in ("knx", "bacnet"))


def test_whole_frames_pass_also_those_that_must_not_be_cut(plants: LinkedPlants) -> None:
    for options in (("-s", "1472", "-M", "dont"), ("-s", "1472", "-M", "do")):
        assert plants.pings("heating-a", HEATING["b"], *options)


def test_what_each_site_keeps_for_itself_does_not_cross_and_nobody_outside_sees_anything(
    plants: LinkedPlants,
) -> None:
    eyes = {letter: plants.start_python(f"heating-{letter}", SEE, log=f"see-{letter}") for letter in "bcd"}
    for _, log in eyes.values():
        eventually(lambda log=log: "ready" in log.read_text())  # type: ignore[misc]
    plants.python("heating-a", SEND_FORBIDDEN, HEATING["a"])
    eventually(lambda: "udp 7 47808 32" in eyes["b"][1].read_text())
    plants.pings("heating-a", HEATING["b"])
    for process, _ in eyes.values():
        process.stop()
    seen = {letter: log.read_text().splitlines()[1:] for letter, (_, log) in eyes.items()}
    own = ("icmp", "arp 192.168.1.10", "arp 192.168.1.20")
    assert [line for line in seen["b"] if not line.startswith(own)] == ["udp 7 47808 32"]
    for letter in "cd":
        assert not [line for line in seen[letter] if line.startswith(("udp", "icmp", "kind"))]
    eventually(lambda: (one := plants.seen("one", "a")) and one.refused_packets >= 7, 25)
    eventually(lambda: (two := plants.seen("one", "b")) and two.got_packets > 0 and two.macs >= 1, 25)


def test_a_rule_cuts_what_runs_within_a_second_and_whoever_may_open_is_answered(
    plants: LinkedPlants,
) -> None:
    run = ["ping", "-i", "0.1", "-O", HEATING["b"]]
    log = plants.lab.home / "logs" / "running-ping"
    ping = plants.lab.spawn("heating-a", run, log=log)
    eventually(lambda: log.read_text().count("bytes from") > 3)
    deny = LinkRule(
        link="one", number=1, name="no", allow=False, source_members=("a",), destination_members=("b",)
    )
    plants.say(*bridge("one", 1, "ab"), *bridge("two", 2, "cd"), deny)
    at = log.read_text().count("bytes from")
    time.sleep(0.5)
    assert log.read_text().count("bytes from") <= at + 1
    ping.stop()
    assert plants.pings("heating-b", HEATING["a"])
    assert plants.pings("heating-c", HEATING["d"])
    page = ["curl", "-sm3", "http://192.168.1.10/"]
    assert "Plant A" in plants.lab.run("heating-b", page).stdout  # TCP: opened by b, answered by a
    plants.say(*bridge("one", 1, "ab"), *bridge("two", 2, "cd"))
    assert eventually(lambda: plants.pings("heating-a", HEATING["b"]))


def test_a_member_that_leaves_is_out_at_once_and_the_others_stay(plants: LinkedPlants) -> None:
    plants.say(*bridge("one", 1, "a"), *bridge("two", 2, "cd"))
    assert not plants.pings("heating-a", HEATING["b"])
    assert plants.pings("heating-c", HEATING["d"])
    assert "fl102" not in plants.do("hub", "ip", "-o", "link")
    plants.say(*bridge("one", 1, "ab"), *bridge("two", 2, "cd"))
    assert eventually(lambda: plants.pings("heating-a", HEATING["b"]))


def test_a_leg_is_only_the_gateways_whose_it_is(plants: LinkedPlants) -> None:
    """Another gateway that knows the number gets nothing in."""
    plants.do("gateway-c", "ip", "link", "add", "rogue", "type", "vxlan", "id", "101", "local", "100.65.0.3",
              "remote", "100.64.0.1", "dstport", "14789", "df", "unset", "nolearning")  # fmt: skip
    plants.do("gateway-c", "ip", "address", "add", "192.168.1.77/24", "dev", "rogue")
    plants.do("gateway-c", "ip", "link", "set", "rogue", "up")
    try:
        assert not plants.pings("gateway-c", HEATING["b"], "-I", "rogue")
        assert not plants.pings("gateway-c", HEATING["a"], "-I", "rogue")
    finally:
        plants.do("gateway-c", "ip", "link", "delete", "rogue")
