"""Routed and central links with real packets: four plants whose networks are all the same."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise

import pytest

from furka.clock import monotonic
from furka.plan.entries import Entry
from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule, Mapped
from tests.hub.frames import ASK, POLL
from tests.hub.linked_plants import (
    GATEWAY,
    NUMBERS,
    LinkedPlants,
    device,
    end_of,
    leg,
    linked_plants,
    prefix_of,
)
from tests.lab.waiting import eventually

pytestmark = pytest.mark.lab

RANGE = IPv4Network("10.20.0.0/24")
ANSWER = "1002"


def junctions(link: str, number: int, letters: str, centre: str = "") -> list[Entry]:
    return [
        Junction(
            link=link,
            number=number,
            member=letter,
            site_name=letter,
            site=NUMBERS[letter],
            prefixes=(prefix_of(letter),),
            central=letter == centre if centre else None,
        )
        for letter in letters
    ]


MODBUS = LinkRule(
    link="meters",
    number=1,
    name="modbus",
    allow=True,
    source_members=("a",),
    destinations=(IPv4Network(device("b", 11)),),
    protocol="tcp",
    ports=((502, 502),),
)
ROUTED: list[Entry] = [*junctions("meters", 1, "ab"), MODBUS]
DENY = LinkRule(link="meters", number=1, name="not-now", allow=False, protocol="tcp")
CENTRAL: list[Entry] = [
    *junctions("scada", 2, "abcd", "a"),
    *(
        Mapped(link="scada", number=2, address=RANGE[number], device=device(letter, 11))
        for number, letter in enumerate("bcd", 2)
    ),
    *junctions("other", 3, "db", "d"),
    Mapped(link="other", number=3, address=RANGE[2], device=device("b", 10)),
]


@pytest.fixture(scope="module")
def plants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedPlants]:
    """Every gateway lets its devices begin; who may is the hub's to decide. Heating controllers know the way."""
    with linked_plants(tmp_path_factory.mktemp("joined") / "lab") as plants:
        for letter in "abcd":
            others = tuple(prefix_of(other) for other in "abcd" if other != letter)
            plants.give(letter, peers=(*others, RANGE), callers=others)
            for network in ("10.128.0.0/9", str(RANGE)):
                plants.do(f"heating-{letter}", "ip", "route", "add", network, "via", GATEWAY)
        yield plants


def ask(plants: LinkedPlants, letter: str, address: IPv4Address, limit: float = 1) -> str:
    """What a meter says to the heating controller of a plant."""
    return plants.python(f"heating-{letter}", ASK, str(address), str(limit)).strip()


class Polling:
    """A poll that goes on over one connection."""

    def __init__(self, plants: LinkedPlants, letter: str, address: IPv4Address, patience: float = 20) -> None:
        name = f"poll-{letter}-{monotonic()}"
        host = f"heating-{letter}"
        self.process, self._log = plants.start_python(host, POLL, str(address), str(patience), log=name)
        eventually(lambda: self.answers() > 5)

    def answers(self) -> int:
        return self._log.read_text().count(ANSWER)

    def longest_pause(self) -> float:
        """Between two answers, in seconds."""
        at = [float(line.split()[0]) for line in self._log.read_text().splitlines() if ANSWER in line]
        return max(later - earlier for earlier, later in pairwise(at))

    def has_stopped(self, within: float) -> bool:
        """Whether nothing comes any more, `within` seconds from now."""
        until = monotonic() + within
        before, since = self.answers(), monotonic()
        while monotonic() < until + 0.5:
            if self.answers() != before:
                before, since = self.answers(), monotonic()
            if monotonic() - since > 0.5:
                return True
        return False


def test_a_meter_is_polled_in_a_plant_with_the_same_network_and_nothing_else_is_open(
    plants: LinkedPlants,
) -> None:
    plants.say(*ROUTED)
    assert eventually(lambda: ask(plants, "a", device("b", 11))) == ANSWER
    assert not plants.pings("heating-a", str(device("b", 11)))
    assert plants.lab.run("heating-a", ["curl", "-sm1", f"http://{device('b', 10)}/"]).stdout == ""
    assert ask(plants, "b", device("a", 11), 0.5) == "nothing"
    assert ask(plants, "c", device("b", 11), 0.5) == "nothing"
    seen = eventually(lambda: plants.seen("meters", "b"), 20)
    assert seen is not None
    assert seen.sent_packets > 0


def test_a_rule_cuts_a_running_poll_within_a_second_and_its_end_opens_again(plants: LinkedPlants) -> None:
    plants.say(*ROUTED)
    polling = Polling(plants, "a", device("b", 11))
    plants.say(*ROUTED, DENY)
    assert polling.has_stopped(within=1)
    assert ask(plants, "a", device("b", 11), 0.5) == "nothing"
    plants.say(*ROUTED)
    before = polling.answers()
    eventually(lambda: polling.answers() > before + 5, 30)  # TCP goes on by itself
    plants.say(*junctions("meters", 1, "a"), MODBUS)  # b leaves
    assert polling.has_stopped(within=1)
    polling.process.kill()


