"""A gateway at work: real packets through a real tunnel, and everything that can happen to it."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from furka.lab import Lab, start_gateway
from furka.wire.problem import Problem
from tests.gateway.fake_portal import FakePortal
from tests.gateway.plain_hub import ADDRESS, PlainHub
from tests.gateway.plants import Plant, one_plant
from tests.lab.waiting import eventually

pytestmark = pytest.mark.lab

LISTEN = """
import socket, sys
with socket.create_server(("0.0.0.0", 8080)) as server:
    print("up", flush=True)
    while True:
        server.accept()[0].close()
"""


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    """A plant whose gateway works, in a lab of its own."""
    with one_plant(tmp_path / "lab") as plant:
        yield plant


@pytest.fixture(scope="module")
def _lasting_plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with one_plant(tmp_path_factory.mktemp("lasting") / "lab") as plant:
        yield plant


@pytest.fixture
def lasting_plant(_lasting_plant: Plant) -> Plant:
    """A plant whose gateway works and is shared with other tests: only what the portal says may be changed."""
    _lasting_plant.report_on(_lasting_plant.give())
    eventually(_lasting_plant.page)
    return _lasting_plant


class Stream:
    """A transfer that runs from the heating controller to the hub."""

    def __init__(self, plant: Plant) -> None:
        self._log = plant.lab.home / "stream"
        url = f"http://{plant.device(10)}/stream"
        self.process = plant.lab.spawn("hub", ["curl", "-sN", url], log=self._log)
        eventually(self.lines)

    def lines(self) -> int:
        return self._log.read_bytes().count(b"\n")

    def flows(self, seconds: float = 0.5) -> bool:
        """Whether something arrives at least as late as that."""
        time.sleep(seconds)
        before = self.lines()
        time.sleep(seconds)
        return self.lines() > before


def listen(lab: Lab, host: str) -> None:
    """Have something on that host that takes connections on port 8080."""
    log = lab.home / f"listen-{host}"
    lab.spawn(host, [sys.executable, "-c", LISTEN], log=log)
    eventually(lambda: log.read_text() == "up\n")


def opens(lab: Lab, host: str, address: str, *options: str) -> bool:
    """Whether a connection to port 8080 comes about."""
    done = lab.run(host, ["curl", "-sm1", *options, f"http://{address}:8080/"])
    return done.returncode != 28  # curl: time-out


def without_filter(plant: Plant) -> None:
    """Take the gateway's filter away, with nobody there to bring it back: what is tested could happen then."""
    plant.gateway.kill()
    plant.lab.run(plant.host, ["nft", "flush", "ruleset"], check=True)


def test_two_plants_with_the_same_network_are_reached_at_once(tmp_path: Path) -> None:
    with FakePortal() as portal, Lab.start(tmp_path / "lab", portal.port) as lab:
        hub = PlainHub(lab)
        plants = [Plant(lab, letter, portal, hub) for letter in ("a", "b")]
        for plant in plants:
            plant.claim()
        hub.start({plant.public_key: f"{plant.address}/32,{plant.device(0)}/24" for plant in plants})
        for plant in plants:
            plant.give()
        pages = [eventually(plant.page) for plant in plants]
        assert [re.findall(r"<p>Plant (.)", page) for page in pages] == [["A"], ["B"]]


def test_devices_without_a_way_out_answer_because_the_gateway_asks_in_its_own_name(
    lasting_plant: Plant,
) -> None:
    assert re.findall(r'"visitor">([0-9.]+)<', lasting_plant.page()) == ["192.168.1.2"]
    assert lasting_plant.meter_says(2, 3) == [1002, 1003, 1004]


def test_what_the_gateway_reports_and_shows(lasting_plant: Plant) -> None:
    report = lasting_plant.last_report()
    assert report is not None
    assert (report.missing_networks, report.trouble) == ((), "")
    shown = lasting_plant.lab.run(lasting_plant.host, ["furka", "gateway", "status"])
    assert shown.returncode == 0
    said = [line for line in shown.stdout.splitlines() if not line.startswith("Local key:")]
    assert said[:4] == [
        "Site:       School a",
        "Portal:     http://203.0.113.2",
        "Network:    192.168.1.0/24 as 10.128.1.0/24",
        f"Tunnel:     up (furka-a, {report.back_end})",
    ]


