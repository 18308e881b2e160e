"""What a hub sees: peers that come and go, and accesses that begin and end, as messages for the portal.

Pure: it is shown counters and told the time. What must survive a restart of the program is in `Memory`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from pydantic import AwareDatetime, BaseModel

from furka.hub.machine import Use
from furka.kernel.wireguard import PeerState
from furka.plan.doors import DoorKey
from furka.plan.entries import Door, TunnelEnd
from furka.wire.hub import AccessSeen, PeerSeen

_SWEEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long silence may last, and how often counters are worth a message."""

    silent_gateway: timedelta = timedelta(seconds=80)  # three of its signs of life, one every 25 s
    silent_profile: timedelta = timedelta(seconds=180)  # a laptop shows only handshakes while it is idle
    idle_access: timedelta = timedelta(seconds=60)
    counters: timedelta = timedelta(minutes=5)  # of peers
    moved: timedelta = timedelta(seconds=30)  # of accesses that run: somebody may be watching


class Passage(BaseModel):
    """What was counted at one door, and the access that runs there, if any."""

    address: IPv4Address
    site: int
    profile: str
    site_name: str
    packets: int = 0  # of the machine's counter when it was last seen
    bytes: int = 0
    answered: int = 0
    packets_before: int = 0  # of these, what belongs to earlier accesses
    bytes_before: int = 0
    answered_before: int = 0
    token: str = ""  # empty while no access runs
    began_at: AwareDatetime | None = None
    moved_at: AwareDatetime | None = None
    told_at: AwareDatetime | None = None
    until: AwareDatetime | None = None  # when the door ends by itself, as far as was known

    @property
    def key(self) -> DoorKey:
        return DoorKey(self.address, self.site)


class Memory(BaseModel):
    """What has to outlive the program: running accesses, and messages that the portal has not taken yet."""

    birth: int = 0
    passages: list[Passage] = []
    accesses: list[AccessSeen] = []


class AccessWatch:
    """Turns counters of doors into accesses.

    The counters of the machine never go back while a door is open, whatever happens to the filter; so the bytes of an
    access are exact, also over reloads and over a restart of this program.
    """

    def __init__(self, timing: Timing, memory: Memory) -> None:
        self._timing = timing
        self._birth = memory.birth
        self._passages = {passage.key: passage for passage in memory.passages}
        self._swept_at: datetime | None = None

    def passages(self) -> list[Passage]:
        """What to remember."""
        return list(self._passages.values())

    @property
    def birth(self) -> int:
        return self._birth

    def open(self, doors: Iterable[Door]) -> bool:
        """These doors are open from now on; returns whether there is something new to remember.

        Whose door it was has to be known also when it is used and closed while this program does not run.
        """
        new = False
        for door in doors:
            key = DoorKey(door.address, door.site)
            present = self._passages.get(key)
            if present is None:
                self._passages[key] = Passage(
                    address=door.address,
                    site=door.site,
                    profile=door.profile,
                    site_name=door.site_name,
                    until=door.not_after,
                )
                new = True
        return new

    def look(
        self,
        birth: int,
        uses: Mapping[DoorKey, Use],
        door_at: Callable[[DoorKey], Door | None],
        now: datetime,
    ) -> list[AccessSeen]:
        """Compare with what was seen before; `now` is the portal's time. Returns what is worth telling."""
        seen: list[AccessSeen] = []
        if birth != self._birth:
            seen += self._begin_anew(birth)
        for key in uses.keys() - self._passages.keys():
            door = door_at(key)
            if door is not None:
                self.open([door])
        for key in self._worth_a_look(uses, now):
            passage, door = self._passages[key], door_at(key)
            seen += self._count(passage, uses.get(key), door, now)
            at = now if door is not None else min(now, passage.until or now)
            if passage.moved_at and at - passage.moved_at >= self._timing.idle_access:
                seen.append(self._end(passage, passage.moved_at, "idle"))
            if door is None:
                if passage.token:
                    seen.append(self._end(passage, at, "closed"))
                if key not in uses:
                    del self._passages[key]
            elif (door.profile, door.site_name) != (passage.profile, passage.site_name):
                if passage.token:
                    seen.append(self._end(passage, now, "closed"))
                passage.profile, passage.site_name = door.profile, door.site_name
            if door is not None:
                passage.until = door.not_after
        return seen

    def _worth_a_look(self, uses: Mapping[DoorKey, Use], now: datetime) -> list[DoorKey]:
        """Doors in use; now and then all of them, to forget those that were closed without being used."""
        if self._swept_at is None or now - self._swept_at >= _SWEEP:
            self._swept_at = now
            return list(self._passages)
        return [key for key, passage in self._passages.items() if passage.token or key in uses]

    def _begin_anew(self, birth: int) -> list[AccessSeen]:
        """The machine lost its counters: it was off, or the table was thrown away. So nothing runs any more."""
        ended = [
            self._end(passage, passage.moved_at, "closed")
            for passage in self._passages.values()
            if passage.token and passage.moved_at
        ]
        for passage in self._passages.values():
            passage.packets = passage.bytes = passage.packets_before = passage.bytes_before = 0
            passage.answered = passage.answered_before = 0
        self._birth = birth
        return ended

    def _count(self, passage: Passage, use: Use | None, door: Door | None, now: datetime) -> list[AccessSeen]:
        use = use or Use(0, 0)
        if use.packets < passage.packets:  # somebody emptied the counter
            passage.packets_before -= passage.packets
            passage.bytes_before -= passage.bytes
            passage.answered_before -= passage.answered
            passage.packets = passage.bytes = passage.answered = 0
        if use.packets == passage.packets:
            return []
        # It may have been used and closed while this program did not run.
        passage_at = now if door is not None else min(now, passage.until or now)
        if not passage.token:
            passage.token = secrets.token_hex(16)
            passage.began_at = passage_at
            passage.told_at = None
            passage.packets_before, passage.bytes_before = passage.packets, passage.bytes
            passage.answered_before = passage.answered
        passage.packets, passage.bytes, passage.moved_at = use.packets, use.bytes, passage_at
        passage.answered = use.answered
        if passage.told_at is not None and now - passage.told_at < self._timing.moved:
            return []
        passage.told_at = now
        return [self._message(passage)]

    def _end(self, passage: Passage, at: datetime, because: str) -> AccessSeen:
        message = self._message(passage).model_copy(update={"ended_at": at, "ended_by": because})
        passage.token, passage.began_at, passage.moved_at, passage.told_at = "", None, None, None
        return message

    @staticmethod
    def _message(passage: Passage) -> AccessSeen:
        if passage.began_at is None:
            raise ValueError("no access runs there")
        return AccessSeen(
            token=passage.token,
            profile=passage.profile,
            site_name=passage.site_name,
            began_at=passage.began_at,
            bytes=passage.bytes - passage.bytes_before,
            packets=passage.packets - passage.packets_before,
            answered_bytes=passage.answered - passage.answered_before,
        )


