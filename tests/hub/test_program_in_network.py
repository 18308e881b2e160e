"""The real hub program on a network of its own, against a small portal, with real tunnels and packets."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from furka.clock import monotonic
from furka.kernel.nft import Nft
from furka.kernel.wireguard import WireGuardInterface, generate_private_key, public_key_of
from furka.plan.entries import Door, DoorPort, Peer, Prefix, TunnelEnd
from tests.hub.fake_portal import FakePortal
from tests.hub.process import HubProcess
from tests.hub.tunnels import DEVICE, GATEWAY, LAPTOP, PLANT, PORT, SITE, Tunnels, tunnels
from tests.kernel.namespace import inside, run
from tests.lab.waiting import eventually

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("network")]


@pytest.fixture
def portal(network: None) -> Iterator[FakePortal]:
    """A portal whose clock is three hours ahead of the hub's."""
    with FakePortal(ahead=timedelta(hours=3)) as portal:
        yield portal


@pytest.fixture
def ends(network: None) -> Iterator[Tunnels]:
    """A laptop and a plant."""
    with tunnels() as ends:
        yield ends


@pytest.fixture
def hub(portal: FakePortal, tmp_path: Path) -> Iterator[HubProcess]:
    """A hub that is running, and is ended whatever happens."""
    hub = HubProcess(portal.url, tmp_path)
    hub.start()
    yield hub
    hub.end(signal.SIGKILL)
    print(hub.log, run("wg", "show", "furka0"), run("nft", "list", "table", "inet", "furka"))  # noqa: T201 - shown only when a test fails


def door(portal: FakePortal, seconds: float | None = None, *, begins: float = -1) -> Door:
    return Door(
        profile="lap",
        site_name="school",
        address=LAPTOP,
        site=SITE,
        not_before=portal.now() + timedelta(seconds=begins),
        not_after=None if seconds is None else portal.now() + timedelta(seconds=seconds),
    )


@pytest.fixture
def joined(portal: FakePortal, ends: Tunnels, hub: HubProcess) -> Tunnels:
    """Both ends have their tunnels, and nothing is open."""
    eventually(lambda: portal.hellos)
    portal.say(*ends.entries())
    eventually(lambda: portal.reports and portal.reports[-1].applied_revision == 1)
    ends.connect(hub.key)
    eventually(lambda: (seen := portal.peer(ends.gateway.public_key)) and seen.online)
    eventually(lambda: (seen := portal.peer(ends.laptop.public_key)) and seen.online)
    return ends


