"""The overview of a level: what needs somebody, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.sites import lists
from furka.tree import answering, ceilings, entering, operations, requesting
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Terms, invite
from furka.tree.lifecycle import archive, delete
from furka.tree.models import Kind, Node
from furka.tree.offering import Address, offer
from furka.tree.operation import program
from furka.tree.requesting import Wish
from furka.tree.staff import open_operator_session
from furka.tunnel.models import Hub
from tests.portal.pages import count_queries, make_online, page, text_of, url
from tests.world import NOW, TONIGHT, World, by, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


@pytest.fixture
def heard(world: World) -> World:
    """The hub was heard of a moment ago."""
    Hub.objects.update(seen_at=NOW)
    return world


def test_overview_names_what_needs_somebody_worst_first(heard: World, client: Client) -> None:
    make_online(heard.ours.depot)
    make_online(heard.ours.school, is_online=False)
    operations.create_site(by(heard.rita), heard.ours.customer, "Turnhalle")
    invite(by(heard.rita), heard.ours.depot, "neu@example.org", Terms(role="supporter", valid_until=TONIGHT))

    answer = page(client, heard.rita, url(heard.ours.reseller))

    shown = [(matter.word, matter.name) for matter in answer.context["matters"]]
    assert shown == [
        ("Offline", "Schulhaus Muster"),
        ("Without gateway", "Turnhalle"),
        ("Invitation open", "neu@example.org"),
        ("Access ends", "Sonja"),
    ]


def test_overview_without_trouble_says_so(heard: World, client: Client) -> None:
    make_online(heard.theirs.school)
    make_online(heard.theirs.depot)

    answer = page(client, heard.nora, url(heard.theirs.reseller))

    assert answer.context["matters"] == []
    assert "Every site is online" in text_of(answer)


def test_overview_of_somebody_who_only_looks_leaves_out_what_they_can_not_change(
    heard: World, client: Client
) -> None:
    let_in(heard.ours.customer, heard.fremd, Terms(rights=("look",)), heard.karl)
    make_online(heard.ours.school)
    operations.create_site(by(heard.rita), heard.ours.customer, "Turnhalle")

    answer = page(client, heard.fremd, url(heard.ours.customer))

    assert answer.context["matters"] == []
    assert (answer.context["events"], answer.context["reads_journal"]) == ([], False)
    assert [str(tab.text) for tab in answer.context["level"].tabs] == [
        "Overview",
        "Sites",
        "Services",
        "Support",
        "Cloud",
    ]


def test_sites_whose_hub_is_silent_are_unknown_and_not_offline(heard: World, client: Client) -> None:
    make_online(heard.ours.depot)
    Hub.objects.update(seen_at=NOW - timedelta(seconds=61))

    answer = page(client, heard.rita, url(heard.ours.reseller))

    numbers = answer.context["numbers"]
    assert (numbers.total, numbers.online, numbers.offline, numbers.unknown) == (2, 0, 0, 2)
    assert {matter.word for matter in answer.context["matters"] if matter.since or matter.kind == "warn"} >= {
        "Unknown"
    }


def test_hub_that_was_never_heard_of_leaves_sites_unknown(world: World) -> None:
    Hub.objects.update(seen_at=None)

    assert lists.site_numbers(by(world.rita), world.ours.reseller).unknown == 2
    parts = lists.by_state(by(world.rita), lists.sites_of(by(world.rita), world.ours.reseller))
    assert [len(part) for part in parts] == [0, 2, 0, 0]


def test_levels_of_the_neighbours_are_not_there(world: World, client: Client) -> None:
    for rest in (
        "",
        "sites/",
        "customers/",
        "services/",
        "support/",
        "events/",
        "settings/",
        "siblings/",
        "branches/",
    ):
        assert page(client, world.nora, url(world.ours.reseller, rest)).status_code == 404, rest


def test_refusal_says_what_is_missing_and_who_can_give_it(world: World, client: Client) -> None:
    answer = page(client, world.sonja, url(world.ours.school, "networks/new/"))

    assert answer.status_code == 403
    assert "You do not have the right “Configure gateway, networks and devices” here." in text_of(answer)
    assert answer.context["givers"] == ["Karl, karl@example.org"]


def test_operator_sees_resellers_and_everything_below(world: World, client: Client) -> None:
    root = Node.objects.everything("a test").get(kind=Kind.OPERATOR)
    open_operator_session(program("test", NOW), world.fremd, "looking around")

    overview = page(client, world.fremd, url(root))
    customers = page(client, world.fremd, url(root, "customers/"))

    assert overview.context["numbers"].total == 4
    assert [row.name for row, *_rest in customers.context["rows"]] == ["Muster AG", "Nachbar AG"]


def test_overview_names_offers_and_the_bin(heard: World, client: Client) -> None:
    for site in (heard.ours.school, heard.ours.depot):
        make_online(site)
    rita = by(heard.rita)
    to_answer = offer(by(heard.nora), heard.theirs.depot, Address(heard.ours.reseller.key))
    own = offer(rita, heard.ours.depot, Address("x@example.org"))
    gone = operations.create_site(rita, heard.ours.reseller, "Abgebaut")
    delete(rita, gone, "Abgebaut")

    matters = page(client, heard.rita, url(heard.ours.reseller)).context["matters"]

    assert [(each.word, each.name, each.url) for each in matters if "Access" not in each.word] == [
        ("Offer to answer", "Werkhof Nachbar", f"/moves/{to_answer.key}/"),
        ("Offer open", "Werkhof Muster", f"/moves/{own.key}/"),
        ("In the bin", "1 deleted level", url(heard.ours.reseller, "bin/")),
    ]
    assert page(client, heard.sonja, url(heard.ours.school)).context["matters"] == []
    offer(by(heard.nora), heard.theirs.depot, Address(heard.sonja.email))
    [told] = page(client, heard.sonja, url(heard.ours.school)).context["matters"]
    assert (told.word, told.name) == ("Offer to answer", "Werkhof Nachbar")


def test_overview_names_emergencies_and_what_one_has_to_do_oneself(heard: World, client: Client) -> None:
    karl, sonja, school = heard.karl, heard.sonja, heard.ours.school
    make_online(school)
    make_online(heard.ours.depot)
    terms = CeilingTerms(approval=(USE_REMOTE_ACCESS.key,), emergency=True)
    ceilings.set_ceiling(by(karl), school, terms)
    wish = Wish((USE_REMOTE_ACCESS.key,), 60, "Rohrbruch")
    asked = requesting.ask(by(sonja), school, wish)
    let_in(heard.theirs.school, sonja, Terms(role="supporter"), heard.nora)

    def words(person: Person, address: str) -> list[str]:
        return [matter.word for matter in page(client, person, address).context["matters"]]

    assert "Access asked for" in words(karl, url(heard.ours.customer))
    answering.approve(by(karl), asked)
    for address in (url(school), "/"):
        assert words(sonja, address) == ["Approved, begin"]
    requesting.withdraw(by(sonja), asked.key)
    entered = requesting.enter_in_emergency(by(sonja), school, wish)
    assert "Emergency access" in words(karl, url(heard.ours.customer))
    entering.end(by(sonja, NOW), entered.key)
    assert "Emergency not justified" in words(karl, url(heard.ours.customer))
    assert words(sonja, url(school)) == ["Emergency to justify"]
    assert words(heard.nora, url(heard.theirs.school)) == []
    entering.justify(by(sonja), entered.key, "Rohrbruch im Keller")
    assert words(sonja, url(school)) == []


def test_what_was_put_aside_needs_nobody(heard: World, client: Client) -> None:
    make_online(heard.ours.depot)
    make_online(heard.ours.school, is_online=False)
    archive(by(heard.rita), heard.ours.customer)

    answer = page(client, heard.rita, url(heard.ours.reseller))

    assert "Offline" not in [matter.word for matter in answer.context["matters"]]
    assert (answer.context["numbers"].total, answer.context["numbers"].offline) == (1, 0)


def test_overview_costs_the_same_with_much_to_tell(heard: World, client: Client) -> None:
    def one_more(number: int) -> None:
        rita, ours = by(heard.rita), heard.ours
        site = operations.create_site(rita, ours.reseller, f"Weg {number}")
        delete(rita, site, site.name)
        operations.create_site(rita, ours.customer, f"Halle {number}")
        offer(rita, ours.depot, Address(f"somebody{number}@example.org"))
        invite(rita, ours.depot, f"new{number}@example.org", Terms(role="viewer", valid_until=TONIGHT))

    one_more(1)
    pages = (url(heard.ours.reseller), url(heard.ours.customer), url(heard.ours.depot))
    before = [count_queries(client, heard.rita, address) for address in pages]
    for number in (2, 3):
        one_more(number)
    assert [count_queries(client, heard.rita, address) for address in pages] == before
