"""What can be found, by whom, and that it follows every change."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from furka.errors import Invalid
from furka.finding import index, marks
from furka.finding.models import Entry, Sought
from furka.finding.queries import find
from furka.people.models import Person
from furka.sites import operations as sites
from furka.sites.queries import devices_of
from furka.tree import granting, operations
from furka.tree.granting import Terms
from furka.tree.models import Node
from furka.tree.queries import grant_of_key
from furka.tree.texts import folded, sort_key
from tests.world import World, by, let_in

pytestmark = pytest.mark.django_db


def names(someone: Person, text: str, *whats: str) -> list[str]:
    return [row.name for row in find(by(someone), text, 50, whats=whats)]


@pytest.mark.parametrize("typed", ["zurich", "ZÜRICH", "zuerich", "Zürich  hb", "rich", "hb zuri"])
def test_capitals_umlauts_and_the_order_of_words_do_not_matter(world: World, typed: str) -> None:
    operations.create_site(by(world.rita), world.ours.customer, "Zürich HB")

    assert names(world.rita, typed) == ["Zürich HB"]


@pytest.mark.parametrize(
    "typed", ['"', "%", "_", "'; --", "a", "", "   ", "zz" * 50, "AND OR", "* ( )", "\\"]
)
def test_what_means_something_to_databases_is_only_text(world: World, typed: str) -> None:
    operations.create_site(by(world.rita), world.ours.customer, '100 % "_ * AND" \\ \'; --')

    assert names(world.rita, typed) in ([], ['100 % "_ * AND" \\ \'; --'])
    assert names(world.rita, '"_ * and"') == ['100 % "_ * AND" \\ \'; --']


def test_two_letters_find_names_that_begin_so(world: World) -> None:
    assert names(world.rita, "sc", "level") == ["Schulhaus Muster"]
    assert names(world.rita, "ch", "level") == []


def test_everything_of_a_site_is_found_and_the_best_is_first(world: World) -> None:
    gateway = next(row for row in find(by(world.rita), "gateway", 9) if row.node == world.ours.school)

    assert names(world.rita, gateway.key) == ["gateway"]
    assert names(world.rita, "192.168.1.10") == ["Heizung", "Heizung"]
    sites.add_device(by(world.rita), world.ours.school, "Muster-Zähler", "192.168.1.11")
    assert names(world.rita, "muster") == [
        "Muster AG",
        "Muster-Zähler",
        "Gemeinde Muster",
        "Schulhaus Muster",
        "Werkhof Muster",
    ]


def test_nobody_finds_what_they_may_not_see(world: World) -> None:
    assert names(world.sonja, "heizung") == ["Heizung"]
    assert names(world.nora, "muster") == []
    assert names(world.ernst, "muster") == []
    assert names(world.fremd, "schulhaus") == []


def test_people_are_found_only_where_one_administers_them(world: World) -> None:
    granting.invite(by(world.rita), world.ours.depot, "neu@example.org", Terms(role="viewer"))

    assert names(world.karl, "sonja") == ["Sonja"]
    assert names(world.rita, "neu@example.org") == ["neu@example.org"]
    assert names(world.karl, "neu@example.org") == []
    assert names(world.sonja, "max") == []


def test_what_is_found_follows_every_change(world: World) -> None:
    site = operations.create_site(by(world.rita), world.ours.customer, "Altbau")
    sites.add_network(by(world.rita), site, "192.168.4.0/24")
    device = sites.add_device(by(world.rita), site, "Kühlung", "192.168.4.4")
    grant = let_in(site, world.fremd, Terms(role="viewer"), world.rita)

    operations.rename(by(world.rita), site, "Neubau")
    assert (names(world.rita, "altbau"), names(world.rita, "neubau")) == ([], ["Neubau"])
    sites.remove_device(by(world.rita), device)
    assert names(world.rita, "kuhlung") == []
    world.fremd.name = "Frida Fremd"
    world.fremd.save()
    assert names(world.rita, "frida") == ["Frida Fremd"]
    row = grant_of_key(by(world.rita), site, grant)
    assert row is not None
    granting.revoke(by(world.rita), row)
    assert names(world.rita, "frida") == []


def test_change_that_fails_leaves_what_is_found(world: World) -> None:
    before = list(Entry.objects.everything("a test").values_list("node", "what", "key", "text"))
    with pytest.raises(Invalid):
        sites.add_device(by(world.rita), world.ours.school, "Falsch", "10.0.0.1")

    assert list(Entry.objects.everything("a test").values_list("node", "what", "key", "text")) == before


def test_made_anew_it_is_the_same(world: World) -> None:
    assert index.renew_all() == 0
    Entry.objects.everything("a test").all().delete()
    assert names(world.rita, "schulhaus") == []

    index.renew_missing()

    assert names(world.rita, "schulhaus") == ["Schulhaus Muster"]
    assert index.renew_all() == 0


def test_levels_that_came_by_no_operation_are_found_later(world: World) -> None:
    school = world.ours.school
    Node.objects.bulk_create(
        [
            Node(
                kind=school.kind,
                name="Ätna 10",
                parent=school.parent,
                customer=world.ours.customer,
                reseller=world.ours.reseller,
                created_at=school.created_at,
            )
        ]
    )

    assert (index.renew_missing(), names(world.rita, "atna")) == (1, ["Ätna 10"])


def test_search_takes_the_same_number_of_queries_however_much_it_finds(world: World) -> None:
    def queries(text: str) -> int:
        acting = by(world.rita)
        with CaptureQueriesContext(connection) as captured:
            find(acting, text, 20)
        return len(captured)

    few = queries("schulhaus")
    for number in range(30):
        operations.create_site(by(world.rita), world.ours.customer, f"Schulhaus {number}")

    assert queries("schulhaus") == few


def test_index_of_pieces_is_used(world: World) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("asked of SQLite")
    rows = Entry.objects.everything("a test").filter(text__holds=Sought(("schul",)))

    assert "VIRTUAL TABLE" in rows.explain()
    assert devices_of(by(world.rita), world.ours.school)


def test_what_hangs_below_a_level_that_moves_is_found_where_it_stands_now(world: World) -> None:
    ours, theirs = world.ours, world.theirs
    Node.objects.everything("a test").filter(pk=ours.customer.pk).update(
        reseller=theirs.reseller, parent=theirs.reseller
    )
    Node.objects.everything("a test").filter(customer=ours.customer).update(reseller=theirs.reseller)
    customer = Node.objects.everything("a test").get(pk=ours.customer.pk)

    operations.rename(by(world.karl), customer, "Gemeinde Muster am See")

    assert names(world.nora, "schulhaus muster") == ["Schulhaus Muster"]
    assert names(world.nora, "192.168.1.10") == ["Heizung"] * 3
    assert names(world.rita, "schulhaus") == []


def test_marks_only_make_it_quicker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with_marks = names(world.sonja, "heizung")
    monkeypatch.setattr(marks, "MOST", 0)

    assert names(world.sonja, "heizung") == with_marks == ["Heizung"]


def test_names_stand_as_people_expect_them() -> None:
    names = ["Zug", "Äugst", "Haus 10", "Haus 2", "aarau", "Österreich", "Oslo", "Haus 02b", "Straße"]

    assert sorted(names, key=sort_key) == [
        "aarau", "Äugst", "Haus 2", "Haus 02b", "Haus 10", "Oslo", "Österreich", "Straße", "Zug",
    ]  # fmt: skip
    assert folded("  Straße  ŁÓDŹ Ærø İ ") == "strasse lodz aero i"
