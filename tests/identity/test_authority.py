"""A provider whose certificate an authority of its own signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client
from requests.exceptions import SSLError

from furka.errors import Invalid
from furka.identity import operations
from furka.identity.models import IdentityProvider
from furka.identity.outward import OutwardSession
from furka.journal.models import Event
from furka.tree.granting import Relation, Terms
from tests.api.caller import as_person
from tests.identity.authority import TestAuthority
from tests.identity.provider import CLIENT_ID, SECRET, Provider, Somebody, running_provider
from tests.world import World, by, let_in, person

AUTHORITY = TestAuthority()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    tls = AUTHORITY.for_server(tmp_path_factory.mktemp("tls"))
    with running_provider(Somebody("sub-1", "petra@muster.example"), tls) as running:
        yield running


def set_up(world: World, provider: Provider, authority: str) -> IdentityProvider:
    given = operations.Setup("Muster", provider.url, CLIENT_ID, ["muster.example"], SECRET, authority)
    return operations.set_up(by(world.rita), world.ours.reseller, given)


def test_a_provider_with_its_own_authority_lets_people_in(
    world: World, provider: Provider, client: Client, mailoutbox: list[Any], tmp_path: Path
) -> None:
    petra = person("Petra", "petra@muster.example")
    let_in(world.ours.reseller, petra, Terms(role="technician", relation=Relation.STAFF), world.rita)
    set_up(world, provider, "")
    refused = operations.try_out(by(world.rita), world.ours.reseller)
    assert not refused.works
    row = set_up(world, provider, AUTHORITY.pem)
    assert operations.try_out(by(world.rita), world.ours.reseller).works

    there = client.get(f"/account/oidc/{row.key}/").headers["Location"]
    back = httpx.get(there, verify=False).headers["Location"]  # noqa: S501  # the browser of somebody who knows
    assert client.get(back.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert [letter.to for letter in mailoutbox][-1] == ["petra@muster.example"]
    told = Event.objects.filter(action="identity.set-up").latest("id").after["authority"]
    assert [len(each) for each in told] == [95]


def test_an_authority_counts_for_its_provider_alone(provider: Provider, settings: Any) -> None:
    for session in (OutwardSession(), OutwardSession(TestAuthority("Another").pem)):
        with pytest.raises(SSLError):
            session.get(f"{provider.url}/keys")
    assert OutwardSession(AUTHORITY.pem).get(f"{provider.url}/keys").status_code == 200


@pytest.mark.parametrize("what", ["words", "server", "expired", "key", "many"])
def test_what_is_no_authority_is_refused(world: World, provider: Provider, tmp_path: Path, what: str) -> None:
    given = {
        "words": "a certificate",
        "server": "-----BEGIN CERT" + AUTHORITY.chain(tmp_path).read_text().partition("-----BEGIN CERT")[2],
        "expired": TestAuthority(ends=datetime(2026, 1, 1, tzinfo=UTC)).pem,
        "key": AUTHORITY.chain(tmp_path).read_text(),
        "many": AUTHORITY.pem * 6,
    }[what]
    with pytest.raises(Invalid) as refused:
        set_up(world, provider, given)
    assert refused.value.fields.keys() == {"authority"}


def test_programs_and_the_page_set_it_and_take_it_away(
    world: World, provider: Provider, client: Client
) -> None:
    path = f"/levels/{world.ours.reseller.key}/identity-provider"
    set_up(world, provider, AUTHORITY.pem)
    rita = as_person(world.rita)
    assert rita.get(path).body["authority"] == AUTHORITY.pem
    assert rita.patch(path, {"name": "Neu"}).body["authority"] == AUTHORITY.pem
    client.force_login(world.rita)
    assert "Muster CA" in client.get(f"/levels/{world.ours.reseller.key}/sign-in/").content.decode()
    assert rita.patch(path, {"authority": ""}).body["authority"] == ""
