"""What packets do: only what was granted passes, and it stops when the right ends."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from furka import clock
from furka.lab.running import LabProcess
from furka.lab.walls import Wall, set_wall
from tests.hub.frames import ASK
from tests.thread.installation import Transfer, opens, wait_for
from tests.thread.stage import HUB, Stage

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("closed")]


def test_revoking_cuts_a_transfer_that_is_running(stage: Stage, tmp_path: Path) -> None:
    grant = stage.let_in("a")
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")

    stage.revoke("a", grant)

    wait_for("the transfer stops", lambda: not transfer.runs(), 10)
    assert not opens(stage.lab, "laptop", stage.heating["a"])
    transfer.stop()


def test_revoking_cuts_through_the_relay_as_well(stage: Stage, tmp_path: Path) -> None:
    site = stage.sites["b"]["key"]
    set_wall(stage.lab, "b", Wall.TLS)
    try:

        def path() -> str:
            told: str = stage.rita.get(f"/sites/{site}/state")["gateway"]["path"]
            return told

        wait_for("the portal says that TLS is used", lambda: path() == "tls", 90)
        grant = stage.let_in("b")
        transfer = Transfer(stage.lab, "laptop", stage.heating["b"], tmp_path / "transfer")

        stage.revoke("b", grant)

        wait_for("the transfer stops", lambda: not transfer.runs(), 10)
        assert not opens(stage.lab, "laptop", stage.heating["b"])
        transfer.stop()
        events = stage.rita.get(f"/levels/{site}/events")["items"]
        assert "gateway.path-changed" in {event["action"] for event in events}
    finally:
        set_wall(stage.lab, "b", Wall.OPEN)


def test_two_plants_with_the_same_network_are_reached_at_the_same_time(stage: Stage) -> None:
    stage.let_in("a")
    stage.let_in("b")

    pages = {
        plant: stage.lab.run("laptop", ["curl", "--silent", "--max-time", "5", f"http://{address}/"]).stdout
        for plant, address in stage.heating.items()
    }

    assert "Plant A" in pages["a"]
    assert "Plant B" in pages["b"]
    assert stage.heating["a"] != stage.heating["b"]


def test_a_grant_for_one_plant_opens_no_other(stage: Stage) -> None:
    stage.let_in("a")

    assert not opens(stage.lab, "laptop", stage.heating["b"])


def test_the_hub_shows_a_technician_nothing_but_wireguard(stage: Stage) -> None:
    stage.let_in("a")
    listener: LabProcess = stage.lab.spawn("hub", ["python3", "-m", "http.server", "8080"])
    wait_for("the hub listens", lambda: opens(stage.lab, "hub", "127.0.0.1:8080"), 15)

    assert not opens(stage.lab, "laptop", f"{HUB}:8080")
    listening = stage.lab.run("hub", ["ss", "--no-header", "-lntu"], check=True).stdout.splitlines()
    open_ports = sorted({line.split()[4].rpartition(":")[2] for line in listening})
    # WireGuard's, the relay's two for those outside, that of names, and the one that this test opened.
    assert open_ports == sorted({"51820", "443", "51821", "53", "8080"})
    for port in ("443", "51821"):
        assert not opens(stage.lab, "laptop", f"{HUB}:{port}")
    listener.stop()


def test_a_technician_reaches_no_other_technician(stage: Stage) -> None:
    stage.let_in("a")
    other = stage.profile(
        stage.rita, "heating-b", "Second laptop"
    )  # any host will do: it has its own way out
    address = other["address"]
    listener: LabProcess = stage.lab.spawn("heating-b", ["python3", "-m", "http.server", "8081"])

    assert not opens(stage.lab, "laptop", f"{address}:8081")
    assert stage.lab.run("laptop", ["ping", "-c1", "-W1", address]).returncode != 0
    listener.stop()


#: Tries every address with every port at once; prints what answers.
_SCAN = """
import asyncio, sys
async def dial(address, port):
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 2)
    except (OSError, TimeoutError):
        return None
    writer.close()
    return f"{address}:{port}"
async def scan():
    addresses, ports = sys.argv[1].split(","), map(int, sys.argv[2].split(","))
    found = await asyncio.gather(*(dial(a, p) for p in list(ports) for a in addresses))
    print(" ".join(each for each in found if each))
