"""Pages of one site: its state, its gateway, its networks and devices, and who may enter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.finding.queries import find
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.sites import operations as sites
from furka.sites.equipment import DeviceFacts, Port
from furka.sites.models import Device, Gateway, Network
from furka.tree import granting, operations, queries, who
from furka.tree.granting import Terms
from furka.tree.models import Node
from furka.tunnel.models import Hub
from tests.portal.pages import count_queries, make_online, page, text_of, url
from tests.world import NOW, TONIGHT, World, a_gateway, by, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


@pytest.fixture
def bare(world: World) -> Node:
    """A site that has nothing yet."""
    return operations.create_site(by(world.karl), world.ours.customer, "Turnhalle")


def state_of(client: Client, someone: Person, site: Node) -> str:
    word: str = page(client, someone, url(site)).context["state"].state.word
    return word


# --- State and gateway -----------------------------------------------------------------------------------------------


def test_site_says_how_it_is(world: World, client: Client, bare: Node) -> None:
    Hub.objects.update(seen_at=NOW)
    make_online(world.ours.depot)

    assert state_of(client, world.rita, bare) == "without-gateway"
    assert state_of(client, world.rita, world.ours.depot) == "online"
    assert state_of(client, world.rita, world.ours.school) == "offline"
    Hub.objects.update(seen_at=NOW - timedelta(minutes=2))
    assert state_of(client, world.rita, world.ours.depot) == "unknown"


def test_claim_code_is_shown_with_the_command_until_it_is_used(
    world: World, client: Client, bare: Node
) -> None:
    client.force_login(world.karl)

    before = text_of(client.get(url(bare)))
    client.post(url(bare, "gateway/code/"))
    code = client.get(url(bare)).context["code"]
    shown = text_of(client.get(url(bare)))
    a_gateway(bare, world.karl, NOW)
    after = client.get(url(bare))

    assert "furka gateway claim" not in before
    assert f"furka gateway claim {code} --portal http://" in shown
    assert (after.context["code"], after.context["gateway"].hostname) == ("", "gateway")


def test_claim_code_is_no_business_of_those_who_may_not_configure(
    world: World, client: Client, bare: Node
) -> None:
    code = sites.issue_claim_code(by(world.karl), bare)
    let_in(bare, world.fremd, Terms(role="supporter"), world.karl)

    assert code not in text_of(page(client, world.fremd, url(bare)))
    assert client.post(url(bare, "gateway/code/")).status_code == 403


def test_code_for_a_site_that_has_a_gateway_is_refused_on_the_same_page(world: World, client: Client) -> None:
    client.force_login(world.karl)

    answer = client.post(url(world.ours.school, "gateway/code/"), follow=True, HTTP_ACCEPT_LANGUAGE="en")

    assert answer.redirect_chain == [(url(world.ours.school), 302)]
    assert "This site already has a gateway. Release it first, or replace it." in text_of(answer)


def test_networks_that_the_gateway_does_not_lie_in_are_said_plainly(world: World, client: Client) -> None:
    Gateway.objects.everything("a test").filter(node=world.ours.school).update(
        missing_networks=["192.168.1.0/24"]
    )

    answer = page(client, world.karl, url(world.ours.school))

    assert "The gateway has no address in 192.168.1.0/24" in text_of(answer)


def test_part_of_the_page_comes_alone_with_the_state_beside_it(world: World, client: Client) -> None:
    answer = page(client, world.karl, url(world.ours.school, "?part=site"), HTTP_HX_REQUEST="true")

    assert text_of(answer).startswith('<div class="stack" id="site"')
    assert 'hx-swap-oob="true"' in text_of(answer)
    assert "<html" not in text_of(answer)


# --- Networks and devices --------------------------------------------------------------------------------------------


def test_network_and_device_are_added_and_removed(world: World, client: Client, bare: Node) -> None:
    client.force_login(world.karl)

    client.post(url(bare, "networks/new/"), {"subnet": "10.0.5.0/24", "name": "Haustechnik"})
    client.post(url(bare, "devices/new/"), {"name": "Regler", "address": "10.0.5.9", "kind": "controller"})
    answer = client.get(url(bare))

    [network] = answer.context["networks"]
    [device] = answer.context["devices"]
    assert (network.network.subnet, network.device_count) == ("10.0.5.0/24", 1)
    assert device.reached_at == str(network.network.virtual.network_address + 9)
    client.post(url(bare, f"devices/{device.device.key}/remove/"))
    client.post(url(bare, f"networks/{network.network.key}/remove/"))
    answer = client.get(url(bare))
    assert (answer.context["networks"], answer.context["devices"]) == ([], [])


def test_what_is_known_of_network_and_device_is_changed_and_shown(world: World, client: Client) -> None:
    client.force_login(world.karl)
    school = world.ours.school
    [network] = Network.objects.everything("a test").filter(node=school)
    [device] = Device.objects.everything("a test").filter(node=school)
    given = {"name": "Kessel", "address": device.address, "kind": "other", "mac": "001A2B3C4D5E"}
    path = url(school, f"devices/{device.key}/")

    client.post(
        url(school, f"networks/{network.key}/"), {"name": "Technik", "vlan": "20", "note": "Schrank 2"}
    )
    wrong = client.post(path, {**given, "ports": "Modbus", "link": "javascript:alert(1)"})
    kept = client.post(
        path, {**given, "ports": "502/tcp Modbus", "link": "https://visu.example/"}, follow=True
    )

    assert wrong.status_code == 422
    assert wrong.context["form"]["link"].value() == "javascript:alert(1)"
    shown = text_of(kept)
    for text in ("VLAN 20", "Schrank 2", "Kessel", "00:1a:2b:3c:4d:5e", "502/tcp Modbus"):
        assert text in shown
    assert '<a href="https://visu.example/" target="_blank" rel="noopener noreferrer">' in shown
    again = text_of(client.get(path))
    assert "502/tcp Modbus" in again


def test_path_on_a_device_is_a_link_for_whoever_may_enter_now(world: World, client: Client) -> None:
    [device] = Device.objects.everything("a test").filter(node=world.ours.school)
    Device.objects.everything("a test").filter(pk=device.pk).update(link="/login", web=False)

    [inside] = page(client, world.sonja, url(world.ours.school)).context["devices"]
    Device.objects.everything("a test").filter(pk=device.pk).update(link="")
    [without] = page(client, world.sonja, url(world.ours.school)).context["devices"]

    assert (inside.link, inside.elsewhere) == (f"http://{inside.reached_at}/login", "")
    assert without.link == ""


def test_pages_to_change_them_are_for_those_who_may(world: World, client: Client) -> None:
    [device] = Device.objects.everything("a test").filter(node=world.ours.school)
    client.force_login(world.karl)

    assert client.get(url(world.ours.school, f"devices/{device.key}/")).status_code == 200
    assert client.get(url(world.ours.depot, f"devices/{device.key}/")).status_code == 404
    assert client.get(url(world.ours.depot, f"networks/{device.key}/")).status_code == 404
    client.force_login(world.sonja)
    assert client.get(url(world.ours.school, f"devices/{device.key}/")).status_code == 403


@pytest.mark.parametrize(
    ("subnet", "sentence"),
    [
        ("192.168.1.5/24", "Please enter a network such as 192.168.1.0/24; the host part must be zero."),
        ("8.8.8.0/24", "Only private networks can be reached (RFC 1918)."),
        ("192.168.1.0/25", "This overlaps with 192.168.1.0/24 of the same site."),
    ],
)
def test_fault_of_a_network_is_said_at_its_field(
    world: World, client: Client, subnet: str, sentence: str
) -> None:
    client.force_login(world.karl)

    answer = client.post(
        url(world.ours.school, "networks/new/"), {"subnet": subnet, "name": "Neu"}, HTTP_ACCEPT_LANGUAGE="en"
    )

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"subnet": [sentence]}
    assert answer.context["form"]["name"].value() == "Neu"


def test_network_and_device_of_another_site_can_not_be_removed(world: World, client: Client) -> None:
    network = Network.objects.everything("a test").get(node=world.ours.depot)
    device = Device.objects.everything("a test").get(node=world.ours.depot)
    client.force_login(world.karl)

    for rest in (f"networks/{network.key}/remove/", f"devices/{device.key}/remove/"):
        assert client.post(url(world.ours.school, rest)).status_code == 404
        assert client.post(url(world.ours.depot, rest)).status_code == 404

    assert Network.objects.everything("a test").filter(pk=network.pk).exists()
    assert Device.objects.everything("a test").filter(pk=device.pk).exists()


def test_device_has_a_link_for_those_only_who_may_enter_now(world: World, client: Client) -> None:
    def links(someone: Person) -> list[bool]:
        return [bool(each.link) for each in page(client, someone, url(world.ours.school)).context["devices"]]

    assert links(world.sonja) == [True]
    assert links(world.max) == [False]


# --- Who may enter ---------------------------------------------------------------------------------------------------


def test_who_may_enter_is_listed_with_the_end_and_the_level_it_comes_from(
    world: World, client: Client
) -> None:
    answer = page(client, world.karl, url(world.ours.school))

    shown = [(each.person.name, each.person.until, each.granted_above) for each in answer.context["entrants"]]
    assert shown == [
        ("Karl", None, "Gemeinde Muster"),
        ("Rita", None, "Muster AG"),
        ("Sonja", TONIGHT, ""),
    ]


def test_who_may_enter_is_nobodys_business_but_of_those_who_administer_people(
    world: World, client: Client
) -> None:
    answer = page(client, world.sonja, url(world.ours.school))

    assert (answer.context["entrants"], answer.context["entering"].until) == ([], TONIGHT)
    assert "Karl" not in text_of(answer)


@pytest.mark.parametrize("minutes", [0, 1, 239, 240, 241])
def test_law_list_of_entrants_agrees_with_the_policy(world: World, minutes: int) -> None:
    at = NOW + timedelta(minutes=minutes)
    cast = [world.rita, world.karl, world.sonja, world.max, world.nora, world.ernst, world.fremd]
    let_in(world.ours.school, world.fremd, Terms(rights=("connect.use",), valid_until=TONIGHT), world.karl)

    for site in (world.ours.school, world.ours.depot):
        listed = {
            each.person_id: each.until for each in who.entrants(by(world.rita, at), site, USE_REMOTE_ACCESS)
        }
        decided = {
            someone.pk: decision.because.interval.ends_at
            for someone in cast
            for decision in [by(someone, at).decide(USE_REMOTE_ACCESS, site.place)]
            if decision.because is not None
        }
        assert listed == decided


def test_revoked_person_disappears_from_those_who_may_enter(world: World) -> None:
    later = NOW + timedelta(minutes=1)
    [found] = find(by(world.karl), "sonja", 5)
    row = queries.grant_of_key(by(world.karl), world.ours.school, found.key)
    assert row is not None

    granting.revoke(by(world.karl, later), row)

    listed = who.entrants(by(world.karl, later), world.ours.school, USE_REMOTE_ACCESS)
    assert [each.name for each in listed] == ["Karl", "Rita"]


def test_queries_of_a_site_do_not_grow_with_what_it_has(world: World, client: Client) -> None:
    few = count_queries(client, world.karl, url(world.ours.school))
    for number in range(3):
        sites.add_network(by(world.karl), world.ours.school, f"10.0.{number}.0/24")
        facts = DeviceFacts("00:1a:2b:3c:4d:5e", (Port(502),), "/login", "Keller")
        sites.add_device(
            by(world.karl), world.ours.school, f"Regler {number}", f"10.0.{number}.9", facts=facts
        )
    for someone in (world.fremd, world.nora):
        let_in(world.ours.school, someone, Terms(role="supporter"), world.karl)

    many = count_queries(client, world.karl, url(world.ours.school))

    assert few == many <= 30


def test_gateway_that_was_just_claimed_is_on_its_way_for_a_while(
    world: World, client: Client, bare: Node, fake_clock: FakeClock
) -> None:
    a_gateway(bare, world.karl, NOW)
    Hub.objects.update(seen_at=NOW)

    assert page(client, world.karl, url(bare)).context["state"].kind == "busy"
    fake_clock.advance(timedelta(minutes=2))
    Hub.objects.update(seen_at=fake_clock.now())
    assert page(client, world.karl, url(bare)).context["state"].kind == "bad"
