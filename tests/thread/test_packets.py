"""What packets do: only what was granted passes, and it stops when the right ends."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from furka import clock
from furka.cli.logins import PASSWORD
from furka.lab.programs import connect
from furka.lab.running import LabProcess
from furka.lab.topology import gateway_interface
from furka.lab.walls import Wall, set_wall
from tests.thread.installation import Api, Transfer, opens, wait_for
from tests.thread.stage import Stage

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("closed")]


HUB = "100.64.0.1"
ELSEWHERE = "router-laptop"  # a host with a way out, for a second device
REAL = "192.168.1.10"  # of the heating controller of either plant

ASK = f"""
import sys, dns.message, dns.query, dns.rcode
ask = dns.query.tcp if sys.argv[2] == "tcp" else dns.query.udp
answer = ask(dns.message.make_query(sys.argv[1], "A"), "{HUB}", timeout=5)
print(dns.rcode.to_text(answer.rcode()), *(str(each) for some in answer.answer for each in some))
"""


def ask(stage: Stage, host: str, name: str, how: str = "udp") -> str:
    """What a host of the lab is told about a name."""
    done = stage.lab.run(host, [sys.executable, "-c", ASK, name, how])
    return done.stdout.strip() or done.stderr.strip().rsplit("\n", 1)[-1]


def plant_at(stage: Stage, address: str) -> str:
    """Which plant's heating controller answers the laptop there."""
    page = stage.lab.run("laptop", ["curl", "--silent", "--max-time", "2", f"http://{address}/"]).stdout
    return next((plant for plant in "ab" if f"Plant {plant.upper()}" in page), "")


def test_revoking_cuts_a_transfer_that_is_running(stage: Stage, tmp_path: Path) -> None:
    grant = stage.let_in("a")
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")

    stage.revoke("a", grant)

    wait_for("the transfer stops", lambda: not transfer.runs(), 10)
    assert not opens(stage.lab, "laptop", stage.heating["a"])
    transfer.stop()


def test_ending_a_connection_stops_the_transfer_and_says_how_much_passed(
    stage: Stage, tmp_path: Path
) -> None:
    site = stage.sites["a"]["key"]
    stage.let_in("a")
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")

    def hers(query: str = "") -> list[dict[str, Any]]:
        rows = stage.rita.get(f"/levels/{site}/connections?text=sonja{query}")["items"]
        return [row for row in rows if row["email"] == "sonja@example.org"]

    wait_for("Sonja is shown inside", lambda: bool(hers("&running=true")), 20)
    [inside] = hers("&running=true")
    assert (inside["way"], inside["device"], inside["relayed"]) == ("tunnel", "Laptop", False)

    stage.rita.post(f"/sites/{site}/connections/{inside['key']}/end", minutes=5)

    wait_for("the transfer stops", lambda: not transfer.runs(), 10)
    assert not opens(stage.lab, "laptop", stage.heating["a"])
    arrived = transfer.size
    transfer.stop()
    wait_for("the end is told", lambda: not hers("&running=true"), 20)
    ended = next(row for row in hers() if row["key"] == inside["key"])
    assert arrived < ended["bytes_from_site"] < 10 * arrived + 100_000  # with the heads of its packets
    assert 0 < ended["bytes_to_site"] < ended["bytes_from_site"]
    [kept] = stage.rita.get(f"/sites/{site}/kept-out")["items"]
    stage.rita.delete(f"/sites/{site}/kept-out/{kept['key']}")
    wait_for("the page opens again", lambda: opens(stage.lab, "laptop", stage.heating["a"]), 20)