def test_nothing_at_the_plant_opens_a_connection_into_the_tunnel(plant: Plant) -> None:
    listen(plant.lab, "hub")
    for name in ("heating-a", "meter-a"):
        plant.lab.run(name, ["ip", "route", "add", "default", "via", "192.168.1.2"], check=True)
    plant.hub.send_through_tunnel(plant.public_key, "192.168.1.0/24")
    assert not opens(plant.lab, "heating-a", ADDRESS)
    assert plant.lab.run("meter-a", ["ping", "-qc1", "-W1", ADDRESS]).returncode == 1
    without_filter(plant)
    assert opens(plant.lab, "heating-a", ADDRESS)


def test_the_gateway_itself_answers_nothing_out_of_the_tunnel_but_pings(plant: Plant) -> None:
    listen(plant.lab, "gateway-a")
    assert not opens(plant.lab, "hub", plant.address)
    assert not opens(plant.lab, "hub", plant.device(2))
    assert plant.lab.run("hub", ["ping", "-qc1", "-W1", plant.address]).returncode == 0
    without_filter(plant)
    assert opens(plant.lab, "hub", plant.address)


def test_a_hub_that_is_up_to_no_good_reaches_nothing_but_the_virtual_network(plant: Plant) -> None:
    listen(plant.lab, "heating-a")
    listen(plant.lab, "internet")
    plant.lab.run("heating-a", ["ip", "route", "add", "default", "via", "192.168.1.2"], check=True)
    plant.hub.send_through_tunnel(plant.public_key, "192.168.1.0/24", "203.0.113.254/32")
    assert opens(plant.lab, "hub", plant.device(10))
    assert not opens(plant.lab, "hub", "192.168.1.10")
    assert not opens(plant.lab, "hub", "203.0.113.254")
    without_filter(plant)
    assert opens(plant.lab, "hub", "192.168.1.10")


def test_the_gateway_is_no_way_out_for_the_plant(plant: Plant) -> None:
    """Its kernel forwards packets now; its filter does not."""
    listen(plant.lab, "internet")
    plant.lab.run("heating-a", ["ip", "route", "add", "default", "via", "192.168.1.2"], check=True)
    assert not opens(plant.lab, "heating-a", "203.0.113.254")
    without_filter(plant)
    assert opens(plant.lab, "heating-a", "203.0.113.254")


def test_large_packets_fit_through_the_tunnel(lasting_plant: Plant) -> None:
    """The hub's end takes 1500 bytes here, so that only the gateway can have made the segments smaller."""
    stream = Stream(lasting_plant)
    shown = lasting_plant.lab.run("heating-a", ["ss", "-tinH", "sport", "=", ":80"], check=True).stdout
    # 1420 without IP, TCP and time stamps; a connection of the test before may still be closing.
    assert set(re.findall(r" mss:(\d+)", shown)) == {"1368"}
    stream.process.close()
    download = ["curl", "-sm20", "-o", "/dev/null", "-w", "%{size_download}"]
    url = f"http://{lasting_plant.device(10)}/download?mib=2"
    assert lasting_plant.lab.run("hub", [*download, url]).stdout == str(2 << 20)


def test_a_killed_service_interrupts_nobody_and_is_taken_up_again(plant: Plant) -> None:
    stream = Stream(plant)
    plant.gateway.kill()
    assert stream.flows()
    again = start_gateway(plant.lab, "a")
    eventually(lambda: plant.log().count("The tunnel leads to") == 2)
    assert stream.flows()
    assert again.alive


def test_after_a_loss_of_power_the_last_settings_are_in_force_without_the_portal(plant: Plant) -> None:
    plant.gateway.kill()
    plant.lab.run(plant.host, ["ip", "link", "delete", "furka-a"], check=True)
    plant.lab.run(plant.host, ["nft", "flush", "ruleset"], check=True)
    plant.lab.run(plant.host, ["ip", "route", "add", "blackhole", "203.0.113.2"], check=True)
    assert plant.page() == ""
    start_gateway(plant.lab, "a")
    assert "Plant A" in eventually(plant.page)


def test_a_tunnel_that_breaks_down_comes_back_by_itself(plant: Plant) -> None:
    plant.lab.run(plant.host, ["ip", "link", "delete", "furka-a"], check=True)
    plant.lab.run(plant.host, ["nft", "flush", "ruleset"], check=True)
    assert plant.page() == ""
    assert "Plant A" in eventually(plant.page)


def test_a_stopped_service_leaves_no_way_in_and_knows_its_site_the_next_time(plant: Plant) -> None:
    assert plant.gateway.stop() == 0
    assert (plant.interface_is_there(), plant.filter_is_there()) == (False, False)
    assert plant.lab.run(plant.host, ["furka", "gateway", "status"]).returncode == 1
    start_gateway(plant.lab, "a")
    assert "Plant A" in eventually(plant.page)


