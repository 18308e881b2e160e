"""What a hub tells of peers and accesses, from counters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from furka.hub.machine import Use
from furka.hub.watch import AccessWatch, Memory, PeerWatch, Timing
from furka.kernel.wireguard import PeerState
from furka.plan.doors import DoorKey
from furka.plan.entries import Door, TunnelEnd
from furka.wire.hub import AccessSeen, PeerSeen
from tests.laws.hub_worlds import NOW, at_second, key_of

LAPTOP = IPv4Address("100.72.0.1")
KEY = DoorKey(LAPTOP, 1)
BIRTH = 77


def door(**other: object) -> Door:
    usual = {
        "profile": "lap",
        "site_name": "school",
        "address": LAPTOP,
        "site": 1,
        "not_before": at_second(-1),
        "not_after": at_second(5000),
    }
    return Door.model_validate({**usual, **other})


class Looks:
    """Looks again and again, at counters that go on."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.watch = AccessWatch(Timing(), memory or Memory(birth=BIRTH))
        self.doors: dict[DoorKey, Door] = {KEY: door()}
        self.watch.open(self.doors.values())

    def look(self, seconds: float, packets: int | None, birth: int = BIRTH) -> list[AccessSeen]:
        uses: Mapping[DoorKey, Use] = {} if packets is None else {KEY: Use(packets, packets * 100)}
        return self.watch.look(birth, uses, self.doors.get, at_second(seconds))

    def remembered(self) -> Memory:
        """As it comes back from the disk."""
        memory = Memory(birth=self.watch.birth, passages=self.watch.passages())
        return Memory.model_validate_json(memory.model_dump_json())


def said(seen: list[AccessSeen]) -> list[tuple[float, float | None, str, int]]:
    return [
        (
            (one.began_at - NOW).total_seconds(),
            None if one.ended_at is None else (one.ended_at - NOW).total_seconds(),
            one.ended_by,
            one.packets,
        )
        for one in seen
    ]


# -- accesses -------------------------------------------------------------------------------------------------------


def test_an_access_begins_with_its_first_packet() -> None:
    looks = Looks()
    assert looks.look(0, None) == []
    (seen,) = looks.look(1, 3)
    assert (seen.profile, seen.site_name, seen.packets, seen.bytes) == ("lap", "school", 3, 300)
    assert said([seen]) == [(1, None, "", 3)]
    assert looks.look(2, 4) == []


def test_an_access_ends_after_a_silence_at_its_last_packet() -> None:
    looks = Looks()
    (began,) = looks.look(1, 3)
    looks.look(5, 4)
    assert looks.look(64, 4) == []
    (ended,) = looks.look(65, 4)
    assert said([ended]) == [(1, 5, "idle", 4)]
    assert ended.token == began.token
    assert looks.look(200, 4) == []


def test_the_next_access_counts_from_zero_under_another_token() -> None:
    looks = Looks()
    (first,) = looks.look(1, 3)
    looks.look(70, 3)
    (second,) = looks.look(80, 10)
    assert said([second]) == [(80, None, "", 7)]
    assert second.token != first.token
    assert second.bytes == 700


def test_an_access_ends_when_its_door_closes() -> None:
    looks = Looks()
    looks.look(1, 3)
    looks.doors.clear()
    assert said(looks.look(2, 5)) == [(1, 2, "closed", 5)]
    assert looks.look(3, 5) == []
    looks.look(61, None)
    assert looks.watch.passages() == []


def test_it_does_not_end_later_than_the_door_did() -> None:
    looks = Looks()
    looks.doors[KEY] = door(not_after=at_second(10))
    looks.look(1, 3)
    looks.doors.clear()
    assert said(looks.look(400, 5))[-1] == (1, 10, "closed", 5)


def test_what_is_moved_in_a_long_access_is_told_now_and_then() -> None:
    looks = Looks()
    told = [seconds for seconds in range(1, 1000, 10) if looks.look(seconds, seconds)]
    assert told == list(range(1, 1000, 30))


def test_a_restart_neither_loses_nor_doubles_an_access() -> None:
    before = Looks()
    (began,) = before.look(1, 3)
    after = Looks(before.remembered())
    assert after.look(2, 3) == []
    assert after.look(3, 9) == []
    after.doors.clear()
    (ended,) = after.look(4, 9)
    assert (ended.token, ended.packets) == (began.token, 9)


def test_a_door_that_was_used_and_closed_while_nobody_looked_is_told() -> None:
    before = Looks()
    before.look(0, None)
    after = Looks(before.remembered())
    after.doors.clear()
    seen = after.look(9000, 8)
    assert said(seen) == [(5000, None, "", 8), (5000, 5000, "closed", 8)]
    assert len({one.token for one in seen}) == 1


def test_after_the_machine_lost_its_counters_what_ran_has_ended() -> None:
    before = Looks()
    before.look(1, 3)
    after = Looks(before.remembered())
    assert said(after.look(100, 50, birth=BIRTH + 1)) == [(1, 1, "closed", 3), (100, None, "", 50)]


