"""Pages of remote access: my access, my devices, and the service at a site."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from furka.catalogue.operations import settings_at
from furka.clock import FakeClock
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.people.models import Person
from furka.services.connect import queries
from furka.services.connect.operations import PRIVATE_KEY_PLACE
from furka.services.connect.profile_files import _file_name
from furka.sites.models import Gateway
from furka.tree.granting import Terms
from furka.tree.models import Node
from furka.tunnel.models import Profile
from tests.world import NOW, TONIGHT, World, a_connection, a_profile, by, let_in, person, public_key

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def get(client: Client, someone: Person, address: str) -> HttpResponse:
    client.force_login(someone)
    return client.get(address, headers={"accept-language": "en"})  # type: ignore[return-value]


def read(client: Client, someone: Person, address: str) -> str:
    answer = get(client, someone, address)
    assert answer.status_code == 200
    return text_of(answer)


def post(
    client: Client, someone: Person, address: str, data: dict[str, Any], *, script: bool = False
) -> HttpResponse:
    client.force_login(someone)
    sent = {"accept-language": "en", **({"hx-request": "true"} if script else {})}
    return client.post(address, data, headers=sent)  # type: ignore[return-value]


def text_of(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().split())


def service(node: Node) -> str:
    return f"/levels/{node.key}/services/connect/"


# --- My access -------------------------------------------------------------------------------------------------------


def test_my_access_names_sites_with_their_end_and_their_addresses(world: World, client: Client) -> None:
    text = read(client, world.sonja, "/access/")
    [site] = queries.reachable_by(by(world.sonja))
    address = site.devices[0].address

    assert ("Schulhaus Muster" in text, "4 h left" in text) == (True, True)
    assert (f'href="http://{address}/"' in text, f'data-copy="{address}"' in text) == (True, True)
    assert ("Werkhof" in text, "Nachbar" in text) == (False, False)


def test_my_access_without_any_says_what_is_missing(world: World, client: Client) -> None:
    text = read(client, world.fremd, "/access/")
    assert ("you need an invitation" in text, "Connect your first device" in text) == (True, True)


def test_my_devices_say_when_they_were_connected(world: World, client: Client) -> None:
    [profile] = queries.profiles_of(by(world.sonja))
    address = str(profile.address)
    assert "Never connected" in read(client, world.sonja, "/access/")
    Profile.objects.filter(pk=profile.pk).update(online=True, seen_at=NOW)
    assert "Connected" in read(client, world.sonja, "/access/")
    Profile.objects.filter(pk=profile.pk).update(online=False, seen_at=NOW - timedelta(hours=2))
    text = read(client, world.sonja, "/access/")
    assert ("Not connected" in text, "2 h ago" in text, address in text) == (True, True, True)


@pytest.mark.parametrize(("part", "inside"), [("sites", 'id="reachable"'), ("devices", 'id="my-devices"')])
def test_parts_are_fetched_alone_for_live_refresh(
    world: World, client: Client, part: str, inside: str
) -> None:
    text = read(client, world.sonja, f"/access/?part={part}")
    assert (text.startswith("<div"), inside in text, "/live/me/" in text) == (True, True, True)


def test_search_appears_with_many_sites_and_finds_none_kindly(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("furka.services.connect.pages.FEW_SITES", 1)
    assert 'role="search" action="/access/"' in read(client, world.rita, "/access/")
    text = read(client, world.rita, "/access/?q=<b>nirgends")
    assert ("called “&lt;b&gt;nirgends”" in text, "<b>nirgends" in text) == (True, False)


def test_my_access_costs_the_same_with_one_and_with_three(world: World, client: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as made:
            read(client, world.sonja, "/access/")
        return len(made)

    cost()
    with_one = cost()
    for node, owner in ((world.ours.depot, world.rita), (world.theirs.depot, world.nora)):
        let_in(node, world.sonja, Terms(role="supporter", valid_until=TONIGHT), owner)
        a_profile(world.sonja, node.name)
    assert cost() == with_one


# --- My devices ------------------------------------------------------------------------------------------------------


def test_device_is_added_by_a_script_with_the_public_half_alone(world: World, client: Client) -> None:
    key = public_key()
    answer = post(client, world.sonja, "/access/new/", {"name": "Büro", "public_key": key}, script=True)

    text = answer.content.decode()
    block = re.search(r"<script[^>]*data-profile-config>(.*?)</script>", text, re.S)
    assert block is not None
    given = json.loads(block[1])
    profile = Profile.objects.get(public_key=key)
    assert (answer.status_code, profile.person, profile.name) == (201, world.sonja, "Büro")
    assert given["name"] == "furka-buero.conf"
    assert given["config"].count(PRIVATE_KEY_PLACE) == 1
    assert f"Address = {profile.address}/32" in given["config"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_private_key_is_known_to_nobody_here(world: World, client: Client) -> None:
    private = generate_private_key()
    data = {"name": "Laptop 2", "public_key": public_key_of(private)}
    answer = post(client, world.sonja, "/access/new/", data, script=True)

    assert private not in answer.content.decode()
    assert [row for row in Profile.objects.values() if private in map(str, row.values())] == []
    fields = {field.name for field in Profile._meta.fields if "key" in field.name}
    assert fields == {"key", "public_key", "key_made_at"}


def test_name_in_the_config_can_not_end_its_script_block(world: World, client: Client) -> None:
    name = "</script><script>alert(1)</script>"
    data = {"name": name, "public_key": public_key()}
    text = post(client, world.sonja, "/access/new/", data, script=True).content.decode()
    assert ("<script>alert" in text, unescape(name) in unescape(text)) == (False, True)


@pytest.mark.parametrize(
    "data", [{"name": "", "public_key": "x"}, {"name": "A" * 61}, {"name": "Laptop"}, {}]
)
def test_device_that_can_not_be_added_loses_nothing(
    world: World, client: Client, data: dict[str, str]
) -> None:
    answer = post(client, world.sonja, "/access/new/", data, script=True)
    text = text_of(answer)
    assert (answer.status_code, "data-wireguard-profile" in text, "<html" in text) == (422, True, False)
    assert f'value="{data.get("name", "")}"' in text or not data.get("name")
    assert len(queries.profiles_of(by(world.sonja))) == 1


def test_own_keys_work_without_scripts(world: World, client: Client) -> None:
    key = public_key()
    answer = post(client, world.sonja, "/access/new/", {"name": "Router", "public_key": key})

    text = text_of(answer)
    assert (answer.status_code, "<html" in text, f"PrivateKey = {PRIVATE_KEY_PLACE}" in text) == (
        201,
        True,
        True,
    )
    assert Profile.objects.get(public_key=key).name == "Router"


def test_wrong_own_key_is_said_at_its_field_on_the_whole_page(world: World, client: Client) -> None:
    answer = post(client, world.sonja, "/access/new/", {"name": "Router", "public_key": "nonsense"})
    text = text_of(answer)
    assert (answer.status_code, 'id="own_public_key_errors"' in text) == (422, True)
    assert ('value="Router"' in text, 'value="nonsense"' in text) == (True, True)


def test_key_of_somebody_else_is_refused(world: World, client: Client) -> None:
    [theirs] = queries.profiles_of(by(world.nora))
    data = {"name": "Laptop", "public_key": theirs.public_key}
    answer = post(client, world.sonja, "/access/new/", data, script=True)
    assert (answer.status_code, "already in use" in text_of(answer)) == (422, True)


def test_lost_device_is_blocked_by_its_person_alone(world: World, client: Client) -> None:
    [profile] = queries.profiles_of(by(world.sonja))
    address = f"/access/{profile.key}/revoke/"

    assert get(client, world.sonja, address).status_code == 405
    assert post(client, world.nora, address, {}).status_code == 404
    assert len(queries.profiles_of(by(world.sonja))) == 1
    assert post(client, world.sonja, address, {}).headers["Location"] == "/access/"
    assert queries.profiles_of(by(world.sonja)) == []


def test_own_pages_are_for_those_who_are_logged_in(client: Client) -> None:
    for answer in (client.get("/access/"), client.post("/access/new/"), client.post("/access/x/revoke/")):
        assert answer.headers["Location"].startswith("/account/login/")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Laptop", "furka-laptop"),
        ("Büro-PC 3", "buero-pc-3"),
        ("Laptop im Bus von Rita", "laptop-im-bus-v"),
        ("日本", "furka"),
        ("../../etc", "furka-etc"),
    ],
)
def test_file_is_named_so_that_wireguard_takes_it(name: str, file: str) -> None:
    assert _file_name(name) == file
    assert re.fullmatch(r"[a-z0-9-]{1,15}", file)


# --- The service at a site -------------------------------------------------------------------------------------------


def test_service_says_who_may_use_it_and_what_it_reaches(world: World, client: Client) -> None:
    text = read(client, world.karl, service(world.ours.school))
    who = text[text.index("Who may enter now") :]

    assert ("Sonja" in who, "Rita" in who, "through Muster AG" in who, "Max" in who) == (
        True,
        True,
        True,
        False,
    )
    [site] = queries.reachable_by(by(world.sonja))
    assert ("192.168.1.0/24" in text, site.networks[0].virtual_subnet in text) == (True, True)
    assert f'href="/levels/{world.ours.school.key}/people/"' in who


def test_service_is_switched_off_and_on(world: World, client: Client) -> None:
    address = service(world.ours.school)
    post(client, world.karl, address, {})
    assert settings_at(by(world.karl), world.ours.school, "connect").enabled is False
    assert queries.reachable_by(by(world.sonja)) == []
    assert "remote access is switched off here" in read(client, world.sonja, address)

    post(client, world.karl, address, {"enabled": "on"})
    assert settings_at(by(world.karl), world.ours.school, "connect").enabled is True


def test_dialog_says_how_many_are_cut_off(world: World, client: Client) -> None:
    a_connection(world)
    text = read(client, world.karl, service(world.ours.school))
    assert "3 people may enter now; 1 of them is inside." in text


def test_supporter_reads_how_to_enter_and_switches_nothing(world: World, client: Client) -> None:
    address = service(world.ours.school)
    text = read(client, world.sonja, address)

    assert ("Your access" in text, "4 h left" in text) == (True, True)
    assert ("Switch off" in text, "Who may enter now" in text) == (False, False)
    assert post(client, world.sonja, address, {}).status_code == 403
    assert settings_at(by(world.karl), world.ours.school, "connect").enabled is True


def test_viewer_is_shown_no_way_in(world: World, client: Client) -> None:
    text = read(client, world.max, service(world.ours.school))
    assert ("Your access" in text, "192.168.1.0/24" in text) == (False, True)


def test_site_without_gateway_says_so_to_whoever_has_access(world: World, client: Client) -> None:
    Gateway.objects.everything("a test").filter(node=world.ours.school).update(released_at=NOW)
    assert "the site has no gateway yet" in read(client, world.sonja, service(world.ours.school))


def test_service_exists_at_sites_one_may_see_and_nowhere_else(world: World, client: Client) -> None:
    for node in (world.theirs.school, world.ours.customer):
        assert get(client, world.rita, service(node)).status_code == 404
    assert get(client, world.fremd, service(world.ours.school)).status_code == 404
    assert post(client, world.nora, service(world.ours.school), {}).status_code == 404


def test_service_costs_the_same_with_one_and_with_three_people(world: World, client: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as made:
            read(client, world.rita, service(world.ours.depot))
        return len(made)

    def add(number: int) -> None:
        let_in(world.ours.depot, person(f"Neu{number}"), Terms(role="supporter"), world.rita)

    add(1)
    cost()
    with_one = cost()
    add(2)
    add(3)
    assert cost() == with_one