def test_a_released_gateway_takes_everything_down_forgets_it_and_waits_for_a_claim(plant: Plant) -> None:
    stream = Stream(plant)
    key = plant.public_key
    plant.portal.give(plant.site, released=True)
    eventually(lambda: plant.kept() == set())
    assert (plant.interface_is_there(), plant.filter_is_there()) == (False, False)
    assert not stream.flows()
    assert plant.gateway.alive
    plant.code = "CODE-c"
    plant.portal.codes["CODE-c"] = plant.site = "Town hall"
    plant.claim()
    assert plant.public_key != key
    eventually(lambda: "This gateway serves Town hall" in plant.log())


def test_settings_change_what_flows_at_once(lasting_plant: Plant) -> None:
    stream = Stream(lasting_plant)
    etag = lasting_plant.give(networks=[{"real": "192.168.1.8/29", "virtual": "10.128.1.0/29"}])
    lasting_plant.report_on(etag)
    assert not stream.flows()
    assert "Plant A" in lasting_plant.page("10.128.1.2")
    assert lasting_plant.page("10.128.1.10") == ""


def test_a_change_that_does_not_concern_a_network_does_not_disturb_it(lasting_plant: Plant) -> None:
    stream = Stream(lasting_plant)
    networks = [
        {"real": "192.168.1.0/24", "virtual": "10.128.1.0/24"},
        {"real": "172.16.9.0/24", "virtual": "10.128.9.0/24"},
    ]
    lasting_plant.report_on(lasting_plant.give(networks=networks))
    assert stream.flows()


def test_a_network_without_an_interface_is_reported_until_there_is_one(lasting_plant: Plant) -> None:
    networks = [
        {"real": "192.168.1.0/24", "virtual": "10.128.1.0/24"},
        {"real": "172.16.9.0/24", "virtual": "10.128.9.0/24"},
    ]
    etag = lasting_plant.give(networks=networks)
    assert lasting_plant.report_on(etag).missing_networks == (IPv4Network("172.16.9.0/24"),)
    assert "No interface of this gateway lies in the network 172.16.9.0/24" in lasting_plant.log()
    assert "Plant A" in lasting_plant.page()
    for host, last in (("gateway-a", 2), ("heating-a", 10)):
        address = ["ip", "address", "add", f"172.16.9.{last}/24", "dev", "eth0"]
        lasting_plant.lab.run(host, address, check=True)
    lasting_plant.hub.send_through_tunnel(lasting_plant.public_key, "10.128.9.0/24")
    eventually(lambda: lasting_plant.report_on(etag).missing_networks == ())


def test_settings_that_would_do_harm_are_reported_and_change_nothing(lasting_plant: Plant) -> None:
    good = lasting_plant.give()
    lasting_plant.report_on(good)
    lasting_plant.give(hub={**lasting_plant.hub.to_reach, "allowed": ["192.168.0.0/16"]})
    report = eventually(lambda: (found := lasting_plant.last_report()) and found.trouble and found)
    assert report
    assert (report.applied_etag, report.trouble) == (
        good,
        "the tunnel's range 192.168.0.0/16 covers the network 192.168.1.0/24",
    )
    assert "Plant A" in lasting_plant.page()


def test_a_gateway_whose_token_is_refused_keeps_what_was_in_force(plant: Plant) -> None:
    plant.portal.refused = Problem(title="Not known", status=401, code="not-known", detail="Token not known.")
    plant.give()  # ends the question that waits
    eventually(lambda: plant.log().count("The portal refuses this gateway: Token not known.") == 1, 40)
    assert "Plant A" in plant.page()
    assert plant.kept() == {"gateway.json", "settings.json", "status.json"}


def test_the_service_stops_at_once_while_it_waits_for_a_claim(tmp_path: Path) -> None:
    with Lab.start(tmp_path / "lab", 1) as lab:
        gateway = start_gateway(lab, "b")
        log = lab.home / "logs" / "gateway-b.log"
        eventually(lambda: "waiting for: furka gateway claim" in log.read_text())
        gateway.signal(signal.SIGTERM)
        assert gateway.wait(5) == 0


@pytest.mark.long
def test_a_hub_that_was_switched_off_and_on_is_back_within_forty_seconds(plant: Plant) -> None:
    plant.hub.stop()
    plant.hub.start({plant.public_key: f"{plant.address}/32,10.128.1.0/24"})
    assert plant.page() == ""
    assert "Plant A" in eventually(plant.page, 40)