def test_a_counter_that_somebody_emptied_loses_nothing_that_was_seen() -> None:
    looks = Looks()
    looks.look(1, 30)
    looks.look(2, 4)
    looks.doors.clear()
    assert said(looks.look(3, 4)) == [(1, 3, "closed", 34)]


def test_an_address_that_is_given_to_somebody_else_begins_anew() -> None:
    looks = Looks()
    looks.look(1, 3)
    looks.doors[KEY] = door(profile="other")
    assert said(looks.look(2, 5)) == [(1, 2, "closed", 5)]
    (seen,) = looks.look(3, 6)
    assert (seen.profile, seen.packets) == ("other", 1)


def test_doors_that_were_never_used_are_forgotten_in_time() -> None:
    looks = Looks()
    looks.look(0, None)
    looks.doors.clear()
    looks.look(30, None)
    assert len(looks.watch.passages()) == 1
    looks.look(61, None)
    assert looks.watch.passages() == []


def test_only_new_doors_are_worth_remembering() -> None:
    looks = Looks()
    assert not looks.watch.open([door()])
    assert looks.watch.open([door(site=2)])


# -- peers ----------------------------------------------------------------------------------------------------------

PEER = key_of(1)
#: The hub's own clock is wrong by years.
WALL = datetime(2001, 1, 1, tzinfo=UTC)


class Peers:
    """Looks at one peer as time goes by."""

    def __init__(self, end: TunnelEnd = TunnelEnd.GATEWAY) -> None:
        self.watch = PeerWatch(Timing())
        self.end = end

    def look(
        self, at: float, received: int = 0, shaken: float | None = None, endpoint: str = "a:1"
    ) -> PeerSeen | None:
        handshake = None if shaken is None else WALL + timedelta(seconds=shaken)
        state = PeerState((), endpoint, handshake, received, received * 2)
        wall = WALL + timedelta(seconds=at)
        seen = self.watch.look({PEER: state}, lambda key: self.end, at, wall, at_second(at))
        return seen[0] if seen else None


def test_a_peer_that_never_came_is_no_news() -> None:
    assert Peers().look(0) is None


def test_a_peer_comes_with_its_handshake_by_the_portals_time() -> None:
    peers = Peers()
    peers.look(0)
    seen = peers.look(10, 148, shaken=9.5)
    assert seen == PeerSeen(
        public_key=PEER,
        online=True,
        at=at_second(10),
        handshake_at=at_second(9.5),
        endpoint="a:1",
        received_bytes=148,
        sent_bytes=296,
    )
    assert peers.look(11, 180, shaken=9.5) is None


def test_a_gateway_is_gone_after_three_missing_signs_of_life() -> None:
    peers = Peers()
    peers.look(0, 148, shaken=0)
    peers.look(30, 180, shaken=0)
    assert peers.look(109.9, 180, shaken=0) is None
    seen = peers.look(110, 180, shaken=0)
    assert seen is not None
    assert not seen.online
    back = peers.look(200, 212, shaken=0)
    assert back is not None
    assert back.online


def test_a_laptop_may_be_silent_for_longer() -> None:
    peers = Peers(TunnelEnd.PROFILE)
    peers.look(0, 148, shaken=0)
    assert peers.look(179, 148, shaken=0) is None
    seen = peers.look(181, 148, shaken=0)
    assert seen is not None
    assert not seen.online


def test_after_a_start_of_the_program_a_peer_that_was_there_is_online_at_once() -> None:
    peers = Peers()
    seen = peers.look(500, 9000, shaken=400)
    assert seen is not None
    assert seen.online
    assert peers.look(579, 9000, shaken=400) is None
    gone = peers.look(581, 9000, shaken=400)
    assert gone is not None
    assert not gone.online


def test_a_peer_of_last_week_is_told_as_offline_once() -> None:
    peers = Peers()
    seen = peers.look(700_000, 9000, shaken=5)
    assert seen is not None
    assert (seen.online, seen.handshake_at) == (False, at_second(5))
    assert peers.look(700_001, 9000, shaken=5) is None


def test_counters_are_told_every_five_minutes_at_most() -> None:
    peers = Peers()
    told = [second for second in range(0, 1000, 20) if peers.look(second, second + 1, shaken=0)]
    assert told == [0, 300, 600, 900]


def test_a_quiet_peer_is_not_told_again() -> None:
    peers = Peers(TunnelEnd.PROFILE)
    assert [second for second in range(0, 2000, 50) if peers.look(second, 5, shaken=second)] == [0]


def test_peers_that_are_not_in_the_plan_are_not_told() -> None:
    watch = PeerWatch(Timing())
    state = PeerState((), None, WALL, 5, 5)
    assert watch.look({PEER: state}, lambda key: None, 0, WALL, NOW) == []
