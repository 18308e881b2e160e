"""Forms for new customers and sites."""

from __future__ import annotations

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.tree.granting import Terms
from furka.tree.models import Node
from tests.portal.pages import page, text_of, url
from tests.world import World, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def test_new_site_gets_a_claim_code_at_once(world: World, client: Client) -> None:
    client.force_login(world.rita)

    answer = client.post(
        url(world.ours.reseller, "sites/new/"),
        {"name": "Turnhalle", "owner": world.ours.customer.key, "time_zone": "Europe/Zurich", "once": "a"},
        follow=True,
        HTTP_ACCEPT_LANGUAGE="en",
    )

    assert answer.context["node"].name == "Turnhalle"
    assert answer.context["node"].customer_id == world.ours.customer.pk
    assert answer.context["code"] in text_of(answer)


def test_form_that_is_sent_twice_makes_one_thing(world: World, client: Client) -> None:
    client.force_login(world.rita)
    sent = {"name": "Neuer Kunde", "once": "same-mark"}

    answers = [client.post(url(world.ours.reseller, "customers/new/"), sent) for _time in range(2)]

    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert Node.objects.everything("a test").filter(name="Neuer Kunde").count() == 1


def test_form_with_a_fault_keeps_what_was_typed_and_can_be_sent_again(world: World, client: Client) -> None:
    client.force_login(world.rita)
    address = url(world.ours.customer, "sites/new/")
    wrong = {"name": "   ", "time_zone": "Europe/Berlin", "once": "mark"}

    answer = client.post(address, wrong, HTTP_ACCEPT_LANGUAGE="en")
    again = client.post(address, {**wrong, "name": "Turnhalle"})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["name"]
    assert answer.context["form"]["time_zone"].value() == "Europe/Berlin"
    assert Node.objects.everything("a test").get(name="Turnhalle").time_zone == "Europe/Berlin"
    assert again.status_code == 302


def test_site_can_not_be_made_for_a_customer_of_somebody_else(world: World, client: Client) -> None:
    client.force_login(world.rita)

    answer = client.post(
        url(world.ours.reseller, "sites/new/"),
        {"name": "Turnhalle", "owner": world.theirs.customer.key, "time_zone": "Europe/Zurich"},
    )

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["owner"])


def test_who_may_not_administer_the_structure_is_offered_nothing_new(world: World, client: Client) -> None:
    let_in(world.ours.customer, world.fremd, Terms(role="viewer"), world.karl)

    answer = page(client, world.fremd, url(world.ours.customer))

    assert "sites/new/" not in text_of(answer)
    assert page(client, world.fremd, url(world.ours.customer, "sites/new/")).status_code == 403
