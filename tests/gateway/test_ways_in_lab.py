"""A plant whose network lets out little: the tunnel finds its way, comes back to UDP, and bad lines do not end it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from furka.lab import start_gateway
from furka.lab.topology import PROXY_LOGIN, PROXY_URL
from furka.lab.walls import Wall, set_loss, set_wall
from tests.gateway.plants import Plant, one_plant
from tests.gateway.relay_beside import RelayBeside
from tests.lab.waiting import eventually

pytestmark = pytest.mark.lab

LIMIT = 60.0


@pytest.fixture(scope="module")
def _plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with one_plant(tmp_path_factory.mktemp("ways") / "lab") as plant:
        yield plant


@pytest.fixture(scope="module")
def relay(_plant: Plant) -> RelayBeside:
    return RelayBeside(_plant.lab)


@pytest.fixture
def plant(_plant: Plant, relay: RelayBeside) -> Iterator[Plant]:
    """A plant with nothing in its way, that knows a relay."""
    set_wall(_plant.lab, "a", Wall.OPEN)
    restart(_plant)
    _plant.give(relay=relay.to_reach(_plant.public_key))
    eventually(lambda: path_of(_plant) == "udp", LIMIT)
    yield _plant
    set_wall(_plant.lab, "a", Wall.OPEN)
    set_loss(_plant.lab, "a", 0)


def restart(plant: Plant, *options: str) -> None:
    """Begin anew, without the tunnel that was there."""
    plant.gateway.stop()
    plant.portal.reports.clear()
    plant.gateway = start_gateway(plant.lab, "a", *options)


def path_of(plant: Plant) -> str:
    """The way that the gateway told last."""
    report = plant.last_report()
    return report.path if report is not None else ""


def test_udp_that_is_blocked_is_gone_round_by_tls_and_taken_again_when_it_opens(
    plant: Plant, relay: RelayBeside
) -> None:
    set_wall(plant.lab, "a", Wall.TLS)
    eventually(lambda: "Plant A" in plant.page() and path_of(plant) == "tls", LIMIT)
    shown = plant.lab.run(plant.host, ["furka", "gateway", "status"]).stdout
    assert "Way:        TLS over TCP, since " in shown
    assert "Hub:        127.0.0.1:" in shown

    relay.process.kill()
    relay.start()
    eventually(lambda: "Plant A" in plant.page(), LIMIT)

    set_wall(plant.lab, "a", Wall.OPEN)
    eventually(lambda: path_of(plant) == "udp", 2 * LIMIT)
    assert "Plant A" in eventually(plant.page)
    connections = plant.lab.run("hub", ["ss", "-Htn", "state", "established", "sport", "=", ":443"]).stdout
    assert connections == "", "nothing of the other way is left"


def test_behind_a_proxy_with_a_login_the_plant_is_reached_all_the_same(plant: Plant) -> None:
    set_wall(plant.lab, "a", Wall.PROXY)
    restart(plant, "--proxy", PROXY_URL)
    eventually(lambda: "Plant A" in plant.page() and path_of(plant) == "tls-proxy", LIMIT)
    assert PROXY_LOGIN not in plant.log(), "the login is told to the proxy only"


def test_a_fifth_of_all_packets_may_be_lost(plant: Plant) -> None:
    set_loss(plant.lab, "a", 20)
    restart(plant)
    assert "Plant A" in eventually(lambda: plant.page(limit=8), LIMIT)


def test_packets_fit_through_a_line_of_1280_bytes(plant: Plant) -> None:
    lines = (("router-a", "lan"), ("router-a", "gateway-a"), ("gateway-a", "eth0"))
    for host, line in lines:
        plant.lab.run(host, ["ip", "link", "set", line, "mtu", "1280"], check=True)
    try:
        show = ["ip", "link", "show", "furka-a"]
        eventually(lambda: " mtu 1220 " in plant.lab.run(plant.host, show).stdout, LIMIT)
        url = f"http://{plant.device(10)}/download?mib=2"
        download = ["curl", "-sm30", "-o", "/dev/null", "-w", "%{size_download}", url]
        assert plant.lab.run("hub", download).stdout == str(2 << 20)
    finally:
        for host, line in lines:
            plant.lab.run(host, ["ip", "link", "set", line, "mtu", "1500"])


def test_whoever_has_no_ticket_gets_nothing_from_the_relay(plant: Plant) -> None:
    asked = ["curl", "-sko", "/dev/null", "-m5", "-w", "%{http_code}"]
    upgrade = ["--http1.1", "-H", "Connection: Upgrade", "-H", "Upgrade: furka-relay/1"]
    for options, answer in (
        (["https://203.0.113.1/"], "404"),
        ([*upgrade, "https://203.0.113.1/furka/relay"], "403"),
        (["--proxy-insecure", "-x", "https://203.0.113.1:443", f"http://{plant.device(10)}/"], "404"),
        (["--proxy-insecure", "-px", "https://203.0.113.1:443", f"http://{plant.device(10)}/"], "000"),
    ):
        assert plant.lab.run("laptop", [*asked, *options]).stdout == answer
