"""A device's page in the browser: who may open it, what the hub is told, and everything that ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from furka.access.narrowing import Narrowing, PortNumber
from furka.access.windows import Interval
from furka.catalogue.operations import configure
from furka.clock import FakeClock
from furka.connections.models import Connection
from furka.devicepages.models import OpenPage
from furka.devicepages.operations import end_overdue, forget_old
from furka.devicepages.queries import open_pages_of
from furka.dispatch import hubs
from furka.dispatch.answer import plan_since
from furka.errors import Conflict, NotThere, Refused
from furka.journal.models import Event
from furka.people.models import Person
from furka.plan.entries import Door, DoorPort, Page, Way
from furka.services.connect.device_pages import open_page
from furka.sites.equipment import DeviceFacts, Port, change_device
from furka.sites.models import Device, Gateway
from furka.sites.operations import add_device, remove_device
from furka.sites.queries import devices_of
from furka.sites.web import start_of, ways_of
from furka.tree import changing
from furka.tree.granting import Terms
from furka.tree.models import Node
from furka.tree.operation import program
from furka.tree.queries import grant_of_key, grants_on
from furka.tunnel.models import Counter, Hub
from furka.wire.hub import AccessSeen, HubReport, PageClosed
from tests.api.caller import as_person
from tests.world import NOW, TONIGHT, World, by, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Everything happens at NOW."""


def heating(world: World, site: Node | None = None) -> Device:
    return devices_of(by(world.rita), site or world.ours.school)[0].device


def planned(hub: Hub) -> tuple[list[Page], list[Door]]:
    """The pages that the hub is told of, and the doors of pages."""
    entries = plan_since(hub, 0, NOW).entries
    pages = [each for each in entries if isinstance(each, Page)]
    names = {page.name for page in pages} | set(
        OpenPage.objects.everything("test").values_list("key", flat=True)
    )
    return pages, [each for each in entries if isinstance(each, Door) and each.profile in names]


def test_whoever_may_enter_opens_a_page_for_as_long_as_they_may(world: World) -> None:
    opened = open_page(by(world.sonja), heating(world), "login", "de")

    [page], [door] = planned(world.hub)
    assert opened.url.startswith(f"https://{page.label}.pages.example.org/.furka/open?t=")
    assert page.ticket_hash not in opened.url
    assert (door.address, door.not_before, door.not_after) == (page.address, NOW, TONIGHT)
    assert door.hosts == (page.device,)
    assert door.ports == (DoorPort(protocol="tcp", number=80), DoorPort(protocol="tcp", number=443))
    assert (page.not_after, page.known_as, page.language) == (TONIGHT, IPv4Address("192.168.1.10"), "de")
    assert page.address in {IPv4Address("100.66.0.1")}
    assert page.ways[0] == Way(scheme="http", port=80)
    event = Event.objects.get(action="page.opened")
    assert (event.actor_name, event.after["page"]) == ("Sonja", "Heizung")


def test_who_needs_no_device_needs_no_profile_either(world: World) -> None:
    let_in(world.ours.depot, world.fremd, Terms(role="supporter", valid_until=TONIGHT), world.rita)
    open_page(by(world.fremd), heating(world, world.ours.depot), "login", "de")
    assert len(planned(world.hub)[1]) == 1