def test_a_confirmed_connection_opens_and_ends_with_a_word_in_the_portal(
    stage: Stage, tmp_path: Path
) -> None:
    site = stage.sites["a"]["key"]
    with Api(stage.url, "karl@example.org", PASSWORD) as karl:
        karl.patch(f"/levels/{site}/limits", confirm=True, confirm_reason=True)
        try:
            stage.invited(site)
            assert not opens(stage.lab, "laptop", stage.heating["a"])

            confirmed = stage.sonja.post(f"/sites/{site}/confirmation", reason="Pumpe prüfen")
            wait_for("the page opens", lambda: opens(stage.lab, "laptop", stage.heating["a"]), 20)
            transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")
            stage.sonja.delete(f"/confirmations/{confirmed['key']}")

            wait_for("the transfer stops", lambda: not transfer.runs(), 10)
            assert not opens(stage.lab, "laptop", stage.heating["a"])
            transfer.stop()
        finally:
            karl.patch(f"/levels/{site}/limits")


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


def test_trying_it_sends_a_real_packet(stage: Stage) -> None:
    grant, site = stage.let_in("a"), f"/sites/{stage.sites['a']['key']}/connect"
    why = stage.sonja.get(f"{site}/why?address=192.168.1.10&port=tcp/80")
    assert (why["word"], why["reason"]) == ("yes", "granted")
    sonja = why["person"]["key"]

    def tried(address: str, port: str) -> tuple[object, ...]:
        made = stage.rita.post(f"{site}/trials", person=sonja, address=address, port=port)
        path = f"/trials/{made['key']}"
        wait_for("the hub answers", lambda: stage.rita.get(path)["state"] != "waiting", 20)
        found = stage.rita.get(path)
        return found["state"], found["tunnel_up"], found["door_open"], found["reply"]

    mute = "add table inet mute; add chain inet mute in { type filter hook input priority 0; }; "
    stage.lab.run("heating-a", ["nft", mute + "add rule inet mute in tcp dport 82 drop"], check=True)
    try:
        assert tried("192.168.1.10", "tcp/80") == ("done", True, True, "answers")
        assert tried("192.168.1.10", "tcp/81") == ("done", True, True, "refuses")
        assert tried("192.168.1.10", "tcp/82") == ("done", True, True, "silent")
        assert tried("192.168.1.99", "tcp/80") == ("done", True, True, "no-way")
    finally:
        stage.lab.run("heating-a", ["nft", "delete", "table", "inet", "mute"])

    stage.revoke("a", grant)
    # Her door is closed in the kernel; the device is there all the same.
    assert tried("192.168.1.10", "tcp/80") == ("done", True, False, "answers")
    assert not opens(stage.lab, "laptop", stage.heating["a"])
    told = {event["action"] for event in stage.rita.get(f"/levels/{stage.sites['a']['key']}/events")["items"]}
    assert {"trial.asked", "trial.done"} <= told


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


def test_each_is_told_the_names_of_what_they_may_reach_and_no_others(stage: Stage) -> None:
    names = {}
    for plant, site in stage.sites.items():
        devices = stage.rita.get(f"/sites/{site['key']}/devices")["items"]
        names[plant] = next(each["hostname"] for each in devices if each["address"] == REAL)
    grant = stage.let_in("a")
    stage.profile(stage.rita, ELSEWHERE, "Names")

    for how in ("udp", "tcp"):
        assert ask(stage, "laptop", names["a"], how) == f"NOERROR {stage.heating['a']}"
        assert ask(stage, "laptop", names["b"], how) == "NXDOMAIN"
        assert ask(stage, "laptop", "www.example.org", how) == "REFUSED"
    assert ask(stage, ELSEWHERE, names["b"]) == f"NOERROR {stage.heating['b']}"
    assert "Timeout" in ask(stage, "gateway-a", names["a"])

    stage.revoke("a", grant)
    assert ask(stage, "laptop", names["a"]) == "NXDOMAIN"
    assert ask(stage, ELSEWHERE, names["a"]) == f"NOERROR {stage.heating['a']}"


