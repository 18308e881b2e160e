"""Who is told which name by a hub: only what a door leads to, at the moment of the question."""

from __future__ import annotations

from ipaddress import IPv4Address

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from furka.hub.desired import Desired
from furka.hub.names import Answer
from furka.hub.resolver import TTL, respond
from furka.plan.entries import Door, DoorPort, NamedHost, Names
from tests.laws.hub_worlds import LAYOUT, at_second, difference, everything

LAPTOP, PHONE = IPv4Address("100.72.0.1"), IPv4Address("100.72.0.2")
HEATING, METER = IPv4Address("10.128.1.10"), IPv4Address("10.128.1.11")
SCHOOL = Names(
    site_name="school",
    site=1,
    labels=("school", "example"),
    hosts=(NamedHost(label="heating", address=HEATING), NamedHost(label="meter", address=METER)),
)
DEPOT = Names(
    site_name="depot",
    site=2,
    labels=("depot", "example"),
    hosts=(NamedHost(label="heating", address=IPv4Address("10.128.2.10")),),
)


def door(address: IPv4Address, site: int, *, until: float = 60, **narrowed: object) -> Door:
    return Door(
        profile=str(address),
        site_name=str(site),
        address=address,
        site=site,
        not_before=at_second(0),
        not_after=at_second(until),
        **narrowed,  # type: ignore[arg-type]  # hosts, ports
    )


OPEN = (
    door(LAPTOP, 1),
    door(PHONE, 2),
    door(PHONE, 1, hosts=(METER,), ports=(DoorPort(protocol="tcp", number=80),)),
)


@pytest.fixture
def desired() -> Desired:
    found = Desired()
    found.settle(LAYOUT)
    found.hear(everything({entry.key: entry for entry in (SCHOOL, DEPOT, *OPEN)}), 0.0)
    return found


def ask(
    desired: Desired, asker: IPv4Address, name: str, kind: str = "A", at: float = 1.0
) -> tuple[str, list[str]]:
    def look_up(who: IPv4Address, what: str) -> Answer | None:
        return desired.answer(who, what, at)

    wire = respond(dns.message.make_query(name, kind).to_wire(), asker, look_up)
    assert wire is not None
    answer = dns.message.from_wire(wire)
    assert not answer.flags & dns.flags.RA
    return dns.rcode.to_text(answer.rcode()), [str(each) for some in answer.answer for each in some]


def test_two_people_are_told_different_things(desired: Desired) -> None:
    for name, laptop, phone in (
        ("heating.school.example.furka.internal.", ("NOERROR", [str(HEATING)]), ("NXDOMAIN", [])),
        ("meter.school.example.furka.internal.", ("NOERROR", [str(METER)]), ("NOERROR", [str(METER)])),
        ("HEATING.Depot.example.furka.internal.", ("NXDOMAIN", []), ("NOERROR", ["10.128.2.10"])),
        ("school.example.furka.internal.", ("NOERROR", []), ("NOERROR", [])),
        ("depot.example.furka.internal.", ("NXDOMAIN", []), ("NOERROR", [])),
        ("pump.school.example.furka.internal.", ("NXDOMAIN", []), ("NXDOMAIN", [])),
        ("x.heating.school.example.furka.internal.", ("NXDOMAIN", []), ("NXDOMAIN", [])),
        ("elsewhere.furka.internal.", ("NOERROR", []), ("NOERROR", [])),
        ("www.example.org.", ("REFUSED", []), ("REFUSED", [])),
        ("furka.internal.example.org.", ("REFUSED", []), ("REFUSED", [])),
    ):
        assert (ask(desired, LAPTOP, name), ask(desired, PHONE, name)) == (laptop, phone), name


def test_what_ended_is_unknown(desired: Desired) -> None:
    name = "heating.school.example.furka.internal."
    assert ask(desired, LAPTOP, name, at=59)[0] == "NOERROR"
    assert ask(desired, LAPTOP, name, at=60)[0] == "NXDOMAIN"
    plan = {entry.key: entry for entry in (SCHOOL, *OPEN)}
    desired.hear(difference(plan, {SCHOOL.key: SCHOOL}), 2.0)
    assert ask(desired, LAPTOP, name, at=2) == ("NXDOMAIN", [])


def test_renamed_device_answers_by_its_new_name(desired: Desired) -> None:
    fresh = SCHOOL.model_copy(update={"hosts": (NamedHost(label="boiler", address=HEATING),)})
    desired.hear(difference({SCHOOL.key: SCHOOL}, {SCHOOL.key: fresh}), 1.0)
    assert ask(desired, LAPTOP, "boiler.school.example.furka.internal.")[1] == [str(HEATING)]
    assert ask(desired, LAPTOP, "heating.school.example.furka.internal.")[0] == "NXDOMAIN"


def test_no_other_kind_of_record(desired: Desired) -> None:
    name = "heating.school.example.furka.internal."
    assert ask(desired, LAPTOP, name, "AAAA") == ("NOERROR", [])
    assert ask(desired, LAPTOP, "heating.depot.example.furka.internal.", "AAAA") == ("NXDOMAIN", [])


def test_answers_are_kept_for_a_moment_only(desired: Desired) -> None:
    query = dns.message.make_query("heating.school.example.furka.internal.", "A").to_wire()
    wire = respond(query, LAPTOP, lambda who, what: desired.answer(who, what, 1.0))
    assert wire is not None
    [found] = dns.message.from_wire(wire).answer
    assert found.ttl == TTL <= 5


def test_hub_that_knows_nothing_says_so() -> None:
    wire = respond(dns.message.make_query("a.b.c.furka.internal.", "A").to_wire(), LAPTOP, lambda *_: None)
    assert wire is not None
    assert dns.message.from_wire(wire).rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize("wire", [b"", b"\0" * 11, b"\xff" * 40, b"\0" * 600])
def test_what_is_no_question_gets_no_answer(wire: bytes) -> None:
    answer = respond(wire, LAPTOP, lambda *_: None)
    assert answer is None or dns.message.from_wire(answer).rcode() != dns.rcode.NOERROR


def test_an_answer_is_not_answered() -> None:
    query = dns.message.make_query("a.b.c.furka.internal.", "A")
    assert respond(dns.message.make_response(query).to_wire(), LAPTOP, lambda *_: None) is None


def test_no_name_leads_out_of_the_plants(desired: Desired) -> None:
    stray = SCHOOL.model_copy(update={"hosts": (NamedHost(label="x", address=IPv4Address("192.0.2.1")),)})
    desired.hear(difference({SCHOOL.key: SCHOOL}, {SCHOOL.key: stray}), 1.0)
    assert ask(desired, LAPTOP, "x.school.example.furka.internal.")[0] == "NXDOMAIN"
    assert desired.refused() == 1
