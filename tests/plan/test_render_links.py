"""Links between sites: what is gathered from entries, and the texts of the packet filters on hub and gateway."""

from __future__ import annotations

import subprocess
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from furka.plan.entries import LinkEntry
from furka.plan.gathered import gather, merged
from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule, Mapped
from furka.plan.render import bridge_nft, gateway_nft, junction_nft, leg_nft
from furka.plan.render.bridge_nft import names_in
from furka.plan.render.gateway_nft import LinkEnds, Translation
from furka.plan.render.leg_nft import Joint
from tests.plan.test_render_hub import LAYOUT

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def leg(member: str, site: int, *, link: str = "wire", number: int = 7, segment: int = 0) -> Leg:
    return Leg(
        link=link,
        number=number,
        member=member,
        site_name=member,
        site=site,
        gateway=IPv4Address("100.65.0.0") + site,
        segment=segment or 10 + site,
    )


def junction(member: str, site: int, *, link: str, number: int, central: bool | None = None) -> Junction:
    return Junction(
        link=link,
        number=number,
        member=member,
        site_name=member,
        site=site,
        prefixes=(IPv4Network(f"10.128.{site}.0/24"),),
        central=central,
    )


BRIDGED: tuple[LinkEntry, ...] = (
    Bridge(link="wire", number=7, guarded=(IPv4Address("192.168.1.1"),)),
    leg("north", 1),
    leg("south", 2),
    LinkRule(
        link="wire",
        number=7,
        name="no-web",
        allow=False,
        source_members=("north",),
        destination_members=("south",),
        protocol="tcp",
        ports=((80, 90), (91, 95), (443, 443)),
    ),
    LinkRule(link="wire", number=7, name="nobody", allow=False, sources=(IPv4Network("192.168.1.7/32"),)),
    Bridge(link="open", number=9, dhcp_filter=False, storm_per_second=100, most_macs=4),
    leg("north", 1, link="open", number=9, segment=21),
)
JOINED: tuple[LinkEntry, ...] = (
    *(junction(name, site, link="meters", number=3) for name, site in (("north", 1), ("south", 2))),
    LinkRule(
        link="meters",
        number=3,
        name="modbus",
        allow=True,
        source_members=("north",),
        destinations=(IPv4Network("10.128.2.11/32"),),
        protocol="tcp",
        ports=((502, 502),),
    ),
    LinkRule(link="meters", number=3, name="no-ping", allow=False, protocol="icmp"),
    *(
        junction(name, site, link="scada", number=4, central=site == 1)
        for name, site in (("north", 1), ("south", 2), ("west", 3))
    ),
    Mapped(link="scada", number=4, address=IPv4Address("10.20.0.1"), device=IPv4Address("10.128.2.11")),
    Mapped(link="scada", number=4, address=IPv4Address("10.20.0.2"), device=IPv4Address("10.128.3.11")),
)
EVERYTHING = gather([*BRIDGED, *JOINED])
TEXTS = {
    "links_bridge.nft": bridge_nft.render(EVERYTHING.bridged),
    "links_junction.nft": junction_nft.render(LAYOUT, EVERYTHING),
    "links_leg.nft": leg_nft.render([Joint("fl11", "eth0")]),
    "gateway_links.nft": gateway_nft.render(
        "furka0",
        IPv4Address("100.65.0.1"),
        [Translation(IPv4Network("10.128.1.0/24"), IPv4Network("192.168.1.0/24"), "eth0")],
        links=LinkEnds(
            (IPv4Network("10.128.2.0/24"), IPv4Network("10.20.0.0/24")), IPv4Address("100.64.0.1")
        ),
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_the_golden_one(name: str) -> None:
    assert TEXTS[name] == (GOLDEN / name).read_text()


def test_a_link_narrows_by_members_and_addresses_that_are_there_and_a_rule_without_any_is_none() -> None:
    nobody = LinkRule(link="meters", number=3, name="x", allow=True, source_members=("gone",))
    nowhere = LinkRule(link="meters", number=3, name="y", allow=True, destinations=())
    assert junction_nft.render(LAYOUT, gather([*JOINED, nobody, nowhere])) == junction_nft.render(
        LAYOUT, gather(JOINED)
    )


@pytest.mark.parametrize(
    "clash",
    [
        Bridge(link="x", number=7),  # a number that is taken
        leg("west", 3, segment=11),  # a segment that is taken
        leg("west", 3, link="nothing", number=8),  # of no bridge
        junction("east", 2, link="x", number=7),  # a number that is taken by another mode
        junction("west", 2, link="meters", number=3).model_copy(
            update={"prefixes": (IPv4Network("10.128.1.128/25"),)}
        ),  # across another site's
        junction("west", 2, link="meters", number=3, central=True),  # of another mode than the link
        Mapped(link="x", number=5, address=IPv4Address("10.20.0.1"), device=IPv4Address("10.128.2.11")),
    ],
    ids=lambda entry: entry.key,
)
def test_what_clashes_is_left_out_and_said(clash: LinkEntry) -> None:
    if isinstance(clash, Mapped):
        # A second link with the same centre, and an address there that already leads elsewhere.
        more: list[LinkEntry] = [junction("north", 1, link="x", number=5, central=True)]
        clash = clash.model_copy(update={"device": IPv4Address("10.128.3.11")})
    else:
        more = []
    found = gather([*BRIDGED, *JOINED, *more, clash])
    assert found.refused == 1
    assert set(found.legs()) == set(EVERYTHING.legs())


def test_two_centres_may_use_the_same_addresses() -> None:
    other: list[LinkEntry] = [
        junction("west", 3, link="other", number=5, central=True),
        Mapped(link="other", number=5, address=IPv4Address("10.20.0.1"), device=IPv4Address("10.128.1.9")),
    ]
    found = gather([*JOINED, *other])
    assert found.refused == 0
    text = junction_nft.render(LAYOUT, found)
    assert "1 . 10.20.0.1 : 10.128.2.11" in text
    assert "3 . 10.20.0.1 : 10.128.1.9" in text


def test_ports_that_touch_become_one_range() -> None:
    assert merged([(443, 443), (80, 90), (85, 91), (92, 92)]) == [(80, 92), (443, 443)]


@pytest.mark.lab
def test_a_kernel_takes_all_of_it_again_and_again_and_loses_what_is_no_longer_wanted() -> None:
    """In a network of its own: from everything to half of it, and back."""
    every: tuple[LinkEntry, ...] = (*BRIDGED, *JOINED)
    half = gather(entry for entry in every if entry.link in ("wire", "scada"))
    run = ["unshare", "-n", "sh", "-c"]
    first = bridge_nft.render(EVERYTHING.bridged) + junction_nft.render(LAYOUT, EVERYTHING)
    shown = _nft([*run, "nft -f - && nft -s list table bridge furka_links"], first)
    kept = names_in(shown)
    assert "known_fl21" in kept.chains
    assert "macs_21_4" in kept.sets
    assert "places_9" in kept.maps
    inet = names_in(_nft([*run, "nft -f - && nft -s list table inet furka_links"], first))
    then = bridge_nft.render(half.bridged, kept) + junction_nft.render(LAYOUT, half, inet)
    again = bridge_nft.render(half.bridged, names_in(shown)._replace(chains=(), sets=(), maps=()))
    end = _nft([*run, "nft -f - && nft -s list ruleset"], first + then + again)
    assert "fl21" not in end
    assert "meters" not in end
    assert "link_4" in end
    assert "link_3" not in end


def _nft(command: list[str], text: str) -> str:
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
