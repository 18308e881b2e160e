"""What people note about levels: who may, what is refused, how it is found; on pages and through the API."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.errors import Invalid, Refused
from furka.finding.queries import find
from furka.inventory.bulk import Stopped, label_all
from furka.inventory.filters import Chosen, sites_chosen
from furka.journal.models import Event
from furka.particulars import operations, queries
from furka.particulars.operations import Noted, Reached
from tests.portal.pages import page, text_of, url
from tests.world import World, by

pytestmark = pytest.mark.django_db

HERE = Noted(street="Dorfstrasse 1", postcode="3000", town="Musterwil", note="Schlüssel beim Abwart")


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def test_labels_are_words_without_doubles_and_lead_to_their_sites(world: World) -> None:
    school = world.ours.school
    operations.set_labels(by(world.rita), school, [" Pikett ", "pikett", "Winter", ""])
    assert queries.labels_of(by(world.sonja), [school]) == {school.pk: ["Pikett", "Winter"]}
    assert queries.labels_in_use(by(world.rita), world.ours.reseller) == ["Pikett", "Winter"]
    chosen = sites_chosen(by(world.rita), world.ours.reseller, Chosen(label="PIKETT"))
    assert list(chosen) == [school]
    operations.set_labels(by(world.rita), school, ["Winter"])
    assert queries.labels_of(by(world.rita), [school]) == {school.pk: ["Winter"]}
    assert queries.labels_of(by(world.nora), [school]) == {}


def test_whoever_only_looks_changes_nothing(world: World) -> None:
    for change in (
        lambda: operations.set_labels(by(world.max), world.ours.school, ["x"]),
        lambda: operations.set_particulars(by(world.max), world.ours.school, HERE),
        lambda: operations.add_contact(by(world.max), world.ours.school, Reached("Abwart")),
    ):
        with pytest.raises(Refused):
            change()


@pytest.mark.parametrize(
    ("noted", "field"),
    [
        (Noted(latitude=Decimal(47)), "longitude"),
        (Noted(latitude=Decimal(91), longitude=Decimal(7)), "latitude"),
        (Noted(latitude=Decimal(47), longitude=Decimal(181)), "longitude"),
        (Noted(email="nobody"), "email"),
        (Noted(note="x" * 4001), "note"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field(world: World, noted: Noted, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        operations.set_particulars(by(world.rita), world.ours.school, noted)
    assert field in refused.value.fields


@pytest.mark.parametrize("names", [["x" * 31], [str(number) for number in range(21)], ["a,b"]])
def test_labels_have_limits(world: World, names: list[str]) -> None:
    with pytest.raises(Invalid):
        operations.set_labels(by(world.rita), world.ours.school, names)


def test_address_contact_and_label_are_found_and_by_nobody_else(world: World) -> None:
    school = world.ours.school
    operations.set_particulars(by(world.rita), school, HERE)
    operations.add_contact(by(world.rita), school, Reached("Frida Beispiel", "Abwartin", "+41 31 000 00 00"))
    operations.set_labels(by(world.rita), school, ["Pikett"])
    for text in ("Musterwil", "Dorfstrasse", "Frida", "Abwartin", "Pikett"):
        assert any(row.node == school for row in find(by(world.sonja), text, 10)), text
        assert find(by(world.nora), text, 10) == []


def test_journal_says_what_changed_and_nothing_if_nothing_did(world: World) -> None:
    school = world.ours.school
    operations.set_particulars(by(world.rita), school, HERE)
    operations.set_particulars(by(world.rita), school, HERE)
    contact = operations.add_contact(by(world.rita), school, Reached("Abwart"))
    operations.change_contact(by(world.rita), contact, Reached("Abwart", phone="117"))
    operations.remove_contact(by(world.rita), contact)
    actions = Event.objects.filter(node_id=school.pk).order_by("id").values_list("action", flat=True)
    assert list(actions)[-4:] == [
        "particulars.changed",
        "contact.added",
        "contact.changed",
        "contact.removed",
    ]


def test_site_shows_whom_to_call_and_its_owner(world: World, client: Client) -> None:
    operations.set_particulars(by(world.karl), world.ours.customer, Noted(company="Gemeinde", phone="031 1"))
    operations.add_contact(by(world.rita), world.ours.school, Reached("Abwart", phone="+41 31 555 00 11"))
    shown = page(client, world.sonja, url(world.ours.school))
    assert 'href="tel:+41315550011"' in shown.content.decode()
    assert 'href="tel:0311"' in shown.content.decode()
    assert "particulars/" not in shown.content.decode()  # she may not change it


def test_page_keeps_what_was_typed_and_saves_all_of_it(world: World, client: Client) -> None:
    client.force_login(world.rita)
    address = url(world.ours.school, "particulars/")
    wrong = client.post(
        address, {"town": "Musterwil", "latitude": "95", "longitude": "7", "labels": "Pikett"}
    )
    assert wrong.status_code == 422
    assert "Musterwil" in wrong.content.decode()
    assert queries.labels_of(by(world.rita), [world.ours.school]) == {}
    right = {"town": "Musterwil", "latitude": "46.948", "longitude": "7.4474", "labels": "Pikett, Winter"}
    assert client.post(address, right).status_code == 302
    row = queries.particulars_of(by(world.rita), world.ours.school)
    assert row is not None
    assert (row.town, row.latitude) == ("Musterwil", Decimal("46.94800"))
    assert "Pikett" in text_of(client.get(url(world.ours.school)))


def test_contacts_come_change_and_go_on_pages(world: World, client: Client) -> None:
    client.force_login(world.rita)
    school = world.ours.school
    client.post(url(school, "contacts/new/"), {"name": "Abwart", "phone": "117"})
    [contact] = queries.contacts_of(by(world.rita), school)
    client.post(f"/levels/{school.key}/contacts/{contact.key}/", {"name": "Abwartin", "phone": "118"})
    assert [each.name for each in queries.contacts_of(by(world.rita), school)] == ["Abwartin"]
    client.post(f"/levels/{school.key}/contacts/{contact.key}/remove/")
    assert queries.contacts_of(by(world.rita), school) == []


def test_labels_of_many_sites_at_once(world: World) -> None:
    sites = [world.ours.school, world.ours.depot]
    operations.set_labels(by(world.rita), world.ours.depot, ["Alt"])
    label_all(by(world.rita), sites, ["Pikett"], ["alt"])
    assert queries.labels_of(by(world.rita), sites) == {site.pk: ["Pikett"] for site in sites}
    with pytest.raises(Stopped):
        label_all(by(world.karl), sites, ["Neu"], [])
    assert queries.labels_of(by(world.rita), sites) == {site.pk: ["Pikett"] for site in sites}


def test_list_offers_labels_as_filters(world: World, client: Client) -> None:
    operations.set_labels(by(world.rita), world.ours.school, ["Pikett"])
    shown = page(client, world.rita, url(world.ours.reseller, "sites/?label=Pikett"))
    assert world.ours.school.name in text_of(shown)
    assert [site for site, *_rest in shown.context["rows"]] == [world.ours.school]
