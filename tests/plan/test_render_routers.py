"""What is put into routers without our program, as text."""

from __future__ import annotations

import os
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from furka.plan.addressing import PLAN
from furka.plan.render.router import PRIVATE_KEY_PLACE, RouterWorld
from furka.plan.render.routers import SYSTEMS
from furka.plan.world import NetworkPair

GOLDEN = Path(__file__).resolve().parents[1] / "golden"

HUB_KEY = "A" * 42 + "E="
HOUSE = NetworkPair(IPv4Network("192.168.1.0/24"), IPv4Network("10.128.1.0/24"))
PUMPS = NetworkPair(IPv4Network("172.16.5.16/28"), IPv4Network("10.128.2.0/28"))


def world(
    *networks: NetworkPair, endpoint: str = "hub.example.org:51820", hub_key: str = HUB_KEY
) -> RouterWorld:
    sources = (PLAN.hubs, PLAN.profiles, PLAN.pages)
    return RouterWorld(IPv4Address("100.65.0.1"), hub_key, endpoint, sources, networks)


@pytest.mark.parametrize("system", SYSTEMS)
def test_two_networks_give_the_kept_text(system: str) -> None:
    text = SYSTEMS[system].render(world(PUMPS, HOUSE))

    kept = GOLDEN / f"router_{system}.txt"
    if os.environ.get("FURKA_TEST_RENEW_GOLDEN"):
        kept.write_text(text)
    assert text == kept.read_text()
    assert text == SYSTEMS[system].render(world(HOUSE, PUMPS)), "the order does not matter"


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("networks", [(), (HOUSE,)])
def test_there_is_one_place_for_the_private_key(system: str, networks: tuple[NetworkPair, ...]) -> None:
    assert SYSTEMS[system].render(world(*networks)).count(PRIVATE_KEY_PLACE) == 1


@pytest.mark.parametrize(
    "endpoint",
    [
        "hub",
        "hub.example.org",
        "$(reboot):1",
        "hub';reboot;':1",
        "hub\n:1",
        "hub example:1",
        ":1",
        "-i:1",
        "hub:x",
    ],
)
def test_nothing_but_the_name_of_a_host_gets_into_commands(endpoint: str) -> None:
    with pytest.raises(ValueError, match="no hub"):
        world(HOUSE, endpoint=endpoint)
    with pytest.raises(ValueError, match="no hub"):
        world(HOUSE, hub_key='"; reboot')
