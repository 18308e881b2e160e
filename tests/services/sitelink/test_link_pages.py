"""Pages of links between sites, as the people of the reseller use them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.links import rules
from furka.links.models import Link, LinkMember, LinkRule, MappedDevice, Mode
from furka.links.rules import RuleTerms
from furka.tree.models import Node
from furka.tunnel.models import Hub
from tests.links.stand import a_link, a_plant, device_of, joined, network_of
from tests.portal.pages import make_online, page, text_of, url
from tests.world import NOW, World, by

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def send(client: Client, world: World, address: str, **given: Any) -> Any:
    client.force_login(world.rita)
    return client.post(address, given, HTTP_ACCEPT_LANGUAGE="en")


def of_link(link: Link, rest: str = "") -> str:
    return url(link.node, f"links/{link.key}/{rest}")


def links_of(level: Node) -> list[Link]:
    return list(Link.objects.everything("a test").filter(node=level).select_related("node"))


def test_a_level_without_links_says_what_they_are_for_and_where_to_begin(
    world: World, client: Client
) -> None:
    told = text_of(page(client, world.rita, url(world.ours.reseller, "links/")))

    assert url(world.ours.reseller, "links/new/") in told
    assert "A link joins several sites" in told
    assert url(world.ours.reseller, "links/") in text_of(
        page(client, world.rita, url(world.ours.reseller, "services/"))
    )


@pytest.mark.parametrize("mode", Mode.values)
def test_a_link_of_every_mode_is_made(world: World, client: Client, mode: str) -> None:
    answer = send(client, world, url(world.ours.reseller, "links/new/"), name="Technik", mode=mode)

    [made] = links_of(world.ours.reseller)
    assert (answer.status_code, answer.url) == (302, of_link(made))
    assert (made.mode, bool(made.range)) == (mode, mode == Mode.CENTRAL)
    assert (
        text_of(page(client, world.rita, of_link(made))).count("sites/add/") == 2
    )  # on top, and where it is empty


def test_a_wrong_link_is_shown_again_with_what_was_typed(world: World, client: Client) -> None:
    answer = send(
        client,
        world,
        url(world.ours.reseller, "links/new/"),
        name="Technik",
        mode="central",
        range="8.8.8.0/24",
    )

    assert answer.status_code == 422
    assert 'value="8.8.8.0/24"' in text_of(answer)
    assert links_of(world.ours.reseller) == []


def test_sites_are_searched_for_and_added_with_network_and_vlan(world: World, client: Client) -> None:
    link, school = a_link(world, Mode.BRIDGED), world.ours.school
    hall = a_plant(world, "Turnhalle")
    offered = text_of(page(client, world.rita, of_link(link, "sites/add/?q=schul")))
    assert f"?site={school.key}" in offered
    assert f"?site={hall.key}" not in offered

    form = text_of(page(client, world.rita, of_link(link, f"sites/add/?site={school.key}")))
    assert "192.168.1.0/24" in form
    answer = send(
        client,
        world,
        of_link(link, "sites/add/"),
        site=school.key,
        network=network_of(world, school).key,
        vlan="1012",
    )

    assert answer.status_code == 302
    member = LinkMember.objects.everything("a test").get(link=link)
    assert (member.node_id, member.vlan) == (school.pk, 1012)
    assert "VLAN 1012" in text_of(page(client, world.rita, of_link(link)))
    form = text_of(page(client, world.rita, of_link(link, f"sites/{member.key}/change/")))
    assert 'value="1012"' in form


def test_a_site_that_does_not_fit_is_said_at_the_form(world: World, client: Client) -> None:
    link = a_link(world, Mode.BRIDGED)
    joined(world, link, world.ours.school)
    depot = world.ours.depot  # its heating has the same address

    answer = send(
        client, world, of_link(link, "sites/add/"), site=depot.key, network=network_of(world, depot).key
    )

    assert answer.status_code == 422
    assert "192.168.1.10" in text_of(answer)


def test_a_member_is_changed_and_removed(world: World, client: Client) -> None:
    link = a_link(world)
    [member] = joined(world, link, world.ours.school)
    network = network_of(world, world.ours.school)

    send(client, world, of_link(link, f"sites/{member.key}/change/"), network=network.key)
    member.refresh_from_db()
    assert (member.whole, member.network_id) == (False, network.pk)

    send(client, world, of_link(link, f"sites/{member.key}/remove/"))
    assert not LinkMember.objects.everything("a test").filter(link=link).exists()


def test_the_picture_and_the_table_say_the_same(world: World, client: Client) -> None:
    link = a_link(world)
    joined(world, link, world.ours.school, world.ours.depot)
    Hub.objects.update(seen_at=NOW)
    make_online(world.ours.school)
    make_online(world.ours.depot, is_online=False)

    told = text_of(page(client, world.rita, of_link(link)))

    for name in ("Schulhaus Muster", "Werkhof Muster"):
        assert told.count(f">{name}<") >= 3  # in both pictures and in the table
    assert "style=" not in told[told.index("<svg class=") : told.index("</main>")]
    assert "1 of 2 sites are connected" in told
    assert str(network_of(world, world.ours.school).virtual_subnet) in told


def test_many_sites_are_all_in_the_table_and_some_in_the_picture(world: World, client: Client) -> None:
    link = a_link(world)
    joined(world, link, *(a_plant(world, f"Anlage {number}") for number in range(26)))

    told = text_of(page(client, world.rita, of_link(link)))

    assert told.count('<a class="name"') == 26
    assert "and 2 more sites" in told


def test_routes_are_named_where_they_are_needed(world: World, client: Client) -> None:
    link = a_link(world)
    [here, _there] = joined(world, link, world.ours.school, world.ours.depot)

    told = text_of(page(client, world.rita, of_link(link, f"sites/{here.key}/")))

    assert str(network_of(world, world.ours.depot).virtual_subnet) in told
    assert "Next hop" in told
    assert url(world.ours.school, "diagnosis/?kind=duplicate") in told


def test_rules_are_added_with_ports_and_removed(world: World, client: Client) -> None:
    link, device = a_link(world), device_of(world, world.ours.depot)
    joined(world, link, world.ours.school, world.ours.depot)
    given = {
        "allow": "allow",
        "source": f"site:{world.ours.school.key}",
        "destination": f"device:{device.key}",
        "protocol": "tcp",
        "ports": "502, 5000-5010",
        "note": "Leitstelle",
    }
    assert send(client, world, of_link(link, "rules/new/"), **{**given, "ports": "fünf"}).status_code == 422

    assert send(client, world, of_link(link, "rules/new/"), **given).status_code == 302

    [row] = LinkRule.objects.everything("a test").filter(link=link)
    assert (row.allow, row.ports, row.destination_device) == (True, [[502, 502], [5000, 5010]], device.key)
    told = text_of(page(client, world.rita, of_link(link, "rules/")))
    assert "TCP 502, 5000-5010" in told
    send(client, world, of_link(link, f"rules/{row.key}/remove/"))
    assert not LinkRule.objects.everything("a test").filter(link=link).exists()


@pytest.mark.parametrize(
    ("query", "answer", "because"),
    [
        ("protocol=tcp&port=502", "Yes, this passes.", "This rule allows it:"),
        ("protocol=tcp&port=80", "No, this does not pass.", "No rule allows it"),
        ("protocol=icmp", "No, this does not pass.", "No rule allows it"),
        ("protocol=tcp", "Please enter a port", ""),
    ],
)
def test_whether_one_reaches_another_is_answered_with_the_rule(
    world: World, client: Client, query: str, answer: str, because: str
) -> None:
    link, school, depot = a_link(world), world.ours.school, world.ours.depot
    joined(world, link, school, depot)
    terms = RuleTerms(True, school, None, depot, None, "tcp", ((502, 502),))
    rules.add_rule(by(world.rita), link, terms)
    ends = f"source=site:{school.key}&destination=device:{device_of(world, depot).key}"

    told = text_of(page(client, world.rita, of_link(link, f"rules/?{ends}&{query}")))

    assert answer in told
    assert because in told
    assert ("kind=tcp" in told) == answer.startswith("Yes")  # there it can be tried with a real packet


def test_the_central_site_reaches_devices_under_addresses_that_can_change(
    world: World, client: Client
) -> None:
    link = a_link(world, Mode.CENTRAL, range_="10.64.0.0/24")
    school, depot = world.ours.school, world.ours.depot
    send(client, world, of_link(link, "sites/add/"), site=depot.key, central="on")
    send(client, world, of_link(link, "sites/add/"), site=school.key)
    device = device_of(world, school)
    assert device.key in text_of(page(client, world.rita, of_link(link, "devices/add/")))

    send(client, world, of_link(link, "devices/add/"), devices=[device.key])

    told = text_of(page(client, world.rita, of_link(link, "devices/")))
    assert "10.64.0.1" in told
    assert "192.168.1.10" in told
    preview = text_of(page(client, world.rita, of_link(link, "renumber/?range=10.65.0.0/24")))
    assert "10.65.0.1" in preview
    [row] = MappedDevice.objects.everything("a test").filter(link=link)
    assert row.address == "10.64.0.1"  # nothing has changed yet
    send(client, world, of_link(link, "renumber/"), range="10.65.0.0/24")
    [row] = MappedDevice.objects.everything("a test").filter(link=link)
    assert row.address == "10.65.0.1"
    send(client, world, of_link(link, f"devices/{row.key}/remove/"))
    assert not MappedDevice.objects.everything("a test").filter(link=link).exists()


def test_settings_are_kept_and_a_link_pauses_and_goes(world: World, client: Client) -> None:
    link = a_link(world, Mode.BRIDGED)
    given = {"name": "Technik", "storm_per_second": "1000", "most_macs": "64", "own_addresses": "192.168.1.1"}
    assert send(client, world, of_link(link, "settings/"), **{**given, "most_macs": "0"}).status_code == 422

    send(client, world, of_link(link, "settings/"), **given)
    link.refresh_from_db()
    assert (link.dhcp_filter, link.storm_per_second, link.own_addresses) == (False, 1000, ["192.168.1.1"])
    assert 'value="1000"' in text_of(page(client, world.rita, of_link(link, "settings/")))
    send(client, world, of_link(link, "pause/"))
    assert "nothing passes" in text_of(page(client, world.rita, of_link(link)))
    send(client, world, of_link(link, "resume/"))
    link.refresh_from_db()
    assert link.paused_at is None
    send(client, world, of_link(link, "delete/"))
    assert links_of(world.ours.reseller) == []


def test_the_register_marks_overlaps_checks_and_proposes(world: World, client: Client) -> None:
    level = world.ours.reseller
    told = text_of(page(client, world.rita, url(level, "addresses/")))
    assert "with 1 other" in told

    told = text_of(page(client, world.rita, url(level, "addresses/?check=192.168.1.128/25")))
    assert "192.168.1.128/25 overlaps" in told
    told = text_of(page(client, world.rita, url(level, "addresses/?check=192.168.77.0/24")))
    assert "192.168.77.0/24 is free here" in told
    assert "10.64.0.0/24" in text_of(page(client, world.rita, url(level, "addresses/?size=24")))
    assert "such as 192.168.40.0/24" in text_of(page(client, world.rita, url(level, "addresses/?check=x")))


def test_the_site_shows_its_links_and_can_leave_them(world: World, client: Client) -> None:
    link, school = a_link(world), world.ours.school
    [member, _other] = joined(world, link, school, world.ours.depot)
    told = text_of(page(client, world.karl, url(school)))
    assert "Links to other sites" in told
    assert of_link(link) not in told  # he has nothing to do with the level above

    client.post(url(school, f"in-links/{member.key}/leave/"))

    assert not LinkMember.objects.everything("a test").filter(node=school).exists()
    assert "Links to other sites" not in text_of(page(client, world.karl, url(school)))


def test_whoever_only_looks_sees_links_without_buttons(world: World, client: Client) -> None:
    link = a_link(world, level=world.ours.customer)
    [member] = joined(world, link, world.ours.school)
    seen = page(client, world.karl, of_link(link, f"sites/{member.key}/"))
    assert "remove-member" in text_of(seen)

    assert page(client, world.max, of_link(link)).status_code == 404
    assert client.post(of_link(link, "delete/")).status_code == 404
