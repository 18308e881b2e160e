"""What a hub wants, from what it has heard, at a moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from math import inf

import pytest

from furka.hub.desired import Desired
from furka.hub.portal_time import SLACK, PortalTime
from furka.hub.touched import Touched
from furka.plan.doors import EVERY_HOST, DoorKey
from furka.plan.entries import Door, DoorPort, Peer, Prefix, TunnelEnd
from furka.wire.hub import PlanAnswer
from tests.laws.hub_worlds import LAYOUT, NOW, at_second, everything, key_of

LAPTOP = IPv4Address("100.72.0.1")
SCHOOL = IPv4Network("10.128.1.0/24")
KEY = DoorKey(LAPTOP, 1)


def door(begin: float, end: float | None, lease: int | None = None) -> Door:
    return Door(
        profile="lap",
        site_name="school",
        address=LAPTOP,
        site=1,
        not_before=at_second(begin),
        not_after=None if end is None else at_second(end),
        lease_seconds=lease,
    )


def hearing(*entries: Door | Peer | Prefix) -> Desired:
    desired = Desired()
    desired.settle(LAYOUT)
    desired.hear(everything({entry.key: entry for entry in entries}), 0.0)
    return desired


def until(desired: Desired, at: float) -> float | None:
    found = desired.open_door(KEY, at)
    return found.until if found else None


# -- the portal's time ----------------------------------------------------------------------------------------------


def test_the_portal_has_its_own_time() -> None:
    time = PortalTime()
    assert not time.known
    with pytest.raises(ValueError, match="not known"):
        time.at(5)
    time.hear(NOW, 100.0)
    assert time.at(107.5) == NOW + timedelta(seconds=7.5)
    assert time.moment_of(NOW - timedelta(seconds=1)) == 99.0


def test_the_answer_that_travelled_least_is_believed() -> None:
    time = PortalTime()
    time.hear(NOW, 100.0)
    time.hear(NOW + timedelta(seconds=8), 110.0)
    assert time.at(100.0) == NOW
    time.hear(NOW + timedelta(seconds=12), 110.0)
    assert time.at(110.0) == NOW + timedelta(seconds=12)


def test_a_portal_whose_clock_was_set_back_is_followed() -> None:
    time = PortalTime()
    time.hear(NOW, 100.0)
    time.hear(NOW - timedelta(hours=1), 100.0)
    assert time.at(100.0) == NOW - timedelta(hours=1)


def test_only_a_noticeable_move_is_told() -> None:
    time = PortalTime()
    assert time.hear(NOW, 100.0)
    assert not time.hear(NOW + timedelta(seconds=SLACK / 2), 100.0)
    assert time.hear(NOW + timedelta(seconds=SLACK * 1.5), 100.0)


def test_when_the_portals_time_moves_all_doors_are_looked_at() -> None:
    desired = hearing(door(-1, 60))
    answer = PlanAnswer(now=at_second(5), revision=1, complete=False)
    assert desired.hear(answer, 1.0) == Touched(doors=frozenset({KEY}))
    assert until(desired, 1.0) == 56.0


# -- doors ----------------------------------------------------------------------------------------------------------


def test_a_door_is_open_from_its_beginning_up_to_its_end() -> None:
    desired = hearing(door(5, 10))
    assert [until(desired, at) for at in (4.9, 5, 9.9, 10)] == [None, 10, 10, None]


def test_a_door_without_an_end_is_open_for_ever() -> None:
    assert until(hearing(door(-1, None)), 1e9) == inf


def test_doors_that_follow_each_other_are_one() -> None:
    desired = hearing(door(-1, 10), door(10, 20), door(21, 30))
    assert until(desired, 0) == 20
    found = desired.open_door(KEY, 12)
    assert found is not None
    assert found.door == door(10, 20)


def test_a_lease_ends_a_door_early_and_every_answer_renews_it() -> None:
    desired = hearing(door(-1, 100, lease=60))
    assert [until(desired, at) for at in (0, 59.9, 60)] == [60, 60, None]
    desired.hear(PlanAnswer(now=at_second(30), revision=1, complete=False), 30)
    assert [until(desired, at) for at in (60, 89.9, 90)] == [90, 90, None]
    desired.hear(PlanAnswer(now=at_second(80), revision=1, complete=False), 80)
    assert until(desired, 90) == 100


def test_a_lease_is_renewed_in_thirds() -> None:
    desired = hearing(door(-1, None, lease=60))
    found = desired.open_door(KEY, 0)
    assert found is not None
    assert found.slack == 20
    touched = [
        desired.hear(PlanAnswer(now=at_second(at), revision=1, complete=False), at)
        for at in (5, 19, 25, 44, 45)
    ]
    assert [bool(one) for one in touched] == [False, False, True, False, True]


def test_a_door_that_ends_by_itself_has_little_slack() -> None:
    found = hearing(door(-1, 30, lease=60)).open_door(KEY, 0)
    assert found is not None
    assert found.slack == SLACK


def test_what_is_due_is_named_once() -> None:
    desired = hearing(door(5, 10))
    assert desired.next_moment(0) == 5
    assert [bool(desired.due(at)) for at in (4.9, 5, 5, 9.9, 12, 99)] == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]
    assert desired.next_moment(12) == inf


def test_a_hub_that_was_asleep_is_late_and_knows_it() -> None:
    assert hearing(door(5, 10)).next_moment(7) == 0


# -- ranges ---------------------------------------------------------------------------------------------------------


def test_nothing_outside_the_ranges_is_wanted() -> None:
    outside = IPv4Address("192.0.2.1")
    entries = (
        door(-1, None).model_copy(update={"address": outside}),
        Peer(name="a", end=TunnelEnd.PROFILE, public_key=key_of(0), address=outside),
        Peer(name="b", end=TunnelEnd.PROFILE, public_key=key_of(1), address=LAPTOP, prefixes=(SCHOOL,)),
        Peer(name="c", end=TunnelEnd.GATEWAY, public_key=key_of(2), address=LAPTOP),
        Prefix(network=IPv4Network("192.0.2.0/24"), site=1),
        Prefix(network=IPv4Network("10.0.0.0/8"), site=1),
    )
    desired = hearing(*entries)
    assert desired.everything() == Touched()
    assert desired.refused() == len(entries)
    desired.hear(PlanAnswer(now=NOW, revision=2, complete=False, gone=tuple(one.key for one in entries)), 0)
    assert desired.refused() == 0


def test_before_the_ranges_are_known_nothing_is_wanted() -> None:
    desired = Desired()
    desired.hear(everything({door(-1, None).key: door(-1, None)}), 0.0)
    assert (desired.everything(), desired.open_doors(0)) == (Touched(), {})
    assert desired.settle(LAYOUT) == Touched(doors=frozenset({KEY}))
    assert until(desired, 0) == inf
    assert desired.settle(LAYOUT) == Touched()


def test_of_prefixes_across_each_other_the_widest_counts() -> None:
    wide, narrow = Prefix(network=IPv4Network("10.128.0.0/16"), site=1), Prefix(network=SCHOOL, site=2)
    desired = hearing(narrow, wide)
    assert (desired.site_behind(wide.network), desired.site_behind(SCHOOL)) == (1, None)
    assert desired.refused() == 1
    touched = desired.hear(PlanAnswer(now=NOW, revision=2, complete=False, gone=(wide.key,)), 0)
    assert touched.prefixes == {wide.network, SCHOOL}
    assert desired.site_behind(SCHOOL) == 2


def test_two_that_claim_the_same_do_not_both_get_it() -> None:
    first = Peer(name="a", end=TunnelEnd.GATEWAY, public_key=key_of(0), address=IPv4Address("100.65.0.1"))
    second = first.model_copy(update={"name": "b", "public_key": key_of(1), "prefixes": (SCHOOL,)})
    desired = hearing(second, first)
    assert desired.peer(key_of(0)) == frozenset({IPv4Network("100.65.0.1")})
    assert desired.peer(key_of(1)) == frozenset({SCHOOL})
    touched = desired.hear(PlanAnswer(now=NOW, revision=2, complete=False, gone=(first.key,)), 0)
    assert touched.peers == {key_of(0), key_of(1)}
    assert desired.peer(key_of(0)) is None
    assert desired.peer(key_of(1)) == frozenset({IPv4Network("100.65.0.1"), SCHOOL})
    assert (desired.end_of(key_of(0)), desired.end_of(key_of(1))) == (None, TunnelEnd.GATEWAY)


# -- answers --------------------------------------------------------------------------------------------------------


def test_an_answer_from_the_past_is_no_news() -> None:
    desired = hearing(door(-1, None))
    old = PlanAnswer(now=NOW, revision=0, complete=False, gone=(door(-1, None).key,))
    assert desired.hear(old, 0) == Touched()
    assert (desired.revision, until(desired, 0)) == (1, inf)


def test_only_what_differs_is_touched() -> None:
    kept, moved = door(-1, None), Prefix(network=SCHOOL, site=1)
    desired = hearing(kept, moved)
    later = moved.model_copy(update={"site": 2})
    answer = PlanAnswer(now=NOW, revision=2, complete=True, entries=(kept, later))
    assert desired.hear(answer, 0) == Touched(prefixes=frozenset({SCHOOL}))


def test_a_late_beginning_survives_many_changes() -> None:
    desired = hearing(door(5000, 6000))
    for revision in range(2, 600):
        changed: datetime = at_second(6000 + revision)
        answer = PlanAnswer(
            now=NOW,
            revision=revision,
            complete=False,
            entries=(door(5000, 6000).model_copy(update={"not_after": changed}),),
        )
        desired.hear(answer, 0)
    assert len(desired._moments) < 1100
    assert desired.next_moment(0) == 5000


# -- doors to a part of a site --------------------------------------------------------------------------------------

CONTROLLER = IPv4Address("10.128.1.10")
WEB = DoorPort(protocol="tcp", number=80)


def narrow(*hosts: IPv4Address, end: float = 60, name: str = "part") -> Door:
    return door(-1, end).model_copy(update={"hosts": hosts, "ports": (WEB,), "name": name})


def open_at(desired: Desired, at: float) -> dict[DoorKey, float]:
    return {key: found.until for key, found in desired.open_doors(at).items()}


def test_a_narrow_door_is_an_element_for_each_host_and_port() -> None:
    desired = hearing(narrow(CONTROLLER, CONTROLLER + 1))
    keys = {DoorKey(LAPTOP, 1, host, "tcp", 80) for host in (CONTROLLER, CONTROLLER + 1)}
    assert open_at(desired, 0) == dict.fromkeys(keys, 60)
    assert desired.due(60).doors == keys


def test_a_door_that_leads_to_another_part_touches_what_was_and_what_is() -> None:
    desired = hearing(narrow(CONTROLLER))
    answer = PlanAnswer(now=NOW, revision=2, complete=False, entries=(narrow(CONTROLLER + 1),))
    assert desired.hear(answer, 0.0).doors == {
        DoorKey(LAPTOP, 1, host, "tcp", 80) for host in (CONTROLLER, CONTROLLER + 1)
    }
    assert open_at(desired, 0) == {DoorKey(LAPTOP, 1, CONTROLLER + 1, "tcp", 80): 60}


def test_of_two_doors_to_the_same_part_the_later_end_counts() -> None:
    desired = hearing(narrow(CONTROLLER), narrow(CONTROLLER, end=3600, name="other"))
    assert open_at(desired, 0) == {DoorKey(LAPTOP, 1, CONTROLLER, "tcp", 80): 3600}
    found = desired.visit(DoorKey(LAPTOP, 1), 0)
    assert found is not None
    assert found.name == "other"


def test_a_door_to_no_host_or_to_one_that_is_no_plants_opens_nothing() -> None:
    assert open_at(hearing(narrow()), 0) == {}
    outside = hearing(narrow(EVERY_HOST))
    assert open_at(outside, 0) == {}
    assert outside.refused() == 1