@pytest.mark.parametrize(("who", "error"), [("max", Refused), ("nora", NotThere), ("fremd", NotThere)])
def test_whoever_may_not_enter_opens_nothing(world: World, who: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        open_page(by(getattr(world, who)), heating(world), "login", "de")
    assert planned(world.hub) == ([], [])


def test_an_access_to_a_part_opens_no_other_pages_and_no_other_ports(world: World) -> None:
    device = heating(world)
    add_device(by(world.rita), world.ours.school, "Kamera", "192.168.1.20", "camera", web=True)
    camera = Device.objects.everything("test").select_related("node").get(name="Kamera")
    open_page(by(world.sonja), device, "login", "de")
    [grant] = [each for each in grants_on(by(world.rita), world.ours.school) if each.name == "Sonja"]
    row = grant_of_key(by(world.rita), world.ours.school, grant.key)
    assert row is not None
    secure = Narrowing(devices=frozenset({camera.key}), ports=frozenset({PortNumber("tcp", 443)}))

    changing.change(by(world.rita), row, replace(changing.terms_of(row), narrowing=secure))

    assert (planned(world.hub), open_pages_of(by(world.sonja))) == (([], []), [])
    with pytest.raises(Conflict) as elsewhere:
        open_page(by(world.sonja), device, "login", "de")
    assert elsewhere.value.code == "not-reached"
    open_page(by(world.sonja), camera, "login", "de")
    [page], [door] = planned(world.hub)
    assert (page.ways, door.hosts) == ((Way(scheme="https", port=443),), (page.device,))
    assert door.ports == (DoorPort(protocol="tcp", number=443),)


def test_what_is_missing_is_said(world: World) -> None:
    device = heating(world)
    configure(by(world.rita), world.ours.school, "connect", {"enabled": False})
    with pytest.raises(Conflict) as switched_off:
        open_page(by(world.sonja), device, "login", "de")
    configure(by(world.rita), world.ours.school, "connect", {"enabled": True})
    gateways = Gateway.objects.everything("test").filter(node=world.ours.school)
    gateways.update(cut_by="command")
    with pytest.raises(Conflict) as cut:
        open_page(by(world.sonja), device, "login", "de")
    gateways.update(cut_by="")
    Hub.objects.update(pages="")
    with pytest.raises(Conflict) as no_pages:
        open_page(by(world.sonja), device, "login", "de")
    codes = [each.value.code for each in (switched_off, cut, no_pages)]
    assert codes == ["service-off", "cut-at-the-plant", "no-pages-here"]


def test_everything_that_ends_an_access_ends_its_pages(world: World) -> None:
    grant = next(view for view in grants_on(by(world.rita), world.ours.school) if view.name == "Sonja")
    open_page(by(world.sonja), heating(world), "login", "de")

    configure(by(world.rita), world.ours.school, "connect", {"enabled": False})
    assert planned(world.hub) == ([], [])
    configure(by(world.rita), world.ours.school, "connect", {"enabled": True})
    # What has ended stays so, whatever comes back: it is opened anew.
    assert (planned(world.hub), open_pages_of(by(world.sonja))) == (([], []), [])
    open_page(by(world.sonja), heating(world), "login", "de")
    as_person(world.rita).delete(f"/levels/{world.ours.school.key}/grants/{grant.key}")
    assert (planned(world.hub), open_pages_of(by(world.sonja))) == (([], []), [])
    ended = Event.objects.filter(action="page.closed").values_list("after__because", flat=True)
    assert list(ended) == ["closed", "closed"]


def test_logging_out_closes_what_was_opened_with_that_login(world: World) -> None:
    sessions = [SessionStore(), SessionStore()]
    for session in sessions:
        session.create()
        open_page(by(world.sonja), heating(world), session.session_key or "", "de")

    sessions[0].delete()

    [left] = open_pages_of(by(world.sonja))
    assert [page.name for page in planned(world.hub)[0]] == [left.key]
    assert Event.objects.get(action="page.closed").after["because"] == "logout"


def test_a_page_is_closed_by_its_person_by_time_and_by_the_program(world: World) -> None:
    mine, idle, over = (open_page(by(world.sonja), heating(world), "login", "de").page for _ in range(3))
    caller = as_person(world.sonja)

    assert caller.delete(f"/device-pages/{mine.key}").status == 204
    assert as_person(world.rita).delete(f"/device-pages/{idle.key}").status == 404
    closed = PageClosed(name=idle.key, at=NOW, because="idle")
    hubs.take_report(program("hub", NOW), world.hub, HubReport(applied_revision=1, pages=(closed, closed)))
    assert [item["key"] for item in caller.items("/device-pages")] == [over.key]
    assert end_overdue(program("worker", TONIGHT)) == 1

    ended = Event.objects.filter(action="page.closed").order_by("id").values_list("after__because", flat=True)
    assert list(ended) == ["by-person", "idle", "time"]
    assert planned(world.hub) == ([], [])
    assert (forget_old(NOW + timedelta(days=29)), forget_old(TONIGHT + timedelta(days=31))) == (0, 3)


def test_a_stranger_s_hub_is_not_believed_about_pages(world: World) -> None:
    opened = open_page(by(world.sonja), heating(world), "login", "de").page
    other = hubs.enrol(program("test", NOW), "hub-2").hub
    report = HubReport(applied_revision=1, pages=(PageClosed(name=opened.key, at=NOW),))
    hubs.take_report(program("hub", NOW), other, report)
    assert len(open_pages_of(by(world.sonja))) == 1


def test_what_passes_through_a_page_is_an_access_like_any_other(world: World) -> None:
    opened = open_page(by(world.sonja), heating(world), "login", "de").page
    seen = AccessSeen(
        token="t" * 32, profile=opened.key, site_name=world.ours.school.key, began_at=NOW, bytes=10, packets=1
    )
    hubs.take_report(program("hub", NOW), world.hub, HubReport(applied_revision=1, accesses=(seen,)))

    row = Connection.objects.everything("a test").get()
    assert (row.person, row.way, row.page_of) == (world.sonja, "page", "Heizung")
    event = Event.objects.get(action="access.began")
    assert (event.after["name"], event.after["page"]) == ("Sonja", "Heizung")


def test_a_device_that_moves_takes_its_page_along_and_one_that_goes_closes_it(world: World) -> None:
    device = heating(world)
    open_page(by(world.sonja), device, "login", "de")
    change_device(by(world.rita), device, "Heizung", "192.168.1.20", "controller", True, DeviceFacts())
    [page], _ = planned(world.hub)
    assert (page.known_as, int(page.device) % 256) == (IPv4Address("192.168.1.20"), 20)
    change_device(by(world.rita), device, "Heizung", "192.168.1.20", "controller", False, DeviceFacts())
    assert planned(world.hub) == ([], [])
    remove_device(by(world.rita), device)
    assert planned(world.hub) == ([], [])


def test_addresses_are_given_out_again_after_all_others(world: World) -> None:
    pages = [open_page(by(world.sonja), heating(world), "login", "de").page for _ in range(2)]
    assert [str(page.address) for page in pages] == ["100.66.0.1", "100.66.0.2"]
    Counter.objects.filter(name="pages").update(last=65_533)
    again = open_page(by(world.sonja), heating(world), "login", "de").page
    assert str(again.address) == "100.66.0.3"  # the first two are taken


@pytest.mark.parametrize(
    ("web", "ports", "link", "ways", "start"),
    [
        (True, (), "", ["http:80", "https:443"], "/"),
        (False, (), "", [], "/"),
        (False, (), "/login", ["http:80", "https:443"], "/login"),
        (False, (Port(443),), "", ["https:443"], "/"),
        (False, (Port(443), Port(502, "tcp", "Modbus")), "/ui", ["https:443"], "/ui"),
        (False, (Port(9000, "tcp", "Web HTTPS"), Port(161, "udp", "http")), "", ["https:9000"], "/"),
        (False, (Port(81, "tcp", "Web"),), "", ["http:81"], "/"),
        (True, (), "https://192.168.1.10:8443/a?b=c", ["https:8443", "http:80", "https:443"], "/a?b=c"),
        (False, (), "https://192.168.1.10", ["https:443"], "/"),
        (False, (), "https://elsewhere.example.org/x", [], "/"),
    ],
)
def test_ports_and_link_say_how_a_device_is_asked(
    web: bool, ports: tuple[Port, ...], link: str, ways: list[str], start: str
) -> None:
    told = [{"number": each.number, "protocol": each.protocol, "name": each.name} for each in ports]
    device = Device(address="192.168.1.10", web=web, ports=told, link=link)
    assert [f"{way.scheme}:{way.port}" for way in ways_of(device)] == ways
    assert start_of(device) == start


# --- Pages and API ---------------------------------------------------------------------------------------------------


def page_of(site: Node, device: Device) -> str:
    return f"/levels/{site.key}/devices/{device.key}/page/"


def test_the_link_that_is_handed_on_asks_for_the_login_and_opens_on_a_click(
    world: World, client: Client
) -> None:
    device = heating(world)
    address = page_of(world.ours.school, device)
    assert client.get(address).headers["Location"] == f"/account/login/?next={address}"
    client.force_login(world.sonja)
    shown = client.get(address).content.decode()
    assert ("Seite öffnen" in shown, "http-equiv" in shown, OpenPage.objects.everything("test").count()) == (
        True,
        False,
        0,
    )

    leading = client.post(address)

    opened = OpenPage.objects.everything("test").get()
    assert (
        f'content="0;url=https://{opened.label}.pages.example.org/.furka/open?t=' in leading.content.decode()
    )
    assert client.get(page_of(world.ours.depot, device)).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("max", 403), ("nora", 404), ("fremd", 404)])
