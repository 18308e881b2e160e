"""The text of a hub's packet filter: golden, and what a kernel makes of it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from math import inf
from pathlib import Path

import pytest

from furka.plan.doors import DoorKey, FilterChange
from furka.plan.render import hub_nft
from furka.plan.render.hub_nft import Layout

GOLDEN = Path(__file__).parents[1] / "golden"

LAYOUT = Layout(
    interface="furka0",
    address=IPv4Address("100.64.0.1"),
    gateways=IPv4Network("100.65.0.0/16"),
    profiles=IPv4Network("100.72.0.0/13"),
    plants=IPv4Network("10.128.0.0/9"),
)
LAPTOP = DoorKey(IPv4Address("100.72.0.1"), 1)
PHONE = DoorKey(IPv4Address("100.72.0.10"), 2)
TABLET = DoorKey(IPv4Address("100.72.0.9"), 1)
CONTROLLER = IPv4Address("10.128.1.10")
NARROW = {
    DoorKey(IPv4Address("100.72.0.3"), 1, CONTROLLER): 60.0,
    DoorKey(IPv4Address("100.72.0.3"), 1, CONTROLLER + 1, "tcp", 80): 61.0,
    DoorKey(IPv4Address("100.72.0.4"), 1, protocol="udp", port=47808): inf,
}
SCHOOL = IPv4Network("10.128.1.0/24")
POOL = IPv4Network("10.128.2.0/24")


def test_the_whole_table_is_the_golden_one() -> None:
    doors = {PHONE: inf, LAPTOP: 3600.25, TABLET: 59.0, **NARROW}
    text = hub_nft.whole(LAYOUT, {POOL: 2, SCHOOL: 1}, doors, birth=7)
    assert text == (GOLDEN / "hub.nft").read_text()


def test_the_closed_table_is_the_golden_one() -> None:
    assert hub_nft.closed("furka0") == (GOLDEN / "hub_closed.nft").read_text()


def test_the_order_of_doors_and_prefixes_does_not_matter() -> None:
    one = hub_nft.whole(LAYOUT, {POOL: 2, SCHOOL: 1}, {PHONE: 1.0, LAPTOP: 2.0})
    assert one == hub_nft.whole(LAYOUT, {SCHOOL: 1, POOL: 2}, {LAPTOP: 2.0, PHONE: 1.0})


def test_a_change_deletes_without_knowing_what_is_there() -> None:
    change = FilterChange(
        close=frozenset({TABLET}),
        forget={POOL: 2, SCHOOL: 1},
        learn={SCHOOL: 3},
        open={LAPTOP: 90.0, PHONE: inf},
    )
    assert hub_nft.change(change).splitlines() == [
        "add element inet furka doors { 100.72.0.1 . 1, 100.72.0.9 . 1, 100.72.0.10 . 2 }",
        "delete element inet furka doors { 100.72.0.1 . 1, 100.72.0.9 . 1, 100.72.0.10 . 2 }",
        "add element inet furka site_of { 10.128.1.0/24 : 1, 10.128.2.0/24 : 2 }",
        "delete element inet furka site_of { 10.128.1.0/24, 10.128.2.0/24 }",
        "add element inet furka site_of { 10.128.1.0/24 : 3 }",
        "add element inet furka doors { 100.72.0.1 . 1 timeout 1m30s, 100.72.0.10 . 2 }",
    ]


def test_narrow_doors_change_in_sets_of_their_own() -> None:
    change = FilterChange(
        close=frozenset(list(NARROW)[:1]), open={LAPTOP: inf, **dict(list(NARROW.items())[1:])}
    )
    assert hub_nft.change(change).splitlines()[-3:] == [
        "add element inet furka doors { 100.72.0.1 . 1 }",
        "add element inet furka door_ports { 100.72.0.4 . 1 . udp . 47808 }",
        "add element inet furka door_host_ports { 100.72.0.3 . 1 . 10.128.1.11 . tcp . 80 timeout 1m1s }",
    ]
    assert "delete element inet furka door_hosts { 100.72.0.3 . 1 . 10.128.1.10 }" in hub_nft.change(change)


def test_a_change_of_nothing_is_false() -> None:
    assert not FilterChange()
    assert FilterChange(open={LAPTOP: 1.0})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1ms"),
        (0.0004, "1ms"),
        (1.5, "1s500ms"),
        (59.9999, "59s999ms"),
        (60.0, "1m"),
        (86_400.0 * 365 + 61.001, "365d1m1s1ms"),
        (1e12, "36500d"),
    ],
)
def test_time_left_is_written_to_the_millisecond(seconds: float, text: str) -> None:
    (line,) = [
        line
        for line in hub_nft.change(FilterChange(open={LAPTOP: seconds})).splitlines()
        if "timeout" in line
    ]
    assert line == f"add element inet furka doors {{ 100.72.0.1 . 1 timeout {text} }}"


def test_many_elements_are_spread_over_lines() -> None:
    doors = {DoorKey(IPv4Address("100.72.0.0") + number, 1): 5.0 for number in range(2001)}
    lines = hub_nft.whole(LAYOUT, {}, doors).splitlines()
    assert [line.count("timeout 5s") for line in lines if " 1 timeout 5s" in line] == [1000, 1000, 1]


def test_nothing_of_the_layout_is_forgotten() -> None:
    text = hub_nft.whole(LAYOUT, {}, {})
    for other in (
        replace(LAYOUT, interface="furka9"),
        replace(LAYOUT, address=IPv4Address("100.64.0.9")),
        replace(LAYOUT, gateways=IPv4Network("100.66.0.0/16")),
        replace(LAYOUT, profiles=IPv4Network("100.80.0.0/13")),
        replace(LAYOUT, plants=IPv4Network("10.0.0.0/9")),
    ):
        assert hub_nft.whole(other, {}, {}) != text
