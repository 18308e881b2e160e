"""What is known of networks and devices beside their addresses: what is kept, what is refused, what is written down."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from furka.access.rights import LOOK
from furka.clock import FakeClock
from furka.errors import Invalid, Refused
from furka.finding.queries import find
from furka.journal.models import Event
from furka.sites import operations, queries
from furka.sites.equipment import (
    DeviceFacts,
    Port,
    change_device,
    change_network,
    facts_of,
    ports_in,
)
from furka.sites.labels import label_device, labels_of
from furka.sites.models import Device
from tests.world import World, by


def heating(world: World) -> Device:
    """The device of our school."""
    [view] = queries.devices_of(by(world.rita), world.ours.school)
    return view.device


def change(world: World, device: Device, facts: DeviceFacts, **other: Any) -> None:
    """Rita changes a device; what is not named stays."""
    basic = {name: getattr(device, name) for name in ("name", "address", "kind", "web")}
    change_device(by(world.rita), device, **{**basic, **other}, facts=facts)


def test_facts_of_a_device_are_kept_in_one_way_of_writing_and_told(world: World) -> None:
    facts = DeviceFacts(
        "00-1A-2B.3c 4d:5E", ports_in("502/TCP Modbus\n\n80  Web\n161/udp"), " /login ", " im  Keller "
    )

    change(world, heating(world), facts, name="Kessel", address="192.168.1.12")

    device = heating(world)
    ports = (Port(80, "tcp", "Web"), Port(161, "udp"), Port(502, "tcp", "Modbus"))
    assert facts_of(device) == DeviceFacts("00:1a:2b:3c:4d:5e", ports, "/login", "im Keller")
    event = Event.objects.get(action="device.changed")
    assert event.before["mac"] == ""
    assert (event.before["name"], event.after["name"]) == ("Heizung", "Kessel")
    assert event.after["ports"] == ["80/tcp Web", "161/udp", "502/tcp Modbus"]
    assert "kind" not in event.after


def test_nothing_is_written_down_where_nothing_changes(world: World) -> None:
    device = heating(world)
    [network] = queries.networks_of(by(world.rita), world.ours.school)

    change(world, device, facts_of(device))
    change_network(by(world.rita), network, network.name, None, "")

    assert not Event.objects.filter(action__endswith=".changed").exists()


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (DeviceFacts(mac="00:1a:2b:3c:4d"), "mac-wrong"),
        (DeviceFacts(mac="00:1a:2b:3c:4d:5g"), "mac-wrong"),
        (DeviceFacts(ports=(Port(0),)), "port-wrong"),
        (DeviceFacts(ports=(Port(65536),)), "port-wrong"),
        (DeviceFacts(ports=(Port(1, "icmp"),)), "port-wrong"),
        (DeviceFacts(ports=(Port(1, "tcp", "x" * 41),)), "too-long"),
        (DeviceFacts(ports=tuple(map(Port, range(1, 22)))), "too-many-ports"),
        (DeviceFacts(note="x" * 501), "too-long"),
        (DeviceFacts(link="http://example.org/" + "x" * 300), "link-wrong"),
    ]
    + [
        (DeviceFacts(link=link), "link-wrong")
        for link in (
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "//example.org/",
            "/\\example.org/",
            "http:\\\\example.org",
            "https://me:secret@example.org/",
            "https://@example.org/",
            "https:///login",
            "http://[::1/",
            "http://example.org:99999/",
            "ftp://example.org/",
            "login",
        )
    ],
)
def test_facts_that_can_not_be_are_refused_and_nothing_changes(
    world: World, facts: DeviceFacts, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        change(world, heating(world), facts, name="Anders")

    assert refusal.value.code == code
    assert (heating(world).name, facts_of(heating(world))) == ("Heizung", DeviceFacts())


@pytest.mark.parametrize("text", ["Modbus", "502/icmp", "502tcp", "999999", "-1", "502/", "५०२"])
def test_line_that_is_no_port_is_said(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ports_in(text)

    assert refusal.value.code == "port-wrong"


@pytest.mark.parametrize("link", ["http://192.168.1.10:8080/a?b=c", "HTTPS://example.org", "/visu/#1"])
def test_links_that_browsers_may_open_are_kept(world: World, link: str) -> None:
    change(world, heating(world), DeviceFacts(link=link))

    assert heating(world).link == link


def test_device_keeps_an_address_whose_network_is_gone(world: World) -> None:
    [network] = queries.networks_of(by(world.rita), world.ours.school)
    operations.remove_network(by(world.rita), network)

    change(world, heating(world), DeviceFacts(note="ausgebaut"))
    with pytest.raises(Invalid):
        change(world, heating(world), DeviceFacts(), address="192.168.1.11")

    assert heating(world).note == "ausgebaut"


def test_address_of_another_device_is_refused(world: World) -> None:
    operations.add_device(by(world.rita), world.ours.school, "Zähler", "192.168.1.11")

    with pytest.raises(Invalid) as refusal:
        change(
            world,
            Device.objects.everything("a test").get(name="Zähler"),
            DeviceFacts(),
            address="192.168.1.10",
        )

    assert refusal.value.code == "address-taken"


def test_network_gets_another_name_vlan_and_note(world: World) -> None:
    [network] = queries.networks_of(by(world.rita), world.ours.school)

    change_network(by(world.rita), network, " Leit  technik", 4094, "Schrank 2")
    for vlan in (0, 4095, -1):
        with pytest.raises(Invalid):
            change_network(by(world.rita), network, "Anders", vlan, "")

    [network] = queries.networks_of(by(world.rita), world.ours.school)
    assert (network.name, network.vlan, network.note) == ("Leit technik", 4094, "Schrank 2")
    event = Event.objects.get(action="network.changed")
    assert event.before == {"subnet": "192.168.1.0/24", "name": "Haustechnik", "vlan": None, "note": ""}


def test_only_who_may_configure_changes_them(world: World) -> None:
    device = heating(world)
    [network] = queries.networks_of(by(world.rita), world.ours.school)

    with pytest.raises(Refused):
        change_device(by(world.sonja), device, "x", device.address, "other", False, DeviceFacts())
    with pytest.raises(Refused):
        change_network(by(world.sonja), network, "x", None, "")


@pytest.mark.parametrize("text", ["00:1a:2b", "001a2b3c", "visu.example", "heizkeller", "modbus"])
def test_device_is_found_by_what_is_known_of_it(world: World, text: str) -> None:
    facts = DeviceFacts(
        "00:1A:2B:3C:4D:5E", (Port(502, "tcp", "Modbus"),), "https://visu.example/", "Heizkeller"
    )

    change(world, heating(world), facts)

    assert [row.name for row in find(by(world.rita), text, 9, whats=("device",))] == ["Heizung"]
    assert not [row for row in find(by(world.nora), text, 9) if row.node == world.ours.school]


def test_labels_of_many_devices_change_together_on_a_page(
    world: World, client: Client, fake_clock: FakeClock
) -> None:
    rita, school = by(world.rita), world.ours.school
    pump = operations.add_device(rita, school, "Pumpe", "192.168.1.11")
    label_device(rita, pump, ["Alt"])
    client.force_login(world.rita)
    address = f"/levels/{school.key}/devices/labels/"
    assert address in client.get(f"/levels/{school.key}/").content.decode()
    both = [heating_key(world), pump.key]
    assert client.post(address, {"devices": both}).status_code == 422
    assert client.post(address, {"devices": ["a" * 12], "add": "Heizung"}).status_code == 422
    answer = client.post(address, {"devices": both, "add": "Heizung, Pikett", "remove": "alt"})
    assert answer.headers["Location"] == f"/levels/{school.key}/"
    carried = labels_of(rita, [view.device for view in queries.devices_of(rita, school)])
    assert [sorted(names) for names in carried.values()] == [["Heizung", "Pikett"]] * 2
    client.force_login(world.sonja)
    assert client.get(address).status_code == 403


def heating_key(world: World) -> str:
    rows = Device.objects.visible_to(by(world.rita), LOOK)
    return rows.get(node=world.ours.school, name="Heizung").key
