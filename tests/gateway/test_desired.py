"""What follows from the portal's settings for the gateway's machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furka.gateway.desired import ImproperSettings, desired, faults_of, is_fresh
from furka.plan.render.gateway_nft import Translation
from furka.wire.gateway import GatewaySettings, HubToReach, TranslatedNetwork

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = "R+GlJJCsNojuaa+1TGb3QAuZGsip9EomLeaBymP/UzM="
HUB = HubToReach(
    public_key=KEY,
    endpoint="203.0.113.1:51820",
    allowed=(IPv4Network("100.64.0.0/16"), IPv4Network("100.72.0.0/13")),
)


def network(real: str, virtual: str) -> TranslatedNetwork:
    return TranslatedNetwork(real=IPv4Network(real), virtual=IPv4Network(virtual))


def settings(
    *networks: TranslatedNetwork, hub: HubToReach | None = HUB, released: bool = False
) -> GatewaySettings:
    return GatewaySettings(
        now=NOON,
        etag="1",
        site="School",
        address=IPv4Address("100.65.0.1"),
        hub=hub,
        networks=networks,
        released=released,
    )


def hub_with(allowed: str, endpoint: str = "203.0.113.1:51820") -> HubToReach:
    return HubToReach(public_key=KEY, endpoint=endpoint, allowed=(IPv4Network(allowed),))


HOUSE = network("192.168.1.0/24", "10.128.1.0/24")
PUMPS = network("172.16.5.0/28", "10.128.2.0/28")


def test_a_network_is_translated_at_the_interface_that_lies_in_it_and_another_is_named_as_missing() -> None:
    tunnel = desired(settings(PUMPS, HOUSE), {HOUSE.real: "eth0"}.get)
    assert tunnel is not None
    assert tunnel.translations == (Translation(HOUSE.virtual, HOUSE.real, "eth0"),)
    assert tunnel.missing == (PUMPS.real,)


def test_without_a_hub_there_is_no_tunnel() -> None:
    assert desired(settings(HOUSE, hub=None), {HOUSE.real: "eth0"}.get) is None


def test_a_released_gateway_has_no_tunnel() -> None:
    assert desired(settings(HOUSE, released=True), {HOUSE.real: "eth0"}.get) is None


@pytest.mark.parametrize(
    ("improper", "fault"),
    [
        (
            settings(network("192.168.1.0/24", "10.128.1.0/25")),
            "192.168.1.0/24 and 10.128.1.0/25 differ in size",
        ),
        (
            settings(HOUSE, network("192.168.1.0/28", "10.128.2.0/28")),
            "the networks 192.168.1.0/24 and 192.168.1.0/28 overlap",
        ),
        (
            settings(HOUSE, network("10.0.0.0/28", "10.128.1.0/28")),
            "the virtual prefixes 10.128.1.0/24 and 10.128.1.0/28 overlap",
        ),
        (
            settings(hub=hub_with("0.0.0.0/0", "hub.example.org:51820")),
            "the tunnel may not carry a range as large as 0.0.0.0/0",
        ),
        (
            settings(hub=hub_with("100.64.0.0/16", "100.64.0.9:51820")),
            "the hub 100.64.0.9 can't be reached through its own tunnel (100.64.0.0/16)",
        ),
        (
            settings(HOUSE, hub=hub_with("192.168.0.0/16")),
            "the tunnel's range 192.168.0.0/16 covers the network 192.168.1.0/24",
        ),
    ],
)
def test_settings_that_would_do_harm_are_refused_with_the_reason(
    improper: GatewaySettings, fault: str
) -> None:
    assert faults_of(improper) == [fault]
    with pytest.raises(ImproperSettings, match=r".+"):
        desired(improper, lambda _: "eth0")


def test_a_session_counts_for_three_minutes_after_its_handshake() -> None:
    ages = [None, timedelta(0), timedelta(seconds=179), timedelta(seconds=180)]
    fresh = [is_fresh(None if age is None else NOON - age, NOON) for age in ages]
    assert fresh == [False, True, True, False]


plants = st.lists(
    st.integers(0, 99).map(lambda n: network(f"192.168.{n}.0/24", f"10.128.{n}.0/24")), unique=True
)


@given(plants, st.sets(st.integers(0, 99)))
def test_law_every_network_is_either_translated_or_missing(
    some: list[TranslatedNetwork], present: set[int]
) -> None:
    there = {IPv4Network(f"192.168.{number}.0/24"): f"lan{number}" for number in present}
    tunnel = desired(settings(*some), there.get)
    assert tunnel is not None
    assert sorted([*(one.real for one in tunnel.translations), *tunnel.missing]) == sorted(
        one.real for one in some
    )
    assert {one.real for one in tunnel.translations} <= there.keys()


@given(plants, st.permutations(range(5)))
def test_law_the_order_of_networks_does_not_matter(some: list[TranslatedNetwork], order: list[int]) -> None:
    shuffled = [some[n] for n in order if n < len(some)] + some[5:]
    assert desired(settings(*some), lambda _: "eth0") == desired(settings(*shuffled), lambda _: "eth0")
