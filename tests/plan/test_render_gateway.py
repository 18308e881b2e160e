"""The packet filter of a gateway, as text."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from furka.plan.render.gateway_nft import Translation, remove, render

GOLDEN = Path(__file__).resolve().parents[1] / "golden"

OURS = IPv4Address("100.65.0.1")
HOUSE = Translation(IPv4Network("10.128.1.0/24"), IPv4Network("192.168.1.0/24"), "eth0")
PUMPS = Translation(IPv4Network("10.128.2.0/28"), IPv4Network("172.16.5.16/28"), "eth1")


def test_two_networks_give_the_kept_text() -> None:
    assert render("furka0", OURS, [PUMPS, HOUSE]) == (GOLDEN / "gateway_two_networks.nft").read_text()


def test_no_network_gives_the_kept_text() -> None:
    assert render("furka0", OURS, []) == (GOLDEN / "gateway_no_network.nft").read_text()


def test_a_router_forwards_for_others_and_changes_nothing_else() -> None:
    plain, router = (render("furka0", OURS, [HOUSE], router=router).splitlines() for router in (False, True))
    assert [(one, other) for one, other in zip(plain, router, strict=True) if one != other] == [
        (
            "    type filter hook forward priority filter; policy drop;",
            "    type filter hook forward priority filter; policy accept;",
        )
    ]


def test_the_script_replaces_what_was_there() -> None:
    assert render("furka0", OURS, [HOUSE]).startswith(remove())


translations = st.lists(
    st.builds(
        lambda number, size, lan: Translation(
            IPv4Network((0x0A80_0000 + (number << 8), size)),
            IPv4Network((0xC0A8_0000 + (number << 8), size)),
            lan,
        ),
        st.integers(0, 200),
        st.integers(24, 30),
        st.sampled_from(["eth0", "eth1", "lan"]),
    ),
    unique=True,
)


@given(translations)
def test_law_the_order_of_networks_does_not_matter(some: list[Translation]) -> None:
    assert render("furka0", OURS, some) == render("furka0", OURS, sorted(some, reverse=True))


@given(translations)
def test_law_every_way_in_has_its_way_back_and_no_other_is_open(some: list[Translation]) -> None:
    lines = [line.strip() for line in render("furka0", OURS, some).splitlines()]
    accepting = {line for line in lines if line.endswith("accept")}
    ins = {
        f'oifname "{one.lan}" ip daddr {one.real} ct original ip daddr {one.virtual} ct status dnat accept'
        for one in some
    }
    backs = {
        f'iifname "{one.lan}" ct direction reply ct original ip daddr {one.virtual} ct status dnat accept'
        for one in some
    }
    own = {
        f'iifname "furka0" ip daddr {OURS} icmp type echo-request accept',
        'iifname "furka0" ct direction reply ct state established,related accept',  # what we have asked ourselves
    }
    assert accepting == ins | backs | own