@dataclass(slots=True)
class _Heard:
    """What was last seen of a peer, and what was last told about it."""

    received_bytes: int
    heard_at: float  # moment of this machine
    told: PeerSeen | None = None
    told_at: float = 0.0


@dataclass(slots=True)
class PeerWatch:
    """Turns the state of peers into news: who came, who went, and now and then what they moved."""

    timing: Timing
    _heard: dict[str, _Heard] = field(default_factory=dict)

    def look(
        self,
        states: Mapping[str, PeerState],
        end_of: Callable[[str], TunnelEnd | None],
        at: float,
        wall: datetime,
        portal_now: datetime,
    ) -> list[PeerSeen]:
        """Compare with what was seen before.

        `wall` is this machine's own clock, right or wrong: the moments of handshakes are told by it.
        """
        seen = []
        for public_key, state in states.items():
            end = end_of(public_key)
            if end is None:
                continue
            limit = self.timing.silent_gateway if end is TunnelEnd.GATEWAY else self.timing.silent_profile
            shaken = None if state.handshake_at is None else max(timedelta(0), wall - state.handshake_at)
            heard = self._hear(public_key, state, shaken, at)
            online = state.handshake_at is not None and at - heard.heard_at < limit.total_seconds()
            told = heard.told
            news = online != told.online if told else shaken is not None
            moved = told is not None and (told.received_bytes, told.sent_bytes, told.endpoint) != (
                state.received_bytes,
                state.sent_bytes,
                state.endpoint or "",
            )
            if news or (moved and at - heard.told_at >= self.timing.counters.total_seconds()):
                heard.told_at = at
                heard.told = PeerSeen(
                    public_key=public_key,
                    online=online,
                    at=portal_now,
                    handshake_at=None if shaken is None else portal_now - shaken,
                    endpoint=state.endpoint or "",
                    received_bytes=state.received_bytes,
                    sent_bytes=state.sent_bytes,
                )
                seen.append(heard.told)
        for public_key in self._heard.keys() - states.keys():
            del self._heard[public_key]
        return seen

    def _hear(self, public_key: str, state: PeerState, shaken: timedelta | None, at: float) -> _Heard:
        """Any byte that arrives is a sign of life, and so is a handshake."""
        since = at if shaken is None else at - shaken.total_seconds()
        heard = self._heard.get(public_key)
        if heard is None:
            # Seen for the first time, perhaps because this program has just started: give it the longer limit.
            fresh = shaken is not None and shaken < self.timing.silent_profile
            heard = self._heard[public_key] = _Heard(state.received_bytes, at if fresh else since)
        if state.received_bytes != heard.received_bytes:
            heard.received_bytes, heard.heard_at = state.received_bytes, at
        elif shaken is not None:
            heard.heard_at = max(heard.heard_at, since)
        return heard
