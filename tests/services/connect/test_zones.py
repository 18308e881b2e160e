"""The matrix of a site: it says what the policy says, for each person, device and port."""

from __future__ import annotations

from itertools import product

import pytest
from django.test import Client

from furka.access.narrowing import Narrowing, PortNumber, Spot
from furka.services.connect.device_pages import open_page
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.services.connect.zones import zones
from furka.sites.labels import label_device
from furka.sites.models import Device
from furka.sites.operations import add_device, add_network, remove_network
from furka.sites.queries import devices_of
from furka.sites.spots import folded_labels
from furka.tree.granting import Terms
from furka.tree.holdings import of_person
from tests.api.caller import as_person
from tests.world import NOW, TONIGHT, World, by, let_in, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_clock")]

WEB, MODBUS = PortNumber("tcp", 80), PortNumber("tcp", 502)


def devices(world: World) -> dict[str, Device]:
    return {view.device.name: view.device for view in devices_of(by(world.rita), world.ours.school)}


@pytest.fixture
def narrowed(world: World) -> World:
    """Three who reach parts of the school: by label, by device and port, and by ports alone."""
    rita, school = by(world.rita), world.ours.school
    add_device(rita, school, "Kamera", "192.168.1.20", "camera", web=True)
    gone = add_network(rita, school, "192.168.7.0/24", "Weg")
    add_device(rita, school, "Wechselrichter", "192.168.7.9", "other")
    remove_network(rita, gone)  # so it lies in no network
    label_device(rita, devices(world)["Kamera"], ["Video"])
    parts = {
        "Lina": Narrowing(labels=frozenset({frozenset({"video"})})),
        "Dario": Narrowing(devices=frozenset({devices(world)["Heizung"].key}), ports=frozenset({MODBUS})),
        "Pia": Narrowing(ports=frozenset({WEB})),
    }
    for name, part in parts.items():
        let_in(school, person(name), Terms(role="supporter", narrowing=part, valid_until=TONIGHT), world.rita)
    return world


def test_the_matrix_says_what_the_policy_says(narrowed: World) -> None:
    site = narrowed.ours.school
    found = zones(by(narrowed.rita), site)
    labels = folded_labels([view.device for view in found.devices])
    by_name = {row.access.name: row for row in found.rows if row.access is not None}
    assert set(by_name) == {"Rita", "Karl", "Sonja", "Lina", "Dario", "Pia"}  # Max only looks
    for (name, row), n, port in product(by_name.items(), range(len(found.devices)), (WEB, MODBUS)):
        view, cell = found.devices[n], row.cells[n]
        assert row.access is not None
        who = of_person(type(narrowed.rita).objects.get(key=row.access.person_key), NOW, "test")
        spot = Spot(view.device.key, labels.get(view.device.pk, frozenset()), port)
        says = who.decide_at(USE_REMOTE_ACCESS, site.place, spot).allowed and view.reached_at is not None
        assert (cell.ports is None or port in cell.ports) == says, (name, view.device.name, port)
    assert by_name["Sonja"].whole.ports is None
    assert by_name["Pia"].whole.ports == (WEB,)
    assert not by_name["Lina"].whole.is_open
    assert by_name["Dario"].until == TONIGHT


def test_an_open_page_leads_to_its_device_alone(narrowed: World) -> None:
    open_page(by(narrowed.sonja), devices(narrowed)["Heizung"], "login", "de")
    [row] = [row for row in zones(by(narrowed.rita), narrowed.ours.school).rows if row.page is not None]
    assert row.page is not None
    assert row.page.person == narrowed.sonja
    open_cells = [(cell.target.name, cell.ports) for cell in row.cells if cell.target and cell.is_open]
    assert open_cells == [("Heizung", (WEB, PortNumber("tcp", 443)))]
    assert not row.whole.is_open


def test_page_and_api_show_it_to_whoever_administers_people(narrowed: World, client: Client) -> None:
    key = narrowed.ours.school.key
    path = f"/levels/{key}/services/connect/zones/"
    client.force_login(narrowed.rita)
    page = client.get(path)
    assert (page.status_code, len(page.context["rows"])) == (200, 6)
    found = client.get(path, {"q": "kamera"})
    assert [device.name for device in found.context["devices"]] == ["Kamera"]
    rows = as_person(narrowed.rita).items(f"/sites/{key}/connect/zones")
    [dario] = [row for row in rows if row["person"]["name"] == "Dario"]
    assert dario["network"] == []
    reached = {each["device"]: each["ports"] for each in dario["devices"]}
    assert reached[devices(narrowed)["Heizung"].key] == ["tcp/502"]
    assert reached[devices(narrowed)["Kamera"].key] == []
    client.force_login(narrowed.sonja)
    assert client.get(path).status_code == 403
    assert as_person(narrowed.sonja).get(f"/sites/{key}/connect/zones").status == 403
    assert as_person(narrowed.nora).get(f"/sites/{key}/connect/zones").status == 404
