"""The entries of links between sites, as they travel from the portal to a hub."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from pydantic import ValidationError

from furka.plan.entries import ENTRY, Entry
from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule, Mapped

ENTRIES: tuple[Entry, ...] = (
    Bridge(link="buildings", number=7, guarded=(IPv4Address("192.168.1.1"),)),
    Leg(
        link="buildings",
        number=7,
        member="north",
        site_name="plant",
        site=3,
        gateway=IPv4Address("100.65.0.1"),
        segment=12,
    ),
    Junction(
        link="meters",
        number=8,
        member="north",
        site_name="plant",
        site=3,
        prefixes=(IPv4Network("10.128.1.0/24"),),
    ),
    LinkRule(link="meters", number=8, name="modbus", allow=True, protocol="tcp", ports=((502, 510),)),
    Mapped(link="meters", number=8, address=IPv4Address("10.250.0.9"), device=IPv4Address("10.128.1.20")),
)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.kind)
def test_an_entry_arrives_as_it_was_sent(entry: Entry) -> None:
    assert ENTRY.validate_json(entry.model_dump_json()) == entry


def test_each_has_a_key_of_its_own() -> None:
    assert sorted(entry.key for entry in ENTRIES) == [
        "bridge/buildings",
        "junction/meters/north",
        "leg/buildings/north",
        "link-rule/meters/modbus",
        "mapped/meters/10.250.0.9",
    ]


@pytest.mark.parametrize(
    "wrong", [{"protocol": "icmp", "ports": ((1, 2),)}, {"protocol": "tcp", "ports": ((9, 8),)}]
)
def test_ports_are_of_a_protocol_that_has_some_and_in_order(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LinkRule.model_validate({"link": "l", "number": 1, "name": "r", "allow": True, **wrong})
