"""What links move, told when it changed and not more often than every ten seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network

from furka.hub.desired import Desired
from furka.hub.link_watch import TOLD_EVERY, LinkWatch
from furka.hub.machine import LinkUse
from furka.plan.link_entries import Bridge, Junction, Leg
from furka.wire.hub import PlanAnswer
from tests.laws.hub_worlds import LAYOUT

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ONE, OTHER = ("meters", "north"), ("meters", "south")


def test_what_changed_is_told_and_nothing_twice() -> None:
    watch = LinkWatch()
    first = watch.look({ONE: LinkUse(sent_bytes=5, sent_packets=1), OTHER: LinkUse()}, 0.0, AT)
    assert [(seen.member, seen.sent_bytes) for seen in first] == [("north", 5), ("south", 0)]
    more = {ONE: LinkUse(sent_bytes=9, sent_packets=2), OTHER: LinkUse()}
    assert watch.look(more, TOLD_EVERY / 2, AT) == []
    assert [seen.sent_bytes for seen in watch.look(more, TOLD_EVERY, AT)] == [9]
    assert watch.look(more, 3 * TOLD_EVERY, AT) == []
    assert watch.look({}, 4 * TOLD_EVERY, AT) == []
    assert len(watch.look(more, 4 * TOLD_EVERY, AT)) == 2  # whoever comes back is told at once


def test_a_hub_wants_the_links_of_its_plan_and_nothing_outside_its_ranges() -> None:
    desired = Desired()
    desired.settle(LAYOUT)
    leg = Leg(
        link="wire",
        number=1,
        member="north",
        site_name="north",
        site=1,
        gateway=IPv4Address("100.65.0.1"),
        segment=7,
    )
    strange = leg.model_copy(update={"member": "x", "segment": 8, "gateway": IPv4Address("192.0.2.1")})
    public = Junction(
        link="meters",
        number=2,
        member="south",
        site_name="south",
        site=2,
        prefixes=(IPv4Network("192.0.2.0/24"),),
    )
    plan = (Bridge(link="wire", number=1), leg, strange, public)
    touched = desired.hear(PlanAnswer(now=AT, revision=1, complete=True, entries=plan), 0.0)
    assert touched.links
    assert desired.links().legs() == [leg]
    assert desired.links().joined == ()
    assert desired.refused() == 2
    gone = PlanAnswer(now=AT, revision=2, complete=False, gone=(leg.key,))
    assert desired.hear(gone, 1.0).links
    assert desired.links().legs() == []