asyncio.run(scan())
"""


def test_a_scan_finds_exactly_what_was_granted(stage: Stage) -> None:
    stage.let_in("a")
    inside = [f"100.{part}.0.{n}" for part in (64, 65, 66, 72) for n in (1, 2, 3)] + ["100.66.255.254"]
    near, far = (stage.heating[plant].removesuffix(".10") for plant in ("a", "b"))
    everywhere = [*inside, f"{near}.10", f"{near}.11", *(f"{far}.{n}" for n in (1, 2, 10, 11, 99))]
    [mine] = [each for each in stage.sonja.get("/profiles")["items"] if each["name"] == "Laptop"]
    addresses = ",".join(each for each in everywhere if each != mine["address"])

    ports = "22,53,80,443,502,5000,8000,8080,8443,8470,9000,51820,51821"
    found = stage.lab.run("laptop", ["python3", "-c", _SCAN, addresses, ports], check=True).stdout.split()

    # Of the hub itself only the resolver, which tells everybody the names of what they may reach.
    assert set(found) == {f"{near}.10:80", f"{near}.11:502", "100.64.0.1:53"}


def test_the_plant_opens_no_connection_into_the_tunnel(stage: Stage) -> None:
    stage.let_in("a")
    [mine] = [each for each in stage.sonja.get("/profiles")["items"] if each["name"] == "Laptop"]

    for host in ("gateway-a", "heating-a"):
        assert stage.lab.run(host, ["ping", "-c1", "-W1", mine["address"]]).returncode != 0


def test_time_ends_access_with_portal_worker_and_hub_program_dead(stage: Stage, tmp_path: Path) -> None:
    seconds = 14.0
    begin = clock.monotonic()
    stage.let_in("a", seconds)
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")
    hub = stage.find_in_lab("furka hub run")
    assert hub is not None
    # The parent is stopped first, so that it does not end because its children do.
    os.kill(stage.program.pid, signal.SIGSTOP)
    try:
        stage.kill_portal_and_worker()
        os.kill(hub, signal.SIGKILL)
        assert transfer.runs(), "what is allowed goes on while the portal is away"

        ended = transfer.last_arrival(limit=seconds + 10)
    finally:
        transfer.stop()
        os.kill(stage.program.pid, signal.SIGCONT)

    assert seconds - 2 <= ended - begin <= seconds + 1.5


@pytest.mark.long
def test_a_lease_ends_access_while_the_portal_is_away_and_gives_it_back(stage: Stage, tmp_path: Path) -> None:
    site = stage.sites["a"]["key"]
    stage.rita.patch(f"/levels/{site}", lease_minutes=1)
    stage.let_in("a")
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")
    begin = clock.monotonic()
    os.kill(stage.program.pid, signal.SIGSTOP)
    try:
        stage.kill_portal_and_worker()
        ended = transfer.last_arrival(quiet=5, limit=90)
    finally:
        transfer.stop()
        os.kill(stage.program.pid, signal.SIGCONT)

    assert 30 <= ended - begin <= 62
    stage.wait_until_answers()
    wait_for("the page opens again", lambda: opens(stage.lab, "laptop", stage.heating["a"]), 60)
    stage.rita.patch(f"/levels/{site}", lease_minutes=None)


def test_a_link_made_in_the_portal_carries_what_its_rules_open_and_is_cut_there(stage: Stage) -> None:
    links = f"/levels/{stage.customers[0]}/site-links"
    link = stage.rita.post(links, name="Meters", mode="routed")["key"]
    sites = {plant: site["key"] for plant, site in stage.sites.items()}
    members = {
        plant: stage.rita.post(f"{links}/{link}/members", site=key)["key"] for plant, key in sites.items()
    }
    stage.lab.run("heating-a", ["ip", "route", "replace", "10.128.0.0/9", "via", "192.168.1.2"], check=True)
    meter = stage.heating["b"].removesuffix("10") + "11"

    def polled() -> str:
        return stage.lab.run("heating-a", ["python3", "-c", ASK, meter, "1"], check=True).stdout.strip()

    assert polled() == "nothing"
    ends = {"source": {"site": sites["a"]}, "destination": {"site": sites["b"]}}
    stage.rita.post(f"{links}/{link}/rules", allow=True, protocol="tcp", ports=[[502, 502]], **ends)
    wait_for("the meter answers over the link", lambda: polled() == "1002", 20)
    assert not opens(stage.lab, "heating-a", stage.heating["b"])  # another port

    began = clock.monotonic()
    stage.rita.delete(f"{links}/{link}/members/{members['b']}")
    wait_for("it is cut", lambda: polled() == "nothing", 5)
    assert clock.monotonic() - began < 5
    stage.rita.delete(f"{links}/{link}")
