"""Pages for letting in users of one site, and the page that they see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from furka.clock import FakeClock
from furka.people.models import Person
from furka.tree import queries
from furka.tree.granting import Relation, Terms
from tests.world import World, by, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def read(client: Client, someone: Person, address: str, status: int = 200) -> str:
    client.force_login(someone)
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def post(client: Client, someone: Person, address: str, data: dict[str, Any]) -> HttpResponse:
    client.force_login(someone)
    return client.post(address, data, headers={"accept-language": "en"})  # type: ignore[return-value]


LINK = {"way": "link", "lasts": "1w", "role": "site-operator", "ends": "open", "reason": "Hauswart"}


def test_code_is_shown_scanned_once_and_told_the_second_time(world: World, client: Client) -> None:
    school = world.ours.school
    made = post(client, world.karl, f"/levels/{school.key}/people/site-users/new/", LINK)
    text = read(client, world.karl, made.headers["Location"])
    assert ("<svg" in text, "QR code with the link" in text, "Send again" in text) == (True, True, False)
    found = re.search(r"/invitations/[\w-]+/", text)
    assert found is not None

    client.logout()
    assert "you need an account" in client.get(found[0], headers={"accept-language": "en"}).content.decode()
    assert "Decline" not in read(client, world.fremd, found[0])
    assert post(client, world.fremd, f"{found[0]}accept/", {}).status_code == 302
    assert "has already been used" in read(client, world.nora, found[0], 410)
    assert "has already been used" in post(client, world.nora, f"{found[0]}accept/", {}).content.decode()
    assert "Site users" in read(client, world.karl, f"/levels/{school.key}/people/")


def test_site_user_sees_a_reduced_page(world: World, client: Client) -> None:
    school = world.ours.school
    terms = Terms(role="site-operator", relation=Relation.SITE_USER)
    let_in(school, world.fremd, terms, world.karl)

    text = read(client, world.fremd, f"/levels/{school.key}/")

    assert ("Heizung" in text, "http://" in text.split("<main")[1], "My access" in text) == (True, True, True)
    assert ("Karl" in text, "Settings" in text, "tabs-around" in text) == (True, False, False)
    assert "Heizung" in read(client, world.fremd, f"/levels/{school.key}/?part=overview")
    assert "tabs-around" in read(client, world.sonja, f"/levels/{school.key}/")


def test_user_without_remote_access_gets_no_addresses(world: World, client: Client) -> None:
    let_in(world.ours.school, world.fremd, Terms(role="site-user", relation=Relation.SITE_USER), world.karl)
    text = read(client, world.fremd, f"/levels/{world.ours.school.key}/").split("<main")[1]
    assert ("Heizung" in text, "http://" in text) == (True, False)


def test_site_user_by_mail(world: World, client: Client) -> None:
    data = {**LINK, "way": "mail", "email": "mieter@example.org", "role": "site-user"}
    address = f"/levels/{world.ours.school.key}/people/site-users/new/"
    assert post(client, world.karl, address, data).status_code == 302
    assert mail.outbox[-1].to == ["mieter@example.org"]
    views = queries.grants_on(by(world.karl), world.ours.school)
    assert [view.relation for view in views if view.email == "mieter@example.org"] == ["site_user"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"way": "mail", "email": "x"}, "email"),
        ({"lasts": "9y"}, "lasts"),
        ({"role": "owner"}, "role"),
        ({"way": "fly"}, "way"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    world: World, client: Client, changes: dict[str, str], field: str
) -> None:
    address = f"/levels/{world.ours.school.key}/people/site-users/new/"
    answer = post(client, world.karl, address, {**LINK, **changes})
    assert (answer.status_code, f'id="id_{field}_errors"' in answer.content.decode()) == (422, True)
