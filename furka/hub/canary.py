"""The hub tries its own whole way, every minute, as a technician would: connect, reach a device, be cut off.

Two ends of tunnels live in this process, a technician's and that of a gateway with one device behind it. Their packets
go by the machine's real tunnels and its real filter, through a door that the hub opens for seconds and closes again;
then nothing may pass any more. No plant and no person has to do with it: their addresses are the last of their ranges.

The machine's thread opens and closes the door; the waiting is done by a thread of its own.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from threading import Event, Thread

from furka.clock import monotonic, now
from furka.hub.machine import Machine, MachineError
from furka.kernel.wireguard import PeerState
from furka.plan.doors import DoorKey, FilterChange
from furka.plan.entries import Entry, Peer, Prefix
from furka.plan.entries import TunnelEnd as End
from furka.plan.render.hub_nft import Layout
from furka.probes.echo import Echo, echo_in
from furka.probes.tunnel import NoConnection, TunnelEnd
from furka.wire.hub import CanarySeen, PlanAnswer

log = logging.getLogger(__name__)

#: Seconds between two trials, and those that the door stands open at most.
ROUND, DOOR_SECONDS = 60.0, 8.0
#: After so many seconds the first one begins: by then the plan is in force.
SETTLE = 5.0
#: So many echoes are sent, and each may take so many seconds; behind the closed door as many seconds have to pass.
ECHOES, PATIENCE, CUT_PATIENCE = 5, 1.0, 0.4
CONNECT_PATIENCE = 2.0
#: The number of the site that does not exist; sites count up from 1.
SITE = 0x7FFF_FFFE

#: Sorts behind every name that the portal gives out: whoever claims these addresses too has them.
_NAME = "~canary"


@dataclass(frozen=True, slots=True)
class Step:
    """Its thread has come so far: the machine's thread has to do something, or it is over."""

    seen: CanarySeen | None  # None: the door has to be closed now


class Canary:
    """That of one hub."""

    def __init__(self, machine: Machine, hub_key: str, port: int, tell: Callable[[Step], None]) -> None:
        self._machine = machine
        self._port = port
        self._tell = tell
        hub = base64.b64decode(hub_key)
        self._technician, self._gateway = TunnelEnd(hub), TunnelEnd(hub)
        self._door: DoorKey | None = None
        self._closed = Event()
        self._address = self._device = IPv4Address(0)
        self._keys = [base64.b64encode(each.public).decode() for each in (self._technician, self._gateway)]
        self._ready = False
        self._next_at = monotonic() + SETTLE
        self.running = False

    def added_to(self, answer: PlanAnswer, layout: Layout | None) -> PlanAnswer:
        """A complete plan with what the canary needs; others are as they were."""
        if not answer.complete or layout is None or not self._port:
            return answer
        self._ready = True
        return answer.model_copy(update={"entries": (*answer.entries, *self._entries(layout))})

    def _entries(self, layout: Layout) -> tuple[Entry, ...]:
        network = IPv4Network((int(layout.plants.broadcast_address) - 3, 30))
        self._address, self._device = layout.profiles[-2], network[1]
        technician, gateway = self._keys
        return (
            Peer(name=_NAME, end=End.PROFILE, public_key=technician, address=self._address),
            Peer(
                name=_NAME,
                end=End.GATEWAY,
                public_key=gateway,
                address=layout.gateways[-2],
                prefixes=(network,),
            ),
            Prefix(network=network, site=SITE),
        )

    def without(self, states: dict[str, PeerState]) -> dict[str, PeerState]:
        """What is known about peers, the two ends of the canary aside."""
        return {key: state for key, state in states.items() if key not in self._keys}

    # -- in the machine's thread --------------------------------------------------------------------------------

    def tend(self, at: float) -> None:
        """Begin, if it is time, and its ends are in force."""
        if self._ready and not self.running and at >= self._next_at:
            self._next_at = at + ROUND
            self._begin()

    def take(self, step: Step) -> CanarySeen | None:
        """Its thread has come so far; returns what is to be told."""
        if step.seen is None:
            self._close_door()
        else:
            self.running = False
        return step.seen

    def _begin(self) -> None:
        self._door = DoorKey(self._address, SITE)
        try:
            self._machine.change_filter(FilterChange(open={self._door: DOOR_SECONDS}))
        except MachineError as error:
            log.warning("no trial of the own way: %s", error)
            self._tell(Step(CanarySeen(at=now(), code="no-connection")))
            return
        self.running = True
        self._closed.clear()
        Thread(target=self._run, name="canary", daemon=True).start()

    def _close_door(self) -> None:
        if self._door is not None:
            try:
                self._machine.change_filter(FilterChange(close=frozenset({self._door})))
            except MachineError as error:
                log.warning("the canary's door stays until its time is up: %s", error)
            else:
                self._closed.set()

    # -- in its own thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            seen = self._tried()
        except NoConnection:
            seen = CanarySeen(at=now(), code="no-connection")
        except Exception:  # a trial is worth no tunnel
            log.exception("the trial of the own way failed")
            seen = CanarySeen(at=now(), code="no-connection")
        finally:
            self._technician.close()
            self._gateway.close()
        if not self._closed.is_set():
            self._tell(Step(None))
        self._tell(Step(seen))

    def _tried(self) -> CanarySeen:
        self._gateway.connect("127.0.0.1", self._port, CONNECT_PATIENCE)
        took = self._technician.connect("127.0.0.1", self._port, CONNECT_PATIENCE)
        times = [ms for number in range(ECHOES) if (ms := self._echo(number, PATIENCE)) is not None]
        seen = CanarySeen(
            at=now(),
            code="" if times else "not-reached",
            connect_ms=round(took),
            reach_ms=round(sorted(times)[len(times) // 2]) if times else None,
            sent=ECHOES,
            lost=ECHOES - len(times),
        )
        if not times:
            return seen
        self._tell(Step(None))
        passes = not self._closed.wait(PATIENCE * 3) or any(
            self._echo(ECHOES + number, CUT_PATIENCE) is not None for number in range(2)
        )
        return seen.model_copy(update={"code": "not-cut"}) if passes else seen

    def _echo(self, number: int, patience: float) -> float | None:
        """The milliseconds until the device has answered; None if it did not."""
        begin = monotonic()
        until = begin + patience
        self._technician.send(Echo(self._address, self._device, number).packet())
        while (packet := self._gateway.receive(until)) is not None:
            asked = echo_in(packet)
            if asked is not None and asked.number == number and not asked.is_reply:
                self._gateway.send(asked.reply.packet())
                break
        while (packet := self._technician.receive(until)) is not None:
            answered = echo_in(packet)
            if answered is not None and answered.is_reply and answered.number == number:
                return (monotonic() - begin) * 1000
        return None
