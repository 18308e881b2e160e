"""The switch at the site: somebody there cuts every way in, and nobody outside undoes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from furka.lab import start_gateway
from tests.gateway.plants import Plant, one_plant
from tests.lab.waiting import eventually

pytestmark = pytest.mark.lab

HERE = "http://192.168.1.2:8470"


@pytest.fixture(scope="module")
def _plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with one_plant(tmp_path_factory.mktemp("switch") / "lab") as plant:
        yield plant


@pytest.fixture
def plant(_plant: Plant) -> Iterator[Plant]:
    """A plant into which the hub gets, and does again when the test is over."""
    eventually(_plant.page)
    yield _plant
    _plant.lab.run(_plant.host, ["furka", "gateway", "restore", *home(_plant)], check=True)


def home(plant: Plant) -> list[str]:
    return ["--home", str(plant.lab.home / plant.host)]


def call(plant: Plant, path: str, host: str = "heating-a", *options: str) -> str:
    """What the gateway's own page says to a device of the plant; empty if it does not answer."""
    return plant.lab.run(host, ["curl", "-sm3", *options, HERE + path]).stdout.strip()


def is_cut(plant: Plant) -> bool:
    return plant.page(limit=0.5) == ""


def reported(plant: Plant) -> str | None:
    report = plant.last_report()
    return report.cut_by if report is not None else None


def test_device_of_the_plant_cuts_and_only_the_gateways_own_key_lets_through_again(plant: Plant) -> None:
    log = plant.lab.home / "stream"
    stream = plant.lab.spawn("hub", ["curl", "-sN", f"http://{plant.device(10)}/stream"], log=log)
    eventually(lambda: log.stat().st_size > 0)
    assert call(plant, "/state") == "allowed"
    assert call(plant, "/cut") == "cut"
    eventually(lambda: is_cut(plant))
    arrived = log.stat().st_size
    eventually(lambda: reported(plant) == "network")
    assert log.stat().st_size == arrived  # the transfer that ran has stopped
    stream.kill()
    plant.report_on(plant.give())  # whatever the portal says
    assert is_cut(plant)
    assert call(plant, "/restore?key=0123456789abcdef") == "wrong key"
    assert is_cut(plant)
    shown = plant.lab.run(plant.host, ["furka", "gateway", "status", *home(plant)]).stdout
    key = shown.partition("Local key:")[2].split()[0]
    assert call(plant, f"/restore?key={key}") == "allowed"
    eventually(plant.page)
    eventually(lambda: reported(plant) is None)


def test_cut_outlives_the_service(plant: Plant) -> None:
    plant.lab.run(plant.host, ["furka", "gateway", "cut", *home(plant)], check=True)
    eventually(lambda: reported(plant) == "command")
    plant.gateway.kill()
    plant.gateway = start_gateway(plant.lab, "a")
    eventually(lambda: "hub answers" in plant.log())
    assert is_cut(plant)


def test_page_for_people_at_the_plant_is_for_them_alone(plant: Plant) -> None:
    page = call(plant, "/", "heating-a", "-H", "Accept: text/html", "-H", "Accept-Language: fr-CH")
    assert "Couper l’accès à distance" in page
    assert call(plant, "/cut", "heating-a", "-H", "Host: gateway.example.org") != "cut"
    through_tunnel = ["curl", "-sm1", f"http://{plant.device(2)}:8470/cut"]
    assert plant.lab.run("hub", through_tunnel).stdout == ""
    assert "Plant A" in plant.page()
    plant.report_on(plant.give(networks=[]))
    assert call(plant, "/cut") == ""  # whoever calls lies in no network of the site
    plant.give()


def test_input_that_is_not_closed_cuts(plant: Plant, tmp_path: Path) -> None:
    switch = tmp_path / "value"
    switch.write_text("1\n")
    plant.gateway.stop()
    plant.gateway = start_gateway(plant.lab, "a", "--input", str(switch))
    eventually(plant.page)
    switch.write_text("0\n")
    eventually(lambda: is_cut(plant))
    eventually(lambda: reported(plant) == "input")
    plant.lab.run(plant.host, ["furka", "gateway", "restore", *home(plant)], check=True)
    assert is_cut(plant)
    switch.unlink()
    assert is_cut(plant)
    switch.write_text("1")
    eventually(plant.page)
