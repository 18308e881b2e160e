"""Connection tests, because somebody in the portal asked for one: is there an open door in the kernel, is the plant's
tunnel up, does the device answer?

The machine's thread looks doors up, and opens one for its own connection: to that device alone, from an address that
no page and no person has, for seconds, which the kernel counts. So it goes exactly the way that everybody's packets go.
The waiting is done by a thread of its own.
"""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address
from math import inf
from threading import Thread
from typing import Literal

from furka.clock import monotonic
from furka.hub.desired import Desired
from furka.hub.machine import Machine, MachineError
from furka.plan.addressing import dial_address
from furka.plan.doors import EVERY_HOST, DoorKey, FilterChange
from furka.plan.render.hub_nft import Layout
from furka.wire.hub import TrialAsked, TrialDone

log = logging.getLogger(__name__)

Reply = Literal["answers", "refuses", "silent", "no-way", "not-tried", ""]

#: So long a device may take.
DIAL_SECONDS = 4.0
#: So much longer the door for it stays open.
_MARGIN = 2.0
#: A tunnel whose last handshake is older is down: WireGuard makes a new one every two minutes (REJECT_AFTER_TIME).
_FRESH = 190
#: So many devices are tried at once.
MOST_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Dialled:
    """A device was tried."""

    done: TrialDone
    door: DoorKey


#: Connects from an address to a port of another; says what came back, and after how many milliseconds.
Dial = Callable[[IPv4Address, IPv4Address, int], tuple[Reply, int | None]]


def dial(source: IPv4Address, device: IPv4Address, port: int) -> tuple[Reply, int | None]:
    """Open a TCP connection and close it again at once; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
        line.settimeout(DIAL_SECONDS)
        begin = monotonic()
        reply: Reply = "answers"
        try:
            line.bind((str(source), 0))
            line.connect((str(device), port))
        except TimeoutError:
            return "silent", None
        except ConnectionRefusedError:
            reply = "refuses"
        except OSError as error:
            if error.errno not in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN):
                log.warning("%s can not be tried: %s", device, error)
                return "", None
            reply = "no-way"
        return reply, round((monotonic() - begin) * 1000)


class Trials:
    """The tests of one hub. All but the waiting belongs to the machine's thread."""

    def __init__(
        self,
        machine: Machine,
        desired: Desired,
        over: Callable[[Dialled], None],
    ) -> None:
        self.dial: Dial = dial
        self._machine = machine
        self._desired = desired
        self._over = over
        self._running: set[str] = set()

    @property
    def running(self) -> bool:
        """Whether a door stands open that is in no plan: nobody should tidy up now."""
        return bool(self._running)

    def begin(self, asked: TrialAsked, layout: Layout, now: datetime) -> TrialDone | None:
        """Test; returns what was found, or None if the device is being tried. `now` is this machine's wall clock."""
        try:
            return self._begin(asked, layout, now)
        except MachineError as error:
            log.warning("no test: %s", error)
        except Exception:  # a test is worth no tunnel
            log.exception("a test failed")
        return TrialDone(name=asked.name, reply="not-tried")

    def _begin(self, asked: TrialAsked, layout: Layout, now: datetime) -> TrialDone | None:
        site = self._desired.site_of(asked.device)
        if site is None or asked.device not in layout.plants:
            return TrialDone(name=asked.name, reply="not-tried")
        done = self._looked(asked, site, layout, now)
        if asked.port.protocol != "tcp" or len(self._running) >= MOST_AT_ONCE:
            return done.model_copy(update={"reply": "not-tried"})
        door = DoorKey(dial_address(layout.pages), site, asked.device)
        self._machine.change_filter(FilterChange(open={door: DIAL_SECONDS + _MARGIN}))
        self._running.add(asked.name)
        Thread(target=self._dial, args=(asked, done, door), name="dial", daemon=True).start()
        return None

    def end(self, dialled: Dialled) -> TrialDone:
        """A device was tried. Silence behind a door that somebody closed meanwhile says nothing about the device."""
        self._running.discard(dialled.done.name)
        if dialled.done.reply != "silent":
            return dialled.done
        try:
            stood = dialled.door in self._machine.look_up([dialled.door])
        except MachineError:
            stood = False
        return dialled.done if stood else dialled.done.model_copy(update={"reply": ""})

    def _looked(self, asked: TrialAsked, site: int, layout: Layout, now: datetime) -> TrialDone:
        to = ("", 0), (asked.port.protocol, asked.port.number)
        keys = [
            DoorKey(end, site, host, *port)
            for end in asked.ends
            if end in layout.profiles
            for host in (EVERY_HOST, asked.device)
            for port in to
        ]
        left = self._machine.look_up(keys)
        latest: dict[IPv4Address, float] = {}
        for key, seconds in left.items():
            latest[key.address] = max(latest.get(key.address, -inf), seconds)
        state = self._machine.peer_states().get(asked.gateway)
        age = None
        if state is not None and state.handshake_at is not None:
            age = max(0, round((now - state.handshake_at).total_seconds()))
        return TrialDone(
            name=asked.name,
            doors=tuple(None if seconds == inf else max(0.0, seconds) for seconds in latest.values()),
            tunnel=None if state is None else age is not None and age <= _FRESH,
            handshake_seconds=age,
        )

    def _dial(self, asked: TrialAsked, done: TrialDone, door: DoorKey) -> None:
        try:
            reply, took = self.dial(door.address, asked.device, asked.port.number)
        except Exception:
            log.exception("trying a device failed")
            reply, took = "", None
        self._over(Dialled(done.model_copy(update={"reply": reply, "milliseconds": took}), door))