def test_the_same_real_address_opens_the_plant_that_is_active(stage: Stage, tmp_path: Path) -> None:
    grants = {plant: stage.let_in(plant) for plant in "ab"}
    mine = f"/profiles/{stage.laptop['key']}"
    assert plant_at(stage, REAL) == ""

    def choose(plant: str) -> None:
        stage.sonja.patch(mine, site=stage.sites[plant]["key"])
        wait_for(f"plant {plant} answers", lambda: plant_at(stage, REAL) == plant, 10)

    choose("a")
    transfer = Transfer(stage.lab, "laptop", REAL, tmp_path / "transfer")
    choose("b")
    assert not transfer.runs(), "what ran to the other plant has stopped"
    transfer.stop()
    assert [plant_at(stage, stage.heating[plant]) for plant in "ab"] == ["a", "b"]

    transfer = Transfer(stage.lab, "laptop", REAL, tmp_path / "another")
    stage.revoke("b", grants["b"])
    wait_for("the transfer stops", lambda: not transfer.runs(), 10)
    transfer.stop()
    assert plant_at(stage, REAL) == ""
    choose("a")
    stage.sonja.patch(mine, site=None)


def test_device_that_does_not_know_the_pre_shared_key_is_not_let_in(stage: Stage) -> None:
    made = stage.profile(stage.rita, ELSEWHERE, "Secret")
    known = made["configuration"]
    without = "\n".join(line for line in known.splitlines() if not line.startswith("PresharedKey"))
    assert without != known.strip()

    connect(stage.lab, ELSEWHERE, without)
    assert stage.lab.run(ELSEWHERE, ["ping", "-c3", "-W1", HUB]).returncode != 0
    connect(stage.lab, ELSEWHERE, known)
    wait_for(
        "it is let in", lambda: stage.lab.run(ELSEWHERE, ["ping", "-c1", "-W1", HUB]).returncode == 0, 20
    )


def test_gateway_gets_a_new_key_without_a_visit_and_traffic_goes_on(stage: Stage, tmp_path: Path) -> None:
    site = f"/sites/{stage.sites['a']['key']}"

    def key() -> str:
        return stage.lab.run("gateway-a", ["wg", "show", gateway_interface("a"), "public-key"]).stdout.strip()

    stage.let_in("a")
    before, since = key(), stage.rita.get(f"{site}/state")["gateway"]["key_since"]
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")

    stage.rita.post(f"{site}/gateway/key")

    wait_for("it counts", lambda: stage.rita.get(f"{site}/state")["gateway"]["key_since"] != since, 30)
    assert key() != before
    wait_for("the transfer goes on", lambda: transfer.runs(3), 20)
    transfer.stop()
    assert opens(stage.lab, "laptop", stage.heating["a"])


def test_a_first_packet_begins_what_was_approved_and_ends_with_it(stage: Stage) -> None:
    site = stage.sites["a"]["key"]
    stage.invited(site, on_request=True)
    wish = {"rights": ["connect.use"], "minutes": 1, "reason": "Brenner"}
    asked = stage.sonja.post(f"/levels/{site}/requests", **wish)["key"]
    assert not opens(stage.lab, "laptop", stage.heating["a"])
    stage.rita.post(f"/levels/{site}/requests/{asked}/approve", minutes=1)

    def row() -> dict[str, Any]:
        [found] = [each for each in stage.sonja.get("/requests")["items"] if each["key"] == asked]
        return found  # type: ignore[no-any-return]

    assert row()["stage"] == "approved"
    begin = clock.monotonic()
    assert opens(stage.lab, "laptop", stage.heating["a"], limit=10), "the same connection gets through"
    assert clock.monotonic() - begin < 5
    assert row()["stage"] == "running"
    listed = stage.lab.run("hub", ["nft", "list", "set", "inet", "furka", "doors"], check=True).stdout
    [mine] = [each for each in stage.sonja.get("/profiles")["items"] if each["name"] == "Laptop"]
    [left] = re.findall(rf"{re.escape(mine['address'])} \. \S+ timeout (\S+)", listed)
    assert re.fullmatch(r"(1m|5\ds)(\d+ms)?", left), "the kernel counts the rest"
    stage.sonja.post(f"/requests/{asked}/end")
    wait_for("it is closed", lambda: not opens(stage.lab, "laptop", stage.heating["a"]), 10)


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