def test_one_centre_polls_devices_at_three_sites_at_once_and_spokes_reach_nobody(
    plants: LinkedPlants,
) -> None:
    plants.say(*CENTRAL)
    polls = [Polling(plants, "a", RANGE[number]) for number in (2, 3, 4)]
    for address in (device("a", 11), device("c", 11), RANGE[3]):
        assert ask(plants, "b", address, 0.5) == "nothing"
    assert ask(plants, "a", device("b", 11), 0.5) == "nothing"  # not under the address that the link knows
    # Another centre uses the same addresses: it finds its own device there, and no meter.
    page = plants.lab.run("heating-d", ["curl", "-sm3", f"http://{RANGE[2]}/"]).stdout
    assert "Plant B" in page
    assert ask(plants, "d", RANGE[3], 0.5) == "nothing"
    # Renumbered: what runs under the old address ends, the others are not disturbed.
    moved = Mapped(link="scada", number=2, address=RANGE[9], device=device("b", 11))
    plants.say(*(entry for entry in CENTRAL if entry.key != "mapped/scada/10.20.0.2"), moved)
    assert polls[0].has_stopped(within=1)
    assert ask(plants, "a", RANGE[9]) == ANSWER
    for poll in polls[1:]:
        assert not poll.has_stopped(within=0.2)
        assert poll.longest_pause() < 1
    for poll in polls:
        poll.process.kill()


def test_hub_and_gateway_restart_under_traffic_and_neither_is_noticed(plants: LinkedPlants) -> None:
    kept: list[Entry] = [
        Bridge(link="wire", number=9),
        *(
            Leg(
                link="wire",
                number=9,
                member=letter,
                site_name=letter,
                site=NUMBERS[letter],
                gateway=end_of(letter),
                segment=90 + NUMBERS[letter],
            )
            for letter in "cd"
        ),
    ]
    others = {letter: tuple(prefix_of(other) for other in "abcd" if other != letter) for letter in "cd"}
    for letter in "cd":
        given = (leg(letter, 90 + NUMBERS[letter]),)
        plants.give(letter, given, (*others[letter], RANGE), others[letter])
    for letter, last in (("c", 33), ("d", 44)):
        plants.do(f"heating-{letter}", "ip", "address", "add", f"192.168.1.{last}/24", "dev", "eth0")
    across = ("192.168.1.44", "-I", "192.168.1.33")
    plants.say(*ROUTED, *kept)
    eventually(lambda: plants.pings("heating-c", *across))
    log = plants.lab.home / "logs" / "bridge-ping"
    ping = plants.lab.spawn("heating-c", ["ping", "-i", "0.05", "-O", *across], log=log)
    polling = Polling(plants, "a", device("b", 11))
    for end in (signal.SIGKILL, signal.SIGTERM):
        hellos = len(plants.portal.of_hub.hellos)
        plants.hub.signal(end)
        plants.hub.wait(10)
        plants.start_hub()
        eventually(lambda n=hellos: len(plants.portal.of_hub.hellos) > n, 30)  # type: ignore[misc]
        plants.say(*ROUTED, *kept)
    for letter in "ac":
        plants.gateways[letter].kill()
        reports = len(plants.portal.reports)
        plants.start_gateway(letter)
        eventually(lambda n=reports: len(plants.portal.reports) > n, 30)  # type: ignore[misc]
    answers = polling.answers()
    eventually(lambda: polling.answers() > answers + 10)
    ping.stop()
    polling.process.kill()
    lost = log.read_text().count("no answer yet")
    assert lost <= 4, f"{lost} pings were lost"
    assert polling.longest_pause() < 1
    # Somebody takes the filters of the hub away: they are back before long, and meanwhile nothing new is open.
    plants.do("hub", "nft", "flush", "ruleset")
    eventually(lambda: ask(plants, "a", device("b", 11)) == ANSWER)
    eventually(lambda: "furka_links" in plants.do("hub", "nft", "list", "tables", "bridge"))
    assert plants.pings("heating-c", *across)


def test_the_switch_at_the_site_ends_legs_and_routed_traffic_and_brings_them_back(
    plants: LinkedPlants,
) -> None:
    others = tuple(prefix_of(other) for other in "bcd")
    tagged = leg("a", 92).model_copy(update={"vlan": 20})
    plants.give("a", (leg("a", 91), tagged), (*others, RANGE), others)
    # Where the kernel knows no VLANs a tagged network stays out; it is never joined without its tag.
    report = next(report for who, report in reversed(plants.portal.reports) if who == "School a")
    states = {one.segment: (one.joined, bool(one.trouble)) for one in report.legs}
    assert states[91] == (True, False)
    assert states[92] in ((False, True), (True, False))
    assert '"fl92"' not in plants.do("gateway-a", "nft", "list", "chain", "netdev", "furka_legs", "into_fl91")
    plants.say(*ROUTED)
    polling = Polling(plants, "a", device("b", 11))
    assert "fl91" in plants.do("gateway-a", "ip", "-o", "link")
    plants.do("gateway-a", "furka", "gateway", "cut")
    assert polling.has_stopped(within=2)
    eventually(lambda: "fl91" not in plants.do("gateway-a", "ip", "-o", "link"))
    assert "furka_legs" not in plants.do("gateway-a", "nft", "list", "tables")
    polling.process.kill()
    plants.do("gateway-a", "furka", "gateway", "restore")
    assert eventually(lambda: ask(plants, "a", device("b", 11)) == ANSWER)
    assert "fl91" in plants.do("gateway-a", "ip", "-o", "link")


def test_what_a_gateway_was_not_told_of_does_not_even_leave_the_plant(plants: LinkedPlants) -> None:
    plants.give("a")
    plants.say(*ROUTED)
    assert ask(plants, "a", device("b", 11), 0.5) == "nothing"
    others = tuple(prefix_of(other) for other in "bcd")
    plants.give("a", peers=(*others, RANGE), callers=others)
    assert eventually(lambda: ask(plants, "a", device("b", 11)) == ANSWER)
