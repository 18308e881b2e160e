"""Who reaches whom in the lab."""

from __future__ import annotations

from http.server import ThreadingHTTPServer

import pytest

from furka.lab import Lab
from furka.lab.topology import HOSTS

pytestmark = pytest.mark.lab


def page(lab: Lab, host: str, address: str) -> str:
    """What a browser on that host finds; empty if nobody answers within a second."""
    return lab.run(host, ["curl", "-sm1", f"http://{address}/"]).stdout


def reaches(lab: Lab, host: str, address: str) -> bool:
    return lab.run(host, ["ping", "-qc1", "-W1", address]).returncode == 0


def test_everybody_out_there_reaches_hub_and_portal(lab: Lab) -> None:
    hosts = ["laptop", "gateway-a", "gateway-b", "internet"]
    assert [(reaches(lab, host, "203.0.113.1"), reaches(lab, host, "203.0.113.2")) for host in hosts] == [
        (True, True)
    ] * 4


def test_two_plants_have_the_same_addresses_and_other_devices(lab: Lab) -> None:
    pages = [page(lab, f"gateway-{plant}", "192.168.1.10") for plant in "ab"]
    assert ["Plant A" in pages[0], "Plant B" in pages[0]] == [True, False]
    assert ["Plant A" in pages[1], "Plant B" in pages[1]] == [False, True]


def test_devices_have_no_way_out_of_their_network(lab: Lab) -> None:
    for device in ("heating-a", "meter-a", "heating-b", "meter-b"):
        routes = lab.run(device, ["ip", "-4", "route", "show"]).stdout.split("\n")
        assert [route.partition(" ")[0] for route in routes if route] == ["192.168.1.0/24"]


def test_nobody_gets_into_a_plant_from_outside_even_knowing_the_way(lab: Lab) -> None:
    lab.run("internet", ["ip", "route", "replace", "192.168.1.0/24", "via", "203.0.113.11"], check=True)
    assert page(lab, "internet", "192.168.1.10") == ""
    assert not reaches(lab, "internet", "192.168.1.2")
    assert not reaches(lab, "internet", "203.0.113.11")
    assert "Plant A" in page(lab, "router-a", "192.168.1.10")


def test_the_laptop_reaches_neither_plant(lab: Lab) -> None:
    assert page(lab, "laptop", "192.168.1.10") == ""


def test_the_portal_is_the_page_of_this_machine_and_its_only_link(
    lab: Lab, page_here: ThreadingHTTPServer
) -> None:
    assert "this machine" in page(lab, "laptop", "203.0.113.2")
    port = page_here.server_address[1]
    assert page(lab, "laptop", f"203.0.113.2:{port}") == ""
    assert page(lab, "portal", f"127.0.0.1:{port}") == ""


def test_a_large_answer_of_the_portal_arrives_whole(lab: Lab) -> None:
    done = lab.run("laptop", ["curl", "-sm20", "http://203.0.113.2/download?mib=8"])
    assert len(done.stdout) == 8 << 20


def test_a_portal_that_is_away_looks_like_it(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Lab.start(tmp_path_factory.mktemp("lonely"), 1) as lonely:
        done = lonely.run("laptop", ["curl", "-sm5", "http://203.0.113.2/"])
    assert done.returncode == 52  # curl: empty reply


def test_every_host_has_its_address_and_no_other(lab: Lab) -> None:
    for host in HOSTS:
        shown = lab.run(host.name, ["ip", "-4", "-o", "address", "show", "scope", "global"]).stdout
        addresses = {line.split()[3] for line in shown.splitlines()}
        assert addresses == {address for address in (host.address, host.inner) if address}
