"""What waits to be told: the newest about each thing, until it is taken, within bounds."""

from __future__ import annotations

from furka.hub import reports as room
from furka.hub.reports import Reports
from furka.wire.hub import AccessSeen, PeerSeen
from tests.laws.hub_worlds import NOW, key_of


def peer(number: int, received: int = 0) -> PeerSeen:
    return PeerSeen(public_key=key_of(number), online=True, at=NOW, received_bytes=received)


def access(number: int, packets: int = 1) -> AccessSeen:
    return AccessSeen(token=f"token-{number:05}", profile="p", site_name="s", began_at=NOW, packets=packets)


def test_nothing_waits_once_everything_is_taken() -> None:
    reports = Reports()
    reports.state(3, 1, "")
    reports.add([peer(1)], [access(1)])
    assert reports.wait(0)
    report = reports.next()
    assert (report.applied_revision, report.open_doors) == (3, 1)
    assert (report.peers, report.accesses) == ((peer(1),), (access(1),))
    reports.taken(report)
    assert not reports.wait(0)


def test_what_is_not_taken_is_told_again() -> None:
    reports = Reports()
    reports.add([peer(1)])
    assert reports.next() == reports.next()


def test_what_changed_on_the_way_is_told_once_more() -> None:
    reports = Reports()
    reports.add([peer(1)], [access(1)])
    report = reports.next()
    reports.add([peer(1, 50)])
    reports.taken(report)
    assert reports.next().peers == (peer(1, 50),)
    assert reports.next().accesses == ()


def test_how_the_hub_is_is_told_when_it_changes_and_when_it_may_be_forgotten() -> None:
    reports = Reports()
    reports.state(1, 0, "")
    reports.taken(reports.next())
    reports.state(1, 0, "")
    assert not reports.wait(0)
    reports.state(1, 0, "no filter")
    assert reports.wait(0)
    reports.taken(reports.next())
    reports.repeat_state()
    assert reports.wait(0)


def test_a_message_has_bounds() -> None:
    reports = Reports()
    reports.add(accesses=[access(number) for number in range(room.PER_REPORT + 5)])
    first = reports.next()
    assert len(first.accesses) == room.PER_REPORT
    reports.taken(first)
    assert len(reports.next().accesses) == 5


def test_of_too_many_accesses_the_oldest_are_given_up_and_counted() -> None:
    reports = Reports()
    reports.add(accesses=[access(number) for number in range(room.MOST_ACCESSES + 2)])
    assert reports.lost == 2
    assert reports.accesses()[0] == access(2)


def test_what_an_earlier_run_left_is_told() -> None:
    assert Reports([access(7)]).next().accesses == (access(7),)
