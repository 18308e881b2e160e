"""A hub tests a connection: it looks doors up, opens one for itself alone, and tells what came back."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from math import inf
from queue import SimpleQueue

from furka.clock import now
from furka.hub.desired import Desired
from furka.hub.memory_machine import MemoryMachine
from furka.hub.trials import Dialled, Reply, Trials
from furka.kernel.wireguard import PeerState
from furka.plan.doors import DoorKey, FilterChange
from furka.plan.entries import DoorPort, Prefix
from furka.wire.hub import PlanAnswer, TrialAsked, TrialDone
from tests.hub.tunnels import DEVICE, LAPTOP, PLANT, SITE
from tests.laws.hub_worlds import GROUND, LAYOUT
from tests.world import public_key

DIALLER = DoorKey(IPv4Address("100.66.255.254"), SITE, DEVICE)
GATEWAY = public_key()


class Stand:
    """A hub with one plant."""

    def __init__(self, reply: Reply = "answers") -> None:
        self.machine, self.desired = MemoryMachine(), Desired()
        self.machine.stand_up(GROUND)
        self.machine.load(LAYOUT, {PLANT: SITE}, {})
        self.desired.settle(LAYOUT)
        self.desired.hear(
            PlanAnswer(now=now(), revision=1, complete=True, entries=(Prefix(network=PLANT, site=SITE),)), 0.0
        )
        self.over: SimpleQueue[Dialled] = SimpleQueue()
        self.trials = Trials(self.machine, self.desired, self.over.put)
        self.dialled: list[tuple[IPv4Address, IPv4Address, int]] = []
        self.opened = False

        def dial(source: IPv4Address, device: IPv4Address, port: int) -> tuple[Reply, int | None]:
            self.dialled.append((source, device, port))
            self.opened = DIALLER in self.machine.in_force.doors
            return reply, 7

        self.trials.dial = dial

    def test(
        self, protocol: str = "tcp", device: IPv4Address = DEVICE, at: datetime | None = None
    ) -> TrialDone:
        asked = TrialAsked(
            name="0" * 12,
            gateway=GATEWAY,
            device=device,
            port=DoorPort.model_validate({"protocol": protocol, "number": 80}),
            ends=(LAPTOP,),
        )
        done = self.trials.begin(asked, LAYOUT, at or now())
        return done if done is not None else self.trials.end(self.over.get(timeout=5))


def test_doors_of_every_width_are_found_with_the_longest_time() -> None:
    for key in (
        DoorKey(LAPTOP, SITE),
        DoorKey(LAPTOP, SITE, DEVICE),
        DoorKey(LAPTOP, SITE, DEVICE, "tcp", 80),
        DoorKey(LAPTOP, SITE, protocol="tcp", port=80),
    ):
        stand = Stand()
        assert stand.test().doors == ()
        stand.machine.change_filter(FilterChange(open={key: 30.0}))
        [left] = stand.test().doors or ()
        assert left is not None
        assert 29 < left <= 30
    stand = Stand()
    stand.machine.change_filter(
        FilterChange(open={DoorKey(LAPTOP, SITE): inf, DoorKey(LAPTOP, SITE, DEVICE): 5.0})
    )
    assert stand.test().doors == (None,)
    for other in (
        DoorKey(LAPTOP, SITE, DEVICE, "tcp", 81),
        DoorKey(LAPTOP, SITE, DEVICE + 1),
        DoorKey(LAPTOP, 2),
    ):
        stand = Stand()
        stand.machine.change_filter(FilterChange(open={other: 30.0}))
        assert stand.test().doors == ()


def test_the_hub_has_a_door_to_that_device_alone_which_the_kernel_closes() -> None:
    stand = Stand()
    done = stand.test()
    assert (done.reply, done.milliseconds) == ("answers", 7)
    assert stand.dialled == [(IPv4Address("100.66.255.254"), DEVICE, 80)]
    assert stand.opened
    assert set(stand.machine.in_force.doors) == {DIALLER}
    assert stand.machine.in_force.doors[DIALLER] < inf
    assert not stand.trials.running


def test_the_tunnel_is_up_while_its_handshake_is_fresh() -> None:
    stand = Stand()
    assert (stand.test().tunnel, stand.test().handshake_seconds) == (None, None)
    stand.machine.in_force.peers[GATEWAY] = frozenset({PLANT})
    assert stand.test().tunnel is False
    at = now()
    stand.machine.states[GATEWAY] = PeerState(handshake_at=at - timedelta(seconds=20))
    assert (stand.test(at=at).tunnel, stand.test(at=at).handshake_seconds) == (True, 20)
    stand.machine.states[GATEWAY] = PeerState(handshake_at=at - timedelta(seconds=300))
    assert stand.test(at=at).tunnel is False


def test_what_no_plant_has_and_what_needs_no_answer_is_not_tried() -> None:
    stand = Stand()
    for device in ("10.128.9.1", "192.168.1.10", "127.0.0.1", "100.64.0.1"):
        done = stand.test(device=IPv4Address(device))
        assert (done.reply, done.doors) == ("not-tried", None)
    assert stand.test("udp").reply == "not-tried"
    assert stand.test("udp").doors == ()
    assert stand.dialled == []
    assert stand.machine.in_force.doors == {}


def test_silence_behind_a_door_that_somebody_closed_says_nothing() -> None:
    stand = Stand("silent")
    assert stand.test().reply == "silent"
    stand = Stand("silent")
    stand.machine.watch = None
    dial = stand.trials.dial

    def closing(source: IPv4Address, device: IPv4Address, port: int) -> tuple[Reply, int | None]:
        stand.machine.in_force.doors.clear()
        return dial(source, device, port)

    stand.trials.dial = closing
    assert stand.test().reply == ""


def test_a_machine_that_fails_tries_nothing() -> None:
    stand = Stand()
    stand.machine.fail_at = stand.machine.steps + 1
    assert stand.test().reply == "not-tried"
    assert IPv4Network("10.128.1.0/24") == PLANT