def test_the_link_opens_nothing_for_others(world: World, client: Client, who: str, status: int) -> None:
    client.force_login(getattr(world, who))
    for ask in (client.get, client.post):
        assert ask(page_of(world.ours.school, heating(world))).status_code == status
    assert OpenPage.objects.everything("test").count() == 0


def test_whoever_may_enter_finds_the_button_and_their_open_pages(world: World, client: Client) -> None:
    device = heating(world)
    button = f'action="{page_of(world.ours.school, device)}"'

    def page(who: Person, address: str) -> str:
        client.force_login(who)
        return client.get(address).content.decode()

    site = f"/levels/{world.ours.school.key}/"
    assert button in page(world.sonja, site)
    assert button in page(world.sonja, "/access/")
    assert button not in page(world.max, site)
    opened = open_page(by(world.sonja), device, "login", "de").page
    assert f"/access/pages/{opened.key}/close/" in page(world.sonja, "/access/?part=pages")
    client.post(f"/access/pages/{opened.key}/close/")
    assert open_pages_of(by(world.sonja)) == []
    Hub.objects.update(pages="")
    assert button not in page(world.sonja, site)


def test_a_program_opens_a_page_for_a_browser(world: World) -> None:
    path = f"/sites/{world.ours.school.key}/devices/{heating(world).key}/page"
    made = as_person(world.sonja).post(path).body
    assert made["url"].startswith("https://")
    assert (made["device"], made["until"]) == ("Heizung", "2026-11-24T17:00:00Z")
    assert as_person(world.max).post(path).status == 403
    assert as_person(world.nora).post(path).status == 404


def test_a_page_lasts_no_longer_than_a_day_s_work(world: World) -> None:
    opened = open_page(by(world.rita), heating(world), "login", "de").page
    assert Interval(opened.opened_at, opened.ends_at) == Interval(NOW, NOW + timedelta(hours=10))
