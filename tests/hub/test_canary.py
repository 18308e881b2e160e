"""A hub tries its own whole way: two ends of tunnels in the program, the kernel's tunnels and filter between them."""

from __future__ import annotations

from ipaddress import IPv4Address
from queue import SimpleQueue

import pytest

from furka.clock import now
from furka.hub.canary import Canary, Step
from furka.hub.desired import Desired
from furka.hub.memory_machine import MemoryMachine
from furka.hub.reports import Reports
from furka.plan.doors import DoorKey
from furka.plan.entries import Peer, Prefix
from furka.probes.echo import Echo, echo_in
from furka.wire.hub import CanarySeen, PlanAnswer
from tests.laws.hub_worlds import GROUND, LAYOUT
from tests.world import public_key


def a_canary(port: int = 9) -> tuple[Canary, MemoryMachine, SimpleQueue[Step]]:
    machine, steps = MemoryMachine(), SimpleQueue[Step]()
    machine.stand_up(GROUND)
    machine.load(LAYOUT, {}, {})
    return Canary(machine, public_key(), port, steps.put), machine, steps


def a_plan(complete: bool = True) -> PlanAnswer:
    return PlanAnswer(now=now(), revision=1, complete=complete)


def test_its_ends_are_added_to_complete_plans_alone_and_count_beside_everything_else() -> None:
    canary, _machine, _steps = a_canary()
    with_it = canary.added_to(a_plan(), LAYOUT)
    assert [type(entry) for entry in with_it.entries] == [Peer, Peer, Prefix]
    assert canary.added_to(a_plan(complete=False), LAYOUT).entries == ()
    desired = Desired()
    desired.settle(LAYOUT)
    desired.hear(with_it, 0.0)
    assert desired.refused() == 0
    assert a_canary(port=0)[0].added_to(a_plan(), LAYOUT).entries == ()


def test_without_a_tunnel_it_says_so_and_leaves_no_door() -> None:
    canary, machine, steps = a_canary()
    canary.added_to(a_plan(), LAYOUT)
    canary.tend(float("inf"))
    assert canary.running
    assert len(machine.in_force.doors) == 1
    assert canary.take(steps.get(timeout=10)) is None
    assert machine.in_force.doors == {}
    seen = canary.take(steps.get(timeout=10))
    assert seen is not None
    assert (seen.code, canary.running) == ("no-connection", False)


def test_nobody_hears_of_its_ends_and_a_trial_is_told_once() -> None:
    canary, _machine, _steps = a_canary()
    ends = [each.public_key for each in canary.added_to(a_plan(), LAYOUT).entries if isinstance(each, Peer)]
    assert canary.without(dict.fromkeys(ends)) == {}  # type: ignore[arg-type]
    reports = Reports()
    reports.add(canary=CanarySeen(at=now()))
    report = reports.next()
    assert report.canary is not None
    reports.taken(report)
    assert reports.next().canary is None


@pytest.mark.parametrize("reply", [False, True])
def test_echoes_are_what_devices_answer(reply: bool) -> None:
    echo = Echo(IPv4Address("100.79.255.254"), IPv4Address("10.255.255.253"), 7, reply)
    assert echo_in(echo.packet()) == echo
    assert echo_in(echo.packet()[:27]) is None
    assert DoorKey(echo.source, 1).site == 1
