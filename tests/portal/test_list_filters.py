"""Lists are filtered, sorted as people expect, kept as views, and cost the same however long they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from furka.catalogue.operations import configure
from furka.clock import FakeClock
from furka.journal.models import Event
from furka.people.models import Person
from furka.sites import operations as sites
from furka.tree import operations
from furka.tree.models import Node
from furka.tunnel.models import Hub
from tests.portal.pages import count_queries, make_online, page, text_of, url
from tests.world import NOW, World, by

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


@pytest.fixture
def many(world: World) -> World:
    """More sites, with names that are hard to sort; the depot is online."""
    Hub.objects.update(seen_at=NOW)
    make_online(world.ours.depot)
    for name in ("Zeughaus", "Ätna 10", "Ätna 9", "Alp"):
        operations.create_site(by(world.rita), world.ours.customer, name)
    return world


def listed(client: Client, someone: Person, node: Node, query: str = "") -> list[str]:
    answer = page(client, someone, url(node, f"sites/?{query}"))
    return [site.name for site, _url, _look in answer.context["rows"]]


def test_names_stand_in_natural_order(many: World, client: Client) -> None:
    names = ["Alp", "Ätna 9", "Ätna 10", "Schulhaus Muster", "Werkhof Muster", "Zeughaus"]

    assert listed(client, many.rita, many.ours.reseller) == names
    assert listed(client, many.rita, many.ours.reseller, "sort=customer")[-1] == "Werkhof Muster"
    assert listed(client, many.rita, many.ours.reseller, "sort=nonsense") == names


def test_filters_add_up(many: World, client: Client) -> None:
    configure(by(many.rita), many.ours.school, "connect", {"enabled": False})
    reseller = many.ours.reseller

    assert listed(client, many.rita, reseller, "service=-connect") == ["Schulhaus Muster"]
    assert listed(client, many.rita, reseller, "service=connect&state=online") == ["Werkhof Muster"]
    assert listed(client, many.rita, reseller, "attention=1&q=muster+schul") == ["Schulhaus Muster"]
    assert len(listed(client, many.rita, reseller, "attention=1")) == 5
    assert len(listed(client, many.rita, reseller, f"customer={many.ours.customer.key}")) == 5
    assert listed(client, many.rita, reseller, "archived=1") == []
    Node.objects.everything("a test").filter(name="Alp").update(archived_at=NOW)
    assert listed(client, many.rita, reseller, "archived=1") == ["Alp"]
    assert "Alp" not in listed(client, many.rita, reseller)


def test_list_is_searched_in_everything_that_belongs_to_a_site(many: World, client: Client) -> None:
    sites.add_device(by(many.rita), many.ours.school, "Brenner", "192.168.1.77")

    assert listed(client, many.rita, many.ours.reseller, "q=brenner") == ["Schulhaus Muster"]
    assert listed(client, many.rita, many.ours.reseller, "q=1.77") == ["Schulhaus Muster"]
    assert listed(client, many.rita, many.ours.reseller, "q=atna") == ["Ätna 9", "Ätna 10"]
    assert listed(client, many.rita, many.ours.reseller, "q=%25") == []


def test_customers_are_filtered_and_sorted(many: World, client: Client) -> None:
    operations.create_customer(by(many.rita), many.ours.reseller, "Ämtli")

    def names(query: str) -> list[str]:
        answer = page(client, many.rita, url(many.ours.reseller, f"customers/?{query}"))
        return [row.name for row, *_rest in answer.context["rows"]]

    assert names("") == ["Ämtli", "Gemeinde Muster"]
    assert names("sort=sites") == ["Gemeinde Muster", "Ämtli"]
    assert names("q=amtli") == ["Ämtli"]


@pytest.mark.parametrize(
    "rest", ["sites/?attention=1&q=anlage&service=connect&sort=state", "customers/?q=kunde"]
)
def test_filtered_list_costs_the_same_with_one_row_and_with_thirty(
    world: World, client: Client, rest: str
) -> None:
    def more(numbers: range) -> None:
        for number in numbers:
            customer = operations.create_customer(by(world.rita), world.ours.reseller, f"Kunde {number}")
            operations.create_site(by(world.rita), customer, f"Anlage {number}")

    more(range(1))
    few = count_queries(client, world.rita, url(world.ours.reseller, rest))
    more(range(1, 31))

    assert count_queries(client, world.rita, url(world.ours.reseller, rest)) == few


# --- Saved views -----------------------------------------------------------------------------------------------------


def save(client: Client, someone: Person, node: Node, query: str, **fields: str) -> Any:
    client.force_login(someone)
    return client.post(url(node, f"views/sites/?{query}"), fields, HTTP_ACCEPT_LANGUAGE="en")


def test_view_is_saved_and_shows_what_it_says(many: World, client: Client) -> None:
    reseller = many.ours.reseller
    answer = save(client, many.rita, reseller, "state=online&sort=new", name="Läuft")

    shown = page(client, many.rita, answer.headers["Location"])
    assert [site.name for site, *_rest in shown.context["rows"]] == ["Werkhof Muster"]
    assert shown.context["views"].here.name == "Läuft"
    assert shown.context["chosen"].sort == "new"
    assert Event.objects.filter(action__startswith="list.").count() == 0


def test_list_opens_with_the_view_that_somebody_chose_for_themselves(many: World, client: Client) -> None:
    reseller = many.ours.reseller
    save(client, many.rita, reseller, "q=atna", name="Vulkan", first="on")

    plain = page(client, many.rita, url(reseller, "sites/"))
    assert plain.headers["Location"].startswith(url(reseller, "sites/?q=atna&view="))
    assert len(listed(client, many.rita, reseller, "view=all")) == 6
    [(_view, _shown, change)] = page(client, many.rita, url(reseller, "views/sites/")).context["views"].views
    client.post(change, {"do": "not-first"})
    assert page(client, many.rita, url(reseller, "sites/")).status_code == 200


def test_shared_view_is_everybodys_and_only_who_administers_people_shares(
    many: World, client: Client
) -> None:
    customer = many.ours.customer
    save(client, many.karl, customer, "q=alp", name="Berge", shared="on")
    save(client, many.karl, customer, "q=zeug", name="Nur Karl")

    seen = page(client, many.rita, url(customer, "sites/")).context["views"].views
    assert [view.name for view, *_rest in seen] == ["Berge"]
    assert Event.objects.filter(action="list.shared").count() == 1
    shared = url(customer, f"view/{seen[0][0].key}/")
    assert client.post(shared, {"do": "remove"}).status_code == 302
    assert page(client, many.karl, url(customer, "sites/")).context["views"].views[0][0].name == "Nur Karl"


def test_views_of_others_are_not_there(many: World, client: Client) -> None:
    school = many.ours.school
    save(client, many.karl, school, "q=x", name="Meine")
    [(mine, *_rest)] = page(client, many.karl, url(school, "views/sites/")).context["views"].views
    save(client, many.karl, school, "q=x", name="Alle", shared="on")
    ours = page(client, many.karl, url(school, "views/sites/")).context["views"].views[0][0]

    client.force_login(many.sonja)
    assert client.post(url(school, f"view/{mine.key}/"), {"do": "remove"}).status_code == 404
    assert client.post(url(school, f"view/{ours.key}/"), {"do": "remove"}).status_code == 403
    assert client.post(url(school, f"view/{ours.key}/"), {"do": "first"}).status_code == 302
    assert "shared" not in text_of(page(client, many.sonja, url(school, "views/sites/")))
    assert save(client, many.sonja, school, "q=y", name="", shared="on").status_code == 422
    assert page(client, many.nora, url(school, "views/sites/")).status_code == 404
