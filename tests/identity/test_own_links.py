"""One's own links with organisations: seen, undone, and kept where they are the only way in; by page and by program."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client

from furka.errors import Conflict, NotThere
from furka.identity import operations
from furka.identity.models import IdentityProvider
from furka.identity.own_links import own_links, unlink
from furka.journal.models import Event
from furka.people.models import Person
from furka.tree.granting import Relation, Terms
from tests.api.caller import as_person, in_session
from tests.identity.provider import Provider, Somebody, running_provider
from tests.identity.test_login import come, confirmed, setup
from tests.world import PASSWORD, World, by, let_in, person


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider(Somebody("sub-1", "petra@muster.example")) as running:
        yield running


@pytest.fixture
def row(world: World, provider: Provider) -> IdentityProvider:
    return operations.set_up(by(world.rita), world.ours.reseller, setup(provider))


@pytest.fixture
def petra(world: World, row: IdentityProvider, client: Client) -> Person:
    """Staff of our reseller, with a password; in the client she came in by the provider."""
    petra = person("Petra", "petra@muster.example", PASSWORD)
    EmailAddress.objects.create(user=petra, email=petra.email, verified=True, primary=True)
    let_in(world.ours.reseller, petra, Terms(role="technician", relation=Relation.STAFF), world.rita)
    come(confirmed(client, row), row)
    mail.outbox.clear()
    return petra


def by_password(someone: Person) -> Client:
    """A browser in which they have just given their password."""
    client = Client()
    client.post("/account/login/", {"login": someone.email, "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def test_page_shows_links_and_undoes_one(petra: Person, row: IdentityProvider, client: Client) -> None:
    SocialAccount.objects.update(date_joined=SocialAccount.objects.get().last_login - timedelta(days=3))
    own = by_password(petra)
    [link] = own.get("/account/organisations/").context["links"]
    assert (link.name, link.level, link.name_there, link.kept_because) == (
        "Muster AG",
        "Muster AG",
        "sub-1",
        "",
    )
    assert link.last_used_at is not None
    assert client.get("/account/me/").status_code == 200
    answer = own.post(f"/account/organisations/{row.key}/undo/")
    assert answer.headers["Location"] == "/account/organisations/"
    assert own_links(by(petra)) == []
    assert client.get("/account/me/").status_code == 302  # whoever came by it is out; the own login stays
    assert own.get("/account/me/").status_code == 200
    assert mail.outbox[-1].subject == "Ihr Konto ist nicht mehr mit «Muster AG» verknüpft"
    assert Event.objects.filter(action="identity.unlinked", actor_id=petra.pk).exists()
    with pytest.raises(NotThere):
        unlink(by(petra), row.key)


def test_only_way_to_log_in_stays(petra: Person, row: IdentityProvider, world: World) -> None:
    petra.set_unusable_password()
    petra.save()
    assert "einzige Weg" in own_links(by(petra))[0].kept_because
    with pytest.raises(Conflict, match="einzige Weg"):
        unlink(by(petra), row.key)
    petra.set_password(PASSWORD)
    petra.save()
    IdentityProvider.objects.everything("a test").update(only_way=True)
    with pytest.raises(Conflict, match="Ihre Organisation"):
        unlink(by(petra), row.key)
    assert SocialAccount.objects.filter(user=petra).exists()


def test_login_that_reaches_one_organisation_undoes_nothing(
    petra: Person, row: IdentityProvider, world: World, client: Client
) -> None:
    let_in(world.theirs.school, petra, Terms(role="supporter"), world.nora)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    client.post(f"/account/organisations/{row.key}/undo/")
    assert SocialAccount.objects.filter(user=petra).exists()


def test_programs_see_and_undo_links_and_set_the_provider_up(
    petra: Person, row: IdentityProvider, world: World, provider: Provider
) -> None:
    own = in_session(petra)
    [link] = own.get("/me/organisations").body["items"]
    assert (link["key"], link["kept_because"], link["last_used_at"]) == (row.key, "", None)
    assert as_person(petra).get("/me/organisations").status in (401, 403)
    assert in_session(world.nora).delete(f"/me/organisations/{row.key}").status == 404
    assert own.delete(f"/me/organisations/{row.key}").status == 204
    assert own.get("/me/organisations").body["items"] == []

    base, rita = f"/levels/{world.ours.reseller.key}/identity-provider", as_person(world.rita)
    shown = rita.get(base).body
    assert shown["redirect_address"].endswith(f"/account/oidc/{row.key}/back/")
    assert "secret" not in shown
    changed = rita.patch(base, {"only_way": True}).body
    assert (changed["only_way"], changed["name"], changed["domains"]) == (
        True,
        "Muster AG",
        ["muster.example"],
    )
    assert IdentityProvider.objects.everything("a test").get().secret == row.secret
    assert rita.patch(base, {"issuer": "http://10.0.0.1"}).body["fields"]["issuer"]
    assert rita.post(f"{base}/try").body["works"]
    assert as_person(world.karl).get(base).status == 404
    assert rita.delete(base).status == 204
    assert rita.get(base).status == 404
    assert rita.patch(base, {"name": "Neu"}).status == 422
