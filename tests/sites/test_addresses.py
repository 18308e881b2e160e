"""Addresses are given out once, whoever asks, in whatever order, also at the same time."""

from __future__ import annotations

from functools import partial
from ipaddress import IPv4Network
from itertools import combinations

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from furka.plan.addressing import PLAN, NoAddressLeft
from furka.tunnel.addresses import draw, draw_prefix, gateway_address, hub_address, profile_address
from furka.tunnel.models import Counter
from tests.together import none_failed, together
from tests.undoing import undone


@settings(max_examples=50)
@given(st.lists(st.integers(16, 30), max_size=25))
def test_law_no_virtual_prefix_is_given_out_twice(database: None, lengths: list[int]) -> None:
    with undone():
        given_out = [draw_prefix(length) for length in lengths]

        assert [network.prefixlen for network in given_out] == lengths
        assert all(network.subnet_of(PLAN.plants) for network in given_out)
        assert [pair for pair in combinations(given_out, 2) if pair[0].overlaps(pair[1])] == []


@settings(max_examples=20)
@given(st.lists(st.sampled_from(["gateways", "profiles", "hubs"]), max_size=20))
def test_law_no_number_is_given_out_twice(database: None, names: list[str]) -> None:
    with undone():
        drawn = [(name, draw(name)) for name in names]

        assert len(set(drawn)) == len(drawn)
        for name in set(names):
            assert [number for other, number in drawn if other == name] == list(
                range(1, names.count(name) + 1)
            )


def test_addresses_lie_in_their_ranges() -> None:
    assert hub_address(1) in PLAN.hubs
    assert gateway_address(65_534) in PLAN.gateways
    assert profile_address(1) in PLAN.profiles
    for address in (hub_address, gateway_address, profile_address):
        with pytest.raises(NoAddressLeft):
            address(0)
    with pytest.raises(NoAddressLeft):
        gateway_address(65_535)


def test_end_of_the_range_is_said_and_nothing_beyond_it_given_out(database: None) -> None:
    with undone():
        Counter.objects.create(name="plants", last=int(PLAN.plants.broadcast_address) - 255)
        assert draw_prefix(24) == IPv4Network("10.255.255.0/24")
        with pytest.raises(NoAddressLeft):
            draw_prefix(30)


@pytest.mark.django_db(transaction=True)
def test_addresses_that_are_drawn_at_the_same_time_differ() -> None:
    def take(length: int) -> list[tuple[int, IPv4Network]]:
        found = []
        for _ in range(5):
            with transaction.atomic():
                found.append((draw("gateways"), draw_prefix(length)))
        return found

    drawn = [
        pair for some in none_failed(together([partial(take, 24 + at) for at in range(4)])) for pair in some
    ]

    assert sorted(number for number, _ in drawn) == list(range(1, 21))
    assert [
        pair for pair in combinations([network for _, network in drawn], 2) if pair[0].overlaps(pair[1])
    ] == []
