"""The real machine: what it has in force is what it says, and the kernel keeps time."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from math import inf

import pytest

from furka.clock import monotonic
from furka.hub.linux_machine import LinuxMachine
from furka.hub.machine import MachineError
from furka.kernel.links import Link
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.plan.doors import DoorKey, FilterChange
from tests.kernel.namespace import run
from tests.lab.waiting import eventually
from tests.laws.hub_worlds import GROUND, LAYOUT

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("network")]

LAPTOP = DoorKey(IPv4Address("100.72.0.1"), 1)
PHONE = DoorKey(IPv4Address("100.72.0.2"), 2)
SCHOOL = IPv4Network("10.128.1.0/24")
POOL = IPv4Network("10.128.2.0/24")
#: Beside the first with the same site: the kernel must not take both for one.
YARD = IPv4Network("10.128.0.0/24")


@pytest.fixture(params=[True, False], ids=["library", "program"])
def machine(request: pytest.FixtureRequest, network: None) -> LinuxMachine:
    """A machine that stands and lets nothing pass."""
    machine = LinuxMachine("furka0", generate_private_key(), 51820, library=request.param)
    machine.stand_up(GROUND)
    machine.load(LAYOUT, {}, {})
    return machine


def test_standing_up_twice_changes_nothing(machine: LinuxMachine) -> None:
    before = run("ip", "-o", "address"), run("ip", "route"), run("ip", "rule")
    machine.stand_up(GROUND)
    assert (run("ip", "-o", "address"), run("ip", "route"), run("ip", "rule")) == before
    assert Link("furka0").addresses() == {IPv4Interface("100.64.0.1/32")}
    assert Link("furka0").routes() == set(GROUND.routes)
    assert machine.back_end in ("kernel", "wireguard-go")


def test_what_is_in_force_is_what_was_loaded(machine: LinuxMachine) -> None:
    prefixes = {SCHOOL: 1, YARD: 1, POOL: 2, IPv4Network("10.129.0.7/32"): 3}
    birth = machine.load(LAYOUT, prefixes, {LAPTOP: 50.0, PHONE: inf})
    seen = machine.observe()
    assert (seen.layout, seen.birth, seen.prefixes) == (LAYOUT, birth, prefixes)
    assert seen.doors.keys() == {LAPTOP, PHONE}
    assert seen.doors[PHONE] == inf
    assert 48.5 < seen.doors[LAPTOP] - monotonic() < 51.5


def test_narrow_doors_are_in_force_as_they_were_loaded(machine: LinuxMachine) -> None:
    host = IPv4Address("10.128.1.10")
    narrow = {
        LAPTOP._replace(host=host): inf,
        LAPTOP._replace(host=host, protocol="tcp", port=80): inf,
        LAPTOP._replace(protocol="udp", port=47808): inf,
    }
    machine.load(LAYOUT, {SCHOOL: 1}, {LAPTOP: inf, **narrow})
    assert machine.observe().doors == {LAPTOP: inf, **narrow}
    machine.change_filter(FilterChange(close=frozenset(narrow), open={LAPTOP._replace(host=host + 1): 60.0}))
    assert machine.observe().doors.keys() == {LAPTOP, LAPTOP._replace(host=host + 1)}


def test_a_reload_keeps_the_birth_and_a_lost_table_does_not(machine: LinuxMachine) -> None:
    birth = machine.observe().birth
    assert machine.load(LAYOUT, {SCHOOL: 1}, {}) == birth
    run("nft", "delete", "table", "inet", "furka")
    assert machine.observe().layout is None
    with pytest.raises(MachineError):
        machine.uses()
    assert machine.load(LAYOUT, {SCHOOL: 1}, {}) not in (birth, 0)


def test_rules_that_somebody_changed_do_not_stand(machine: LinuxMachine) -> None:
    assert machine.observe().layout == LAYOUT
    run("nft", "insert", "rule", "inet", "furka", "through", "accept")
    assert machine.observe().layout is None
    machine.load(LAYOUT, {}, {})
    assert machine.observe().layout == LAYOUT


def test_a_table_of_another_shape_is_replaced(machine: LinuxMachine) -> None:
    run("nft", "delete", "table", "inet", "furka")
    run("nft", "add table inet furka; add set inet furka doors { type ipv4_addr; }")
    machine.load(LAYOUT, {SCHOOL: 1}, {LAPTOP: inf})
    assert machine.observe().doors == {LAPTOP: inf}


def test_it_listens_exactly_where_it_was_told(machine: LinuxMachine) -> None:
    for visits in ({LAPTOP, PHONE}, {PHONE}, set(), {PHONE}):
        machine.listen(visits)
        listed = run("nft", "list", "set", "inet", "furka", "knocks")
        assert ("100.72.0.1" in listed, "100.72.0.2" in listed) == (LAPTOP in visits, PHONE in visits)
    assert machine.heard() == set()
    run("nft", "add", "element", "inet", "furka", "knocked", "{ 100.72.0.2 . 2 }")
    assert machine.heard() == {PHONE}


def test_changes_may_be_repeated(machine: LinuxMachine) -> None:
    opening = FilterChange(learn={SCHOOL: 1, POOL: 2}, open={LAPTOP: 60.0, PHONE: inf})
    closing = FilterChange(close=frozenset({PHONE}), forget={POOL: 2})
    for change in (opening, opening, closing, closing):
        machine.change_filter(change)
    seen = machine.observe()
    assert (seen.prefixes, seen.doors) == ({SCHOOL: 1}, {LAPTOP: seen.doors[LAPTOP]})


def test_a_door_gets_more_or_less_time(machine: LinuxMachine) -> None:
    for seconds in (60.0, 600.0, 6.0):
        machine.change_filter(FilterChange(open={LAPTOP: seconds}))
        assert abs(machine.observe().doors[LAPTOP] - monotonic() - seconds) < 3


def test_single_doors_are_looked_up_in_the_kernel(machine: LinuxMachine) -> None:
    host = IPv4Address("10.128.1.10")
    keys = {
        LAPTOP: 90_061.5,
        PHONE: inf,
        LAPTOP._replace(host=host): 30.0,
        LAPTOP._replace(host=host, protocol="tcp", port=80): 12.5,
        LAPTOP._replace(protocol="udp", port=161): 60.0,
    }
    machine.load(LAYOUT, {SCHOOL: 1}, keys)
    left = machine.look_up([*keys, LAPTOP._replace(site=9), LAPTOP._replace(host=host + 1)])
    assert left.keys() == keys.keys()
    assert left.pop(PHONE) == inf
    assert all(keys[key] - 6 < seconds <= keys[key] for key, seconds in left.items())


def test_the_kernel_closes_doors_on_time(machine: LinuxMachine) -> None:
    begin = monotonic()
    machine.change_filter(FilterChange(open={LAPTOP: 0.4, PHONE: 60.0}))
    eventually(lambda: machine.observe().doors.keys() == {PHONE}, every=0.01)
    assert monotonic() - begin > 0.35


def test_a_prefix_that_leads_elsewhere_than_said_fails_as_a_whole(machine: LinuxMachine) -> None:
    machine.change_filter(FilterChange(learn={SCHOOL: 1}))
    with pytest.raises(MachineError):
        machine.change_filter(FilterChange(learn={SCHOOL: 2}, open={LAPTOP: 60.0}))
    seen = machine.observe()
    assert (seen.prefixes, seen.doors) == ({SCHOOL: 1}, {})


def test_peers_are_those_that_were_put(machine: LinuxMachine) -> None:
    one, two = (public_key_of(generate_private_key()) for _ in range(2))
    networks = frozenset({IPv4Network("100.65.0.1/32"), SCHOOL})
    machine.change_peers({one: networks, two: frozenset()}, ())
    assert machine.observe().peers == {one: networks, two: frozenset()}
    machine.change_peers({two: frozenset({POOL})}, [one])
    assert machine.observe().peers == {two: frozenset({POOL})}
    assert machine.peer_states().keys() == {two}


def test_before_any_ground_nothing_passes(network: None) -> None:
    fresh = LinuxMachine("furka0", generate_private_key(), 51820)
    fresh.stand_up(None)
    assert 'oifname "furka0" drop' in run("nft", "list", "chain", "inet", "furka", "forward")
    assert fresh.observe().layout is None
    assert fresh.load(LAYOUT, {}, {}) != 0
