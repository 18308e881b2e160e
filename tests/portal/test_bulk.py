"""The same change at many levels: all or nothing, and the page says what was done, what was not, and why."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from furka.catalogue.operations import configure, settings_at
from furka.clock import FakeClock
from furka.inventory import bulk
from furka.people.models import Person
from furka.tree import operations
from furka.tree.granting import Terms, invite
from furka.tree.models import Node
from furka.tree.queries import grants_on
from tests.portal.pages import page, text_of, url
from tests.world import World, by, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def send(client: Client, someone: Person, node: Node, do: str, *rows: Node, **fields: str) -> Any:
    client.force_login(someone)
    keys = [row.key for row in rows]
    given = {"listing": "sites", "do": do, "row": keys, **fields}
    return client.post(url(node, "bulk/"), given, HTTP_ACCEPT_LANGUAGE="en")


INVITATION = {"email": "neu@example.org", "role": "viewer", "ends": "week", "reason": "", "go": "1"}


def test_service_is_switched_off_at_the_chosen_sites_after_saying_what_happens(
    world: World, client: Client
) -> None:
    ours = world.ours
    asked = send(client, world.rita, ours.reseller, "off:connect", ours.school, ours.depot)
    assert "will be switched off at these 2 sites" in text_of(asked)
    assert settings_at(by(world.rita), ours.school, "connect").enabled
    configure(by(world.rita), ours.depot, "connect", {"enabled": False})

    done = send(client, world.rita, ours.reseller, "off:connect", ours.school, ours.depot, go="1")

    assert not settings_at(by(world.rita), ours.school, "connect").enabled
    assert [(each.node.name, str(each.reason)) for each, _url in done.context["outcomes"]] == [
        ("Schulhaus Muster", ""),
        ("Werkhof Muster", "It was so already."),
    ]
    assert "Done at one level." in text_of(done)


def test_all_that_fit_are_changed_and_nothing_else(world: World, client: Client) -> None:
    for number in range(3):
        operations.create_site(by(world.rita), world.ours.customer, f"Pumpe {number}")

    send(client, world.rita, world.ours.reseller, "off:connect", go="1", all="1", filter="q=pumpe&sort=new")

    off = [
        site.name
        for site in Node.objects.everything("a test").filter(kind="site")
        if not settings_at(by(world.nora if "Nachbar" in site.name else world.rita), site, "connect").enabled
    ]
    assert sorted(off) == ["Pumpe 0", "Pumpe 1", "Pumpe 2"]


def test_one_person_is_invited_on_all_chosen_levels_with_one_mail(world: World, client: Client) -> None:
    ours = world.ours
    assert send(client, world.rita, ours.reseller, "invite", ours.school, ours.depot).status_code == 200
    before = len(mail.outbox)

    answer = send(client, world.rita, ours.reseller, "invite", ours.school, ours.depot, **INVITATION)

    assert "Done at 2 levels." in text_of(answer)
    for site in (ours.school, ours.depot):
        assert "neu@example.org" in [view.email for view in grants_on(by(world.rita), site)]
    assert len(mail.outbox) == before + 1


def test_if_one_does_not_fit_nothing_is_done_and_it_says_why(world: World, client: Client) -> None:
    ours = world.ours
    invite(by(world.rita), ours.depot, "neu@example.org", Terms(role="viewer"))
    before = len(mail.outbox)

    answer = send(client, world.rita, ours.reseller, "invite", ours.school, ours.depot, **INVITATION)

    assert (answer.status_code, len(mail.outbox)) == (409, before)
    assert "Nothing was changed." in text_of(answer)
    assert "neu@example.org" not in [view.email for view in grants_on(by(world.rita), ours.school)]
    named = {each.node.name: each.is_done for each, _url in answer.context["outcomes"]}
    assert named == {"Werkhof Muster": False, "Schulhaus Muster": True}
    assert ("row", ours.school.key) in answer.context["without"]
    again = send(client, world.rita, ours.reseller, "invite", ours.school, **INVITATION)
    assert again.status_code == 200


def test_form_with_a_fault_is_shown_again_with_all_that_was_chosen(world: World, client: Client) -> None:
    ours = world.ours
    wrong = {**INVITATION, "email": "no address"}

    answer = send(client, world.rita, ours.reseller, "invite", ours.school, ours.depot, **wrong)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["email"]
    assert [value for name, value in answer.context["carried"] if name == "row"] == [
        ours.school.key,
        ours.depot.key,
    ]


def test_levels_of_others_can_not_be_meant(world: World, client: Client) -> None:
    answer = send(client, world.rita, world.ours.reseller, "off:connect", world.theirs.school, go="1")

    assert answer.status_code == 302
    assert settings_at(by(world.nora), world.theirs.school, "connect").enabled
    assert page(client, world.nora, url(world.ours.reseller, "bulk/")).status_code == 404


def test_who_may_not_change_is_offered_nothing_and_gets_nothing(world: World, client: Client) -> None:
    let_in(world.ours.customer, world.fremd, Terms(role="viewer"), world.karl)

    answer = page(client, world.fremd, url(world.ours.customer, "sites/"))
    assert answer.context["bulk_actions"] == []
    tried = send(client, world.fremd, world.ours.customer, "off:connect", world.ours.school, go="1")
    assert (tried.status_code, tried.context["without"]) == (409, [])
    assert settings_at(by(world.karl), world.ours.school, "connect").enabled


def test_too_many_at_once_are_refused_with_a_number(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 1)

    answer = send(client, world.rita, world.ours.reseller, "off:connect", go="1", all="1")
    shown = text_of(client.get(answer.headers["Location"], HTTP_ACCEPT_LANGUAGE="en"))

    assert "at most 1 at once" in shown
    assert settings_at(by(world.rita), world.ours.school, "connect").enabled


def test_customers_can_be_chosen_too(world: World, client: Client) -> None:
    other = operations.create_customer(by(world.rita), world.ours.reseller, "Klinik")

    answer = send(
        client, world.rita, world.ours.reseller, "invite", world.ours.customer, other,
        **{**INVITATION, "listing": "customers"},
    )  # fmt: skip

    assert "Done at 2 levels." in text_of(answer)
    assert [view.email for view in grants_on(by(world.rita), other)] == ["neu@example.org"]


def test_chosen_rows_and_filtered_lists_are_exported_without_formulas(world: World, client: Client) -> None:
    operations.create_site(by(world.rita), world.ours.customer, "=HYPERLINK(1)")
    client.force_login(world.rita)

    answer: Any = client.get(
        url(world.ours.reseller, "export/?form=csv&q=hyperlink"), HTTP_ACCEPT_LANGUAGE="en"
    )
    text = answer.getvalue().decode() if not answer.is_async else None
    assert answer.headers["Content-Disposition"].endswith('.csv"')
    assert text is None or "'=HYPERLINK(1)" in text
    book = send(client, world.rita, world.ours.reseller, "export", world.ours.school)
    assert book.headers["Content-Type"].endswith("spreadsheetml.sheet")
    assert b"".join(book.streaming_content)[:2] == b"PK"
