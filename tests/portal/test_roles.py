"""Pages on which a level defines its own roles."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from furka.clock import FakeClock
from furka.people.models import Person
from furka.tree.granting import Terms
from furka.tree.level_roles import roles_of
from furka.tree.models import Node
from tests.world import World, by, let_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def read(client: Client, someone: Person, address: str) -> str:
    client.force_login(someone)
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def post(client: Client, someone: Person, address: str, data: dict[str, Any]) -> HttpResponse:
    client.force_login(someone)
    return client.post(address, data, headers={"accept-language": "en"})  # type: ignore[return-value]


def url(node: Node, rest: str = "") -> str:
    return f"/levels/{node.key}/people/roles/{rest}"


def test_role_is_made_as_a_copy_given_changed_and_removed(world: World, client: Client) -> None:
    customer = world.ours.customer
    text = read(client, world.karl, url(customer, "new/?from=viewer"))
    assert 'value="journal" id="id_rights_6" checked' in text
    data = {"name": "Pikett", "rights": ["journal", "connect.use"]}
    assert post(client, world.karl, url(customer, "new/"), data).headers["Location"] == url(customer)
    [role] = roles_of(by(world.karl), customer)
    assert "Pikett" in read(client, world.karl, url(customer))

    school = f"/levels/{world.ours.school.key}/people/"
    assert f'value="{role.key}"' in read(client, world.karl, f"{school}invite/")
    invited = {"email": "neu@example.org", "role": role.key, "ends": "4h"}
    assert post(client, world.karl, f"{school}invite/", invited).status_code == 302
    assert "Pikett" in read(client, world.karl, school)

    text = read(client, world.karl, url(customer, f"{role.key}/"))
    assert "1 access uses this role and follows at once" in text
    post(client, world.karl, url(customer, f"{role.key}/"), {"name": "Nachtdienst", "rights": ["journal"]})
    assert "Nachtdienst" in read(client, world.karl, school)

    post(client, world.karl, url(customer, f"{role.key}/remove/"), {})
    assert len(roles_of(by(world.karl), customer)) == 1
    post(client, world.karl, url(customer, f"{role.key}/remove/"), {"replacement": "viewer"})
    assert roles_of(by(world.karl), customer) == []


def test_right_that_its_author_lacks_is_refused_beside_the_rights(world: World, client: Client) -> None:
    customer, some = world.ours.customer, Terms(rights=("people", "connect.use"), depth=None)
    let_in(customer, world.fremd, some, world.rita)

    refused = post(
        client, world.fremd, url(customer, "new/"), {"name": "Zuviel", "rights": ["configure", "look"]}
    )

    text = " ".join(refused.content.decode().split())
    assert (refused.status_code, 'value="Zuviel"' in text, 'id="id_rights_errors"' in text) == (
        422,
        True,
        True,
    )
    assert roles_of(by(world.karl), customer) == []


def test_what_is_wrong_is_said_at_its_field(world: World, client: Client) -> None:
    for data, field in (
        ({"name": ""}, "name"),
        ({"name": "x"}, "rights"),
        ({"name": "x", "rights": "fly"}, "rights"),
    ):
        answer = post(client, world.karl, url(world.ours.customer, "new/"), data)
        assert (answer.status_code, f'id="id_{field}_errors"' in answer.content.decode()) == (422, True)


def test_roles_of_a_level_are_changed_there_only(world: World, client: Client) -> None:
    post(
        client,
        world.rita,
        url(world.ours.reseller, "new/"),
        {"name": "Pikett", "rights": ["journal"]},
    )
    [role] = roles_of(by(world.rita), world.ours.reseller)
    text = read(client, world.karl, url(world.ours.customer))
    assert ("Pikett" in text, f"{role.key}/" in text.replace(f"from={role.key}", "")) == (True, False)
    client.force_login(world.karl)
    assert client.get(url(world.ours.customer, f"{role.key}/")).status_code == 404
    assert client.get(url(world.ours.reseller, f"{role.key}/")).status_code == 404
    assert client.get(url(world.ours.school)).status_code == 404
