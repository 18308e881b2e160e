"""The page of API tokens: made by somebody who has just proved who they are, shown once, blocked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from furka.clock import FakeClock
from furka.gate.tokens import acting_with, issue_token
from furka.people.models import ApiToken, Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from tests.world import NOW, PASSWORD, World, by

pytestmark = pytest.mark.django_db

GOOD = {"name": "Leitsystem", "lasts": "month", "extent": "all"}


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


@pytest.fixture
def sure(world: World, client: Client) -> Client:
    """Sonja's browser, in which she has just given her password again."""
    world.sonja.set_password(PASSWORD)
    world.sonja.save()
    EmailAddress.objects.create(user=world.sonja, email=world.sonja.email, verified=True, primary=True)
    client.post("/account/login/", {"login": world.sonja.email, "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def make(client: Client, **changes: Any) -> HttpResponse:
    given = {**GOOD, **changes}
    return client.post("/account/tokens/new/", given, headers={"accept-language": "en"})  # type: ignore[return-value]


def page(client: Client, someone: Person | None = None) -> str:
    if someone is not None:
        client.force_login(someone)
    answer = client.get("/account/tokens/", headers={"accept-language": "en"})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def secret_in(answer: HttpResponse) -> str:
    found = re.search(r"furka_[\w-]+", answer.content.decode())
    assert found is not None
    return found[0]


def test_secret_is_shown_once_and_kept_nowhere(world: World, sure: Client) -> None:
    answer = make(sure)
    secret = secret_in(answer)

    assert answer.status_code == 201
    assert "no-store" in answer.headers["Cache-Control"]
    acting = acting_with(secret, NOW)
    assert acting is not None
    assert acting.person_id == world.sonja.pk
    text = page(sure)
    assert ("Leitsystem" in text, secret in text) == (True, False)
    assert secret not in str(ApiToken.objects.values())


def test_token_is_made_by_whoever_has_just_proved_who_they_are(world: World, client: Client) -> None:
    world.sonja.set_password(PASSWORD)
    world.sonja.save()
    client.force_login(world.sonja)
    answer = make(client)
    assert answer.headers["Location"].startswith("/account/reauthenticate/")
    assert ApiToken.objects.exists() is False


def test_form_sent_twice_makes_one_token(world: World, sure: Client) -> None:
    first, second = (make(sure, once="mark") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 302)
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("extent", "rights", "kept"),
    [
        ("all", [], None),
        ("look", [], ["journal", "look"]),
        ("chosen", ["connect.use"], ["connect.use"]),
    ],
)
def test_token_may_do_what_was_chosen(
    world: World, sure: Client, extent: str, rights: list[str], kept: list[str] | None
) -> None:
    make(sure, extent=extent, rights=rights)
    assert ApiToken.objects.get().rights == kept


def test_token_is_limited_to_a_level(world: World, sure: Client) -> None:
    acting = acting_with(secret_in(make(sure, level=world.ours.school.key)), NOW)
    assert acting is not None
    assert acting.may(USE_REMOTE_ACCESS, world.ours.school.place)
    assert acting.may(USE_REMOTE_ACCESS, world.ours.depot.place) is False
    assert "Schulhaus Muster" in page(sure)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"lasts": "always"}, "lasts"),
        ({"extent": "chosen"}, "rights"),
        ({"extent": "chosen", "rights": ["root"]}, "rights"),
        ({"level": "unknown"}, "level"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    world: World, sure: Client, changes: dict[str, Any], field: str
) -> None:
    answer = make(sure, **changes)
    assert (answer.status_code, f'id="id_{field}_errors"' in answer.content.decode()) == (422, True)
    assert ApiToken.objects.exists() is False


def test_level_of_others_can_not_be_chosen(world: World, sure: Client) -> None:
    assert make(sure, level=world.theirs.school.key).status_code == 422


def test_blocked_token_works_no_longer_and_is_gone(world: World, client: Client) -> None:
    issued = issue_token(by(world.sonja), "Alt", NOW + timedelta(days=1))
    assert issued.token.key in page(client, world.sonja)

    client.post(f"/account/tokens/{issued.token.key}/revoke/")

    assert acting_with(issued.secret, NOW) is None
    assert issued.token.key not in page(client)


def test_tokens_of_others_are_neither_seen_nor_blocked(world: World, client: Client) -> None:
    issued = issue_token(by(world.sonja), "Ihres", NOW + timedelta(days=1))
    assert "Ihres" not in page(client, world.max)
    assert client.post(f"/account/tokens/{issued.token.key}/revoke/").status_code == 404
    assert acting_with(issued.secret, NOW) is not None


def test_page_costs_the_same_with_one_and_with_three(world: World, client: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as made:
            page(client)
        return len(made)

    def add(number: int) -> None:
        issue_token(by(world.sonja), f"Nr {number}", NOW + timedelta(days=1), node=world.ours.school)

    client.force_login(world.sonja)
    add(1)
    cost()
    with_one = cost()
    add(2)
    add(3)
    assert cost() == with_one
