"""Letting somebody in to a part of a site, on the pages and through the API."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from furka.access.narrowing import Narrowing, PortNumber
from furka.clock import FakeClock
from furka.people.models import Person
from furka.sites.labels import label_device
from furka.sites.models import Device
from furka.sites.operations import add_device
from furka.sites.queries import devices_of
from furka.tree.changing import change, terms_of
from furka.tree.queries import GrantView, grant_of_key, grants_on
from tests.world import World, by

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def heating(world: World) -> Device:
    return devices_of(by(world.rita), world.ours.school)[0].device


def grant(world: World, email: str) -> GrantView:
    [found] = [each for each in grants_on(by(world.rita), world.ours.school) if each.email == email]
    return found


def read(client: Client, someone: Person, address: str) -> str:
    client.force_login(someone)
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_supporter_is_let_in_to_one_device_and_the_list_says_so(world: World, client: Client) -> None:
    url = f"/levels/{world.ours.school.key}/people/"
    client.force_login(world.rita)
    sent = {
        "email": "neu@example.org",
        "role": "supporter",
        "ends": "4h",
        "relation": "supporter",
        "part": "devices",
        "devices": [heating(world).key],
        "ports": ["web"],
        "other_ports": "udp/161 8080",
    }
    answer = client.post(f"{url}invite/", sent)
    assert answer.status_code == 302

    invited = grant(world, "neu@example.org")
    ports = {PortNumber("tcp", 80), PortNumber("tcp", 443), PortNumber("udp", 161), PortNumber("tcp", 8080)}
    assert invited.narrowing == Narrowing(devices=frozenset({heating(world).key}), ports=frozenset(ports))
    shown = read(client, world.rita, url)
    assert "only Heizung; only ports tcp/80, tcp/443, tcp/8080, udp/161" in shown


def test_what_makes_no_sense_is_said_at_its_field(world: World, client: Client) -> None:
    client.force_login(world.rita)
    sent = {
        "email": "neu@example.org",
        "role": "supporter",
        "ends": "4h",
        "part": "devices",
        "other_ports": "http",
    }
    answer = client.post(f"/levels/{world.ours.school.key}/people/invite/", sent)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"other_ports"}
    answer = client.post(f"/levels/{world.ours.school.key}/people/invite/", {**sent, "other_ports": ""})
    assert answer.context["form"].errors.keys() == {"devices"}
    technician = {**sent, "other_ports": "", "devices": [heating(world).key], "role": "technician"}
    answer = client.post(f"/levels/{world.ours.school.key}/people/invite/", technician)
    assert answer.context["form"].errors.keys() == {"role"}


def test_a_running_access_is_narrowed_to_a_label_and_a_change_without_it_keeps_it(
    world: World, client: Client
) -> None:
    label_device(by(world.rita), heating(world), ["Wärme"])
    key = grant(world, world.sonja.email).key
    url = f"/levels/{world.ours.school.key}/people/{key}/change/"
    client.force_login(world.rita)
    page = client.get(url)
    sent = {"role": "supporter", "relation": "supporter", "version": page.context["form"].initial["version"]}
    assert client.post(url, {**sent, "part": "labels", "labels": ["warme"]}).status_code == 302
    narrowed = Narrowing(labels=frozenset({frozenset({"warme"})}))
    assert grant(world, world.sonja.email).narrowing == narrowed

    page = client.get(url)
    sent["version"] = page.context["form"].initial["version"]
    assert page.context["form"].initial["part"] == "labels"
    assert client.post(url, {**sent, "reason": "Ersatzteil"}).status_code == 302
    assert grant(world, world.sonja.email).narrowing == narrowed
    access = read(client, world.rita, f"/levels/{world.ours.school.key}/access/")
    assert "only devices labelled warme" in access


def test_labels_are_typed_on_the_page_of_the_device_and_shown_at_the_site(
    world: World, client: Client
) -> None:
    site, device = world.ours.school, heating(world)
    client.force_login(world.rita)
    sent = {"name": "Heizung", "address": device.address, "kind": "controller", "web": "on"}
    answer = client.post(f"/levels/{site.key}/devices/{device.key}/", {**sent, "labels": "Keller, Wärme"})
    assert answer.status_code == 302
    shown = read(client, world.rita, f"/levels/{site.key}/")
    assert "Keller" in shown
    assert "Wärme" in shown


def test_who_reaches_a_part_sees_nothing_else_of_the_site(world: World, client: Client) -> None:

    camera = add_device(by(world.rita), world.ours.school, "Kamera", "192.168.1.20", "camera")
    row = grant_of_key(by(world.rita), world.ours.school, grant(world, world.sonja.email).key)
    assert row is not None
    part = Narrowing(devices=frozenset({camera.key}))
    change(by(world.rita), row, replace(terms_of(row), narrowing=part))
    for address in (f"/levels/{world.ours.school.key}/", "/access/"):
        shown = read(client, world.sonja, address)
        assert "Kamera" in shown
        assert "Heizung" not in shown