def test_a_door_opens_and_cuts_when_the_plan_says_so(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    assert not joined.ask()
    opened = door(portal)
    portal.say(opened)
    eventually(lambda: joined.ask(0.02))
    assert not joined.ask_back()
    assert joined.answer_only()
    portal.say(gone=(opened.key,))
    eventually(lambda: portal.reports[-1].applied_revision == 3)
    assert not joined.answer_only()
    assert not joined.ask()


def test_a_door_closes_on_time_with_the_program_dead(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    portal.say(door(portal, 2.5))
    begin = monotonic()
    eventually(lambda: joined.ask(0.05))
    hub.end(signal.SIGKILL)
    last = begin
    while monotonic() < max(begin + 3.2, last + 1):
        if joined.ask(0.02):
            last = monotonic()
        assert last < begin + 30, "nobody closed it"
    assert last - begin > 1.5, "it was closed too early"
    assert not joined.answer_only()


def test_a_door_to_a_part_leads_to_that_device_and_port_and_ends_with_the_program_dead(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    whole = door(portal, 60)

    def lead_to(host: IPv4Address, port: int, seconds: float = 60) -> None:
        part = {"hosts": (host,), "ports": (DoorPort(protocol="udp", number=port),), "name": "part"}
        end = {"not_after": portal.now() + timedelta(seconds=seconds)}
        revision = portal.say(whole.model_copy(update={**part, **end}))
        eventually(lambda: portal.reports[-1].applied_revision == revision)

    lead_to(DEVICE, PORT)
    eventually(lambda: joined.ask(0.05))
    assert not joined.ask_back()
    for host, port in ((DEVICE + 1, PORT), (DEVICE, PORT + 1)):
        lead_to(host, port)
        assert not joined.ask()
        assert not joined.answer_only()  # what was open before is cut, too
        lead_to(DEVICE, PORT)
        eventually(lambda: joined.ask(0.05))
    lead_to(DEVICE, PORT, 2)
    hub.end(signal.SIGKILL)
    eventually(lambda: not joined.ask(0.05), 10)
    assert not joined.answer_only()


def test_a_door_that_begins_later_opens_by_itself(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    portal.say(door(portal, 60, begins=1.5))
    begin = monotonic()
    eventually(lambda: joined.ask(0.02), every=0.001)
    assert monotonic() - begin > 1.3


def test_when_the_portals_clock_jumps_ends_move_with_it_and_nothing_stays_open_too_long(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    opened = door(portal, 3600)
    portal.say(opened)
    eventually(lambda: joined.ask(0.05))
    portal.ahead += timedelta(hours=2)
    portal.say(door(portal, begins=7200).model_copy(update={"site": SITE + 1}))  # so that the hub hears of it
    eventually(lambda: not joined.ask(0.05))
    assert not joined.answer_only()
    portal.ahead -= timedelta(hours=2)
    portal.say(opened.model_copy(update={"not_after": portal.now() + timedelta(seconds=2)}))
    eventually(lambda: joined.ask(0.05))
    hub.end(signal.SIGKILL)
    eventually(lambda: not joined.ask(0.05))


def test_tunnels_outlive_the_program_and_the_next_one_finds_them(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    portal.say(door(portal, 3600))
    eventually(lambda: joined.ask(0.05))
    began = eventually(portal.accesses)
    for number in (signal.SIGKILL, signal.SIGTERM):
        status = hub.end(number)
        assert status == (0 if number is signal.SIGTERM else -number)
        assert all(joined.ask() for _ in range(20))
        portal.hellos.clear()
        hub.start()
        eventually(lambda: portal.hellos)
        assert all(joined.ask() for _ in range(20))
        assert portal.hellos[-1].public_key == hub.key
    eventually(lambda: portal.questions[-1] == 2)
    (access,) = portal.accesses()
    assert access.token == began[0].token


def test_what_passes_is_counted_exactly_over_restarts_and_changes(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    opened = door(portal, 3600)
    portal.say(opened)
    eventually(lambda: _in_force() == 1)
    rounds, size = 0, 72
    for change in range(3):
        assert all(joined.ask(1, size) for _ in range(10))
        rounds += 10
        if change == 0:
            portal.say(opened.model_copy(update={"not_after": portal.now() + timedelta(seconds=1800)}))
            eventually(lambda: portal.reports[-1].applied_revision == 3)
        if change == 1:
            hub.end(signal.SIGKILL)
            assert joined.ask(1, size)
            rounds += 1
            hub.start()
            eventually(lambda: portal.questions[-2:] == [0, 3])
    portal.say(gone=(opened.key,))
    ended = eventually(lambda: [access for access in portal.accesses() if access.ended_at])
    assert [(access.packets, access.bytes) for access in ended] == [(2 * rounds, 2 * rounds * (size + 28))]
    assert ended[0].ended_by == "closed"
    assert len(portal.accesses()) == 1
    eventually(lambda: Nft().elements("inet", "furka", "used") == [])


def test_a_hub_that_knows_nothing_opens_nothing_and_closes_nothing(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    portal.say(door(portal, 3600))
    eventually(lambda: joined.ask(0.05))
    hub.end(signal.SIGKILL)
    portal.go_away()
    before = run("nft", "-s", "list", "table", "inet", "furka")
    hub.start()
    eventually(lambda: "does not answer" in hub.log)
    assert joined.ask()
    assert run("nft", "-s", "list", "table", "inet", "furka") == before
    hub.end(signal.SIGKILL)
    WireGuardInterface("furka0").remove()
    run("nft", "delete", "table", "inet", "furka")
    hub.start()
    eventually(lambda: "furka0" in run("ip", "-o", "link", "show", "up"))
    assert 'iifname "furka0" drop' in run("nft", "list", "table", "inet", "furka")
    portal.come_back()
    assert eventually(lambda: joined.ask(0.2), limit=40)


def test_a_refused_hub_keeps_what_is_in_force_and_says_why(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    portal.say(door(portal, 3600))
    eventually(lambda: joined.ask(0.05))
    portal.token = "another"
    portal.say()
    eventually(lambda: "refuses this hub" in hub.log)
    assert joined.ask()
    assert hub.running


def test_a_lost_table_is_put_back(portal: FakePortal, joined: Tunnels, hub: HubProcess) -> None:
    portal.say(door(portal, 3600))
    eventually(lambda: joined.ask(0.05))
    run("nft", "flush", "ruleset")
    eventually(lambda: _in_force() == 1)
    assert joined.ask()
    hub.end(signal.SIGKILL)
    run("nft", "flush", "ruleset")
    assert not joined.ask()
    assert not joined.answer_only()
    hub.start()
    eventually(lambda: joined.ask(0.05))
    eventually(lambda: portal.reports[-1].trouble == "")


def test_the_tunnel_reaches_nothing_of_the_hub_itself(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    assert "1 received" in run("ip", "netns", "exec", "laptop", "ping", "-c1", "-W1", "100.64.0.1")
    assert "1 received" in run(
        "ip", "netns", "exec", "plant", "ping", "-c1", "-W1", "-I", "100.65.0.1", "100.64.0.1"
    )
    portal_port = portal.url.rsplit(":", 1)[1]
    for what in (f"100.64.0.1/{portal_port}", "100.65.0.1/22", "198.18.2.2/22"):
        tried = subprocess.run(
            ["ip", "netns", "exec", "laptop", "timeout", "0.5", "bash", "-c", f"echo > /dev/tcp/{what}"],
            capture_output=True,
            check=False,
        )
        assert tried.returncode != 0


_OTHER_PLANT, _OTHER_LAPTOP = IPv4Network("10.128.2.0/24"), IPv4Address("100.72.0.2")
#: Counts what has got past the filter.
_WATCH = """
table inet watch {{
    counter proper {{}}
    counter lent {{}}
    counter across {{}}
    chain passed {{
        type filter hook forward priority 10;
        ip saddr {laptop} ip daddr {device} counter name proper
        ip saddr {{ {lent} }} counter name lent
        ip saddr {plant} ip daddr != {laptop} counter name across
    }}
}}
"""


def test_nobody_lends_an_address_and_no_plant_reaches_another(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    other_key = public_key_of(generate_private_key())
    theirs = door(portal).model_copy(update={"profile": "two", "address": _OTHER_LAPTOP})
    far = door(portal).model_copy(update={"site_name": "pool", "site": 2})
    revision = portal.say(
        door(portal),
        theirs,
        far,
        Peer(name="two", end=TunnelEnd.PROFILE, public_key=other_key, address=_OTHER_LAPTOP),
        Peer(
            name="gw2",
            end=TunnelEnd.GATEWAY,
            public_key=public_key_of(generate_private_key()),
            address=IPv4Address("100.65.0.2"),
            prefixes=(_OTHER_PLANT,),
        ),
        Prefix(network=_OTHER_PLANT, site=2),
    )
    eventually(lambda: portal.reports[-1].applied_revision == revision)
    lent = {
        "laptop": [
            _OTHER_LAPTOP,
            GATEWAY,
            IPv4Address("100.64.0.1"),
            _OTHER_PLANT[5],
            IPv4Address("100.66.0.1"),
        ],
        "plant": [_OTHER_PLANT[5], _OTHER_LAPTOP, IPv4Address("100.64.0.1"), IPv4Address("100.65.0.2")],
    }
    watch = _WATCH.format(
        laptop=LAPTOP,
        device=DEVICE,
        plant=PLANT,
        lent=", ".join({str(each) for some in lent.values() for each in some}),
    )
    Nft().run(watch)
    assert joined.ask()

    # Who has a door, and what the other plant is: both are asked for, under every address that is not one's own.
    joined.phone.sendto(b"anybody there?", (str(_OTHER_PLANT[5]), PORT))
    for network, sources in lent.items():
        targets = (
            [DEVICE, _OTHER_PLANT[5]] if network == "laptop" else [LAPTOP, _OTHER_PLANT[5], _OTHER_LAPTOP]
        )
        with inside(network):
            sent = WireGuardInterface("lap0" if network == "laptop" else "gw0")
            before = next(iter(sent.peers().values())).sent_bytes
            for source in sources:
                run("ip", "address", "add", f"{source}/32", "dev", "lo")
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
                    line.bind((str(source), PORT))
                    for target in targets:
                        line.sendto(b"lent", (str(target), PORT))
                run("ip", "address", "del", f"{source}/32", "dev", "lo")
            # They really left, encrypted with the key of whoever lent them.
            eventually(lambda sent=sent, before=before: next(iter(sent.peers().values())).sent_bytes > before)  # type: ignore[misc]
    # With its own address a plant can't begin anything either, neither towards others nor towards the hub.
    for target in (_OTHER_PLANT[5], _OTHER_LAPTOP, IPv4Address("100.65.0.2"), IPv4Address("100.64.0.1")):
        joined.device.sendto(b"across", (str(target), PORT))

    assert joined.ask()
    counted = {
        each["counter"]["name"]: each["counter"]["packets"]
        for each in json.loads(run("nft", "-j", "list", "counters", "table", "inet", "watch"))["nftables"]
        if "counter" in each
    }
    assert counted["proper"] >= 2
    assert (counted["lent"], counted["across"]) == (0, 0)
    assert not joined.ask_back()


def test_the_key_is_made_once_and_nobody_else_reads_it(hub: HubProcess, portal: FakePortal) -> None:
    eventually(lambda: portal.hellos)
    key = hub.home / "hub" / "private.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert key.read_text().strip() not in hub.log
    assert portal.hellos[0].back_end in ("kernel", "wireguard-go")


def test_being_killed_at_any_moment_does_no_harm(
    portal: FakePortal, joined: Tunnels, hub: HubProcess
) -> None:
    opened = door(portal, 3600)
    portal.say(opened)
    for number in range(6):
        time.sleep(0.11 * number)  # not waiting for anything: the moment of the kill shall be any
        hub.end(signal.SIGKILL)
        hub.start()
    eventually(lambda: joined.ask(0.05), limit=20)
    closed = portal.say(gone=(opened.key,))
    eventually(lambda: portal.reports[-1].applied_revision == closed)
    assert not joined.ask()


def _in_force() -> int:
    try:
        return len(Nft().elements("inet", "furka", "doors"))
    except Exception:  # noqa: BLE001
        return -1


def test_it_tries_its_own_way_as_a_technician_would(portal: FakePortal, hub: HubProcess) -> None:
    eventually(lambda: portal.hellos)
    portal.say()
    eventually(lambda: any(report.canary for report in portal.reports), 30)
    [seen] = [report.canary for report in portal.reports if report.canary]
    assert (seen.code, seen.sent, seen.lost) == ("", 5, 0)
    assert seen.connect_ms is not None
    assert seen.reach_ms is not None
    assert portal.peer(next(iter(run("wg", "show", "furka0", "peers").split()))) is None
    doors = json.loads(run("nft", "-j", "list", "set", "inet", "furka", "doors"))
    assert not any("elem" in each.get("set", {}) for each in doors["nftables"])
