"""First packets: where the plan waits for one, the hub notices it, opens nothing, and tells it now and then."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network

import pytest

from furka.clock import FakeClock
from furka.hub.desired import Desired
from furka.hub.knocking import Knocking
from furka.hub.memory_machine import MemoryMachine
from furka.plan.entries import Knock, Prefix
from furka.wire.hub import PlanAnswer
from tests.laws.hub_worlds import GROUND, LAYOUT, NOW

LAPTOP, HEATING = IPv4Address("100.72.0.1"), IPv4Address("10.128.1.10")
PREFIX = Prefix(network=IPv4Network("10.128.1.0/24"), site=1)
KNOCK = Knock(
    name="request",
    profile="laptop",
    site_name="school",
    address=LAPTOP,
    site=1,
    not_before=NOW,
    not_after=NOW + timedelta(minutes=1),
)


@pytest.fixture
def machine(fake_clock: FakeClock) -> MemoryMachine:
    machine = MemoryMachine()
    machine.stand_up(GROUND)
    machine.load(LAYOUT, {PREFIX.network: 1}, {})
    return machine


def a_plan(*entries: Knock | Prefix) -> Desired:
    """Heard when this machine's clock showed 0."""
    desired = Desired()
    desired.settle(LAYOUT)
    desired.hear(PlanAnswer(now=NOW, revision=1, complete=True, entries=entries), 0.0)
    return desired


def test_a_first_packet_is_told_and_opens_nothing(machine: MemoryMachine, fake_clock: FakeClock) -> None:
    knocking = Knocking(machine, a_plan(PREFIX, KNOCK))
    assert knocking.tend(0.0) == []
    assert knocking.listens

    assert not machine.send(LAPTOP, HEATING)

    [heard] = knocking.tend(0.25)
    assert (heard.name, heard.profile, heard.site_name) == ("request", "laptop", "school")
    assert heard.at == NOW + timedelta(seconds=0.25)
    assert knocking.tend(0.5) == []
    fake_clock.advance(timedelta(seconds=6))
    assert not machine.send(LAPTOP, HEATING)
    assert len(knocking.tend(6.0)) == 1


def test_nobody_listens_to_others_or_when_the_yes_is_over(
    machine: MemoryMachine, fake_clock: FakeClock
) -> None:
    knocking = Knocking(machine, a_plan(PREFIX, KNOCK))
    knocking.tend(0.0)
    machine.send(IPv4Address("100.72.0.2"), HEATING)
    assert knocking.tend(0.25) == []
    fake_clock.advance(timedelta(minutes=1))
    machine.send(LAPTOP, HEATING)
    assert knocking.tend(60.0) == []
    assert machine.listens == frozenset()


def test_what_the_machine_forgot_is_said_again(machine: MemoryMachine) -> None:
    knocking = Knocking(machine, a_plan(PREFIX, KNOCK))
    knocking.tend(0.0)
    machine.listens = frozenset()
    knocking.distrust()
    knocking.tend(1.0)
    assert machine.listens != frozenset()


def test_a_knock_from_outside_the_range_of_profiles_does_not_count() -> None:
    wrong = KNOCK.model_copy(update={"address": IPv4Address("10.128.1.1")})
    desired = a_plan(PREFIX, wrong)
    assert desired.knocks(0.0) == {}
    assert desired.refused() == 1
