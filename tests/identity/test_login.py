"""Logging in by an organisation's provider: once confirmed by mail, then by its word alone, and within its bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from django.utils.translation import override
from requests import RequestException

from furka.access.facts import Limit
from furka.account.email_change import ask_for_change
from furka.errors import Invalid, NotThere, Refused
from furka.identity import operations
from furka.identity.models import IdentityProvider
from furka.identity.operations import Setup
from furka.identity.outward import OutwardSession, may_ask
from furka.journal.models import Event
from furka.people.models import Person
from furka.services.connect.operations import create_profile
from furka.tree import granting, holdings
from furka.tree.granting import Relation, Terms
from furka.tree.queries import grant_of_key, grants_on
from tests.identity.provider import CLIENT_ID, SECRET, Provider, Somebody, running_provider
from tests.world import NOW, PASSWORD, World, by, let_in, person, public_key

STAFF = Terms(role="technician", relation=Relation.STAFF)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider(Somebody("sub-1", "petra@muster.example")) as running:
        yield running


@pytest.fixture
def petra(world: World) -> Person:
    """Staff of our reseller, with a password."""
    petra = person("Petra", "petra@muster.example", PASSWORD)
    EmailAddress.objects.create(user=petra, email=petra.email, verified=True, primary=True)
    let_in(world.ours.reseller, petra, STAFF, world.rita)
    mail.outbox.clear()
    return petra


@pytest.fixture
def row(world: World, provider: Provider) -> IdentityProvider:
    """The provider is set up at our reseller."""
    return operations.set_up(by(world.rita), world.ours.reseller, setup(provider))


def setup(provider: Provider, **changes: Any) -> Setup:
    given: dict[str, Any] = {
        "name": "Muster AG",
        "issuer": provider.url,
        "client_id": CLIENT_ID,
        "secret": SECRET,
        "domains": ["muster.example"],
    }
    return Setup(**{**given, **changes})


def come(client: Client, row: IdentityProvider, then: str = "") -> Any:
    """To the provider and back; the answer to the way back."""
    there = client.get(f"/account/oidc/{row.key}/", {"next": then} if then else {})
    assert there.status_code == 302, there.content.decode()
    again = httpx.get(there.headers["Location"]).headers["Location"]
    return client.get(again.removeprefix("http://127.0.0.1:8000"))


def link_in_mail() -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/account/oidc/link/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def confirmed(client: Client, row: IdentityProvider) -> Client:
    come(client, row)
    assert client.post(link_in_mail()).status_code == 200
    return client


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_first_login_is_confirmed_by_the_mailbox_and_the_next_one_goes_through(
    petra: Person, row: IdentityProvider, client: Client
) -> None:
    first = come(client, row)
    assert not is_in(client)
    assert "petra@muster.example" in first.content.decode()
    assert not SocialAccount.objects.exists()
    secret = link_in_mail()
    assert client.get(secret).status_code == 200
    assert not SocialAccount.objects.exists()  # looking links nothing
    assert client.post(secret).status_code == 200
    again = come(client, row, then="/account/me/")
    assert again.headers["Location"] == "/account/me/"
    assert client.get("/account/me/").context["request"].user == petra


def test_account_that_is_taken_over_by_nobody(petra: Person, row: IdentityProvider, client: Client) -> None:
    """What the provider says alone neither logs in nor links."""
    for _ in range(2):
        come(client, row)
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


def test_login_reaches_its_level_and_nothing_else(
    world: World, petra: Person, row: IdentityProvider, client: Client
) -> None:
    let_in(world.theirs.school, petra, Terms(role="supporter"), world.nora)
    come(confirmed(client, row), row)
    assert client.get(f"/levels/{world.ours.reseller.key}/").status_code == 200
    assert client.get(f"/levels/{world.theirs.school.key}/").status_code == 404
    assert client.get(f"/api/v1/levels/{world.theirs.school.key}").status_code == 404
    own = Client()
    own.force_login(petra)
    assert own.get(f"/levels/{world.theirs.school.key}/").status_code == 200
    # By themselves in the same browser, they reach everything again.
    client.post("/account/logout/")
    client.post("/account/login/", {"login": petra.email, "password": PASSWORD})
    assert client.get(f"/levels/{world.theirs.school.key}/").status_code == 200


def test_nothing_that_reaches_further_can_be_made_in_such_a_login(
    world: World, petra: Person, row: IdentityProvider
) -> None:
    let_in(world.theirs.school, petra, Terms(role="supporter"), world.nora)

    acting = holdings.of_person(petra, NOW, "test", Limit(None, world.ours.reseller.place))
    with pytest.raises(Refused):
        create_profile(acting, "Laptop", public_key())
    with pytest.raises(Refused):
        ask_for_change(acting, "x@example.org")


def test_whoever_is_invited_gets_an_account_without_a_password(
    world: World, provider: Provider, row: IdentityProvider, client: Client
) -> None:
    provider.who = Somebody("sub-2", "neu@muster.example", "Nina Neu")
    granting.invite(by(world.rita), world.ours.school, "neu@muster.example", Terms(role="viewer"))
    confirmed(client, row)
    nina = Person.objects.get(email="neu@muster.example")
    assert (nina.name, nina.has_usable_password()) == ("Nina Neu", False)
    come(client, row)
    assert is_in(client)


@pytest.mark.parametrize("email", ["fremd@muster.example", "max@example.org", "", "petra@muster.example.net"])
def test_whom_the_level_did_not_let_in_gets_nothing(
    petra: Person, provider: Provider, row: IdentityProvider, client: Client, email: str
) -> None:
    person("Fremde", "fremd@muster.example")
    provider.who = Somebody("sub-3", email)
    answer = come(client, row)
    assert answer.status_code in (200, 403)
    assert mail.outbox == []
    assert not is_in(client)


def test_whose_access_ended_no_longer_comes_in(
    world: World, petra: Person, row: IdentityProvider, client: Client
) -> None:
    confirmed(client, row)
    [view] = granting_of(world, petra)
    granting.revoke(by(world.rita), view)
    assert come(Client(), row).status_code == 403


def granting_of(world: World, someone: Person) -> list[Any]:

    views = [view for view in grants_on(by(world.rita), world.ours.reseller) if view.person_id == someone.pk]
    return [grant_of_key(by(world.rita), world.ours.reseller, view.key) for view in views]


def test_second_factor_is_asked_for_here_too(petra: Person, row: IdentityProvider, client: Client) -> None:
    confirmed(client, row)
    TOTP.activate(petra, generate_totp_secret())
    answer = come(client, row)
    assert answer.headers["Location"].startswith("/account/factors/authenticate/")
    assert not is_in(client)


@pytest.mark.parametrize(
    "fault", ["nonce", "audience", "expired", "unsigned", "shared", "signature", "cancel"]
)
def test_false_word_is_not_believed(
    petra: Person, provider: Provider, row: IdentityProvider, client: Client, fault: str
) -> None:
    confirmed(client, row)
    provider.faults.add(fault)
    answer = come(client, row)
    assert answer.status_code == 401
    assert not is_in(client)


def test_code_belongs_to_the_browser_that_began(petra: Person, row: IdentityProvider, client: Client) -> None:
    confirmed(client, row)
    there = client.get(f"/account/oidc/{row.key}/")
    again = httpx.get(there.headers["Location"]).headers["Location"].removeprefix("http://127.0.0.1:8000")
    other = Client()
    assert other.get(again).status_code == 401
    assert not is_in(other)
    assert client.get(again).status_code == 302
    assert client.get(again).status_code == 401  # once


def test_nothing_in_the_address_changes_what_is_asked(
    petra: Person, provider: Provider, row: IdentityProvider, client: Client
) -> None:
    query = {
        "scope": "everything",
        "auth_params": "prompt=none",
        "process": "connect",
        "next": "https://evil.example/",
    }
    there = client.get(f"/account/oidc/{row.key}/", query)
    httpx.get(there.headers["Location"])
    [asked] = provider.asked
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert "prompt" not in asked


def test_staff_come_this_way_only_if_it_is_so_chosen(
    world: World, petra: Person, provider: Provider, row: IdentityProvider, client: Client
) -> None:
    operations.set_up(by(world.rita), world.ours.reseller, setup(provider, secret="", only_way=True))
    answer = client.post("/account/login/", {"login": petra.email, "password": PASSWORD})
    assert answer.headers["Location"] == f"/account/login/{world.ours.reseller.key}/?only=1"
    assert not is_in(client)
    come(confirmed(client, row), row)
    assert is_in(client)
    # An owner is never locked out.
    world.rita.email = "rita@muster.example"
    world.rita.set_password(PASSWORD)
    world.rita.save()
    EmailAddress.objects.create(user=world.rita, email=world.rita.email, verified=True, primary=True)
    owner = Client()
    owner.post("/account/login/", {"login": world.rita.email, "password": PASSWORD})
    assert is_in(owner)


def test_login_page_finds_the_organisation_by_the_address(row: IdentityProvider, client: Client) -> None:
    found = client.post("/account/login/organisation/", {"email": "wer@muster.example"})
    assert f"/account/oidc/{row.key}/" in found.content.decode()
    assert client.post("/account/login/organisation/", {"email": "wer@example.org"}).status_code == 422
    assert client.get(f"/account/login/{row.node.key}/").status_code == 200
    assert client.get("/account/login/000000000000/").status_code == 302


def test_secret_is_sealed_and_shown_to_nobody(world: World, row: IdentityProvider, client: Client) -> None:
    assert SECRET not in row.sealed_secret
    assert row.secret == SECRET
    client.force_login(world.rita)
    assert SECRET not in client.get(f"/levels/{world.ours.reseller.key}/sign-in/").content.decode()
    assert SECRET not in str(list(Event.objects.values_list("before", "after")))
    kept = operations.set_up(
        by(world.rita), world.ours.reseller, Setup("Neu", row.issuer, CLIENT_ID, ["muster.example"])
    )
    assert kept.secret == SECRET


def test_trying_it_out_says_what_is_wrong(world: World, provider: Provider, row: IdentityProvider) -> None:
    rita, reseller = by(world.rita), world.ours.reseller
    assert operations.try_out(rita, reseller).works
    for fault in ("issuer", "endpoint", "redirect", "large"):
        provider.faults = {fault}
        assert not operations.try_out(rita, reseller).works


def test_settings_page(world: World, provider: Provider, client: Client) -> None:
    client.force_login(world.rita)
    address = f"/levels/{world.ours.reseller.key}/sign-in/"
    given = {
        "name": "Muster",
        "issuer": "ftp://x",
        "client_id": CLIENT_ID,
        "secret": "",
        "domains": "muster.example, nicht_richtig",
        "enabled": "on",
    }
    answer = client.post(address, given)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"secret"}
    answer = client.post(address, {**given, "secret": SECRET})
    assert set(answer.context["form"].errors) == {"issuer", "domains"}
    good = {**given, "issuer": provider.url, "secret": SECRET, "domains": "muster.example"}
    assert client.post(address, good).status_code == 302
    assert client.post(f"{address}try/").status_code == 302
    assert client.post(f"{address}remove/").status_code == 302
    assert not IdentityProvider.objects.everything("test").exists()


def test_only_who_administers_people_sets_it_up(world: World, provider: Provider) -> None:
    for someone, refusal in ((world.karl, NotThere), (world.nora, NotThere)):
        with pytest.raises(refusal):
            operations.set_up(by(someone), world.ours.reseller, setup(provider))
    with pytest.raises(Invalid):
        operations.set_up(by(world.rita), world.ours.customer, setup(provider))


@pytest.mark.parametrize(
    "url",
    ["http://example.org", "file:///etc/passwd", "https://user@example.org", "http://10.0.0.1", "gopher://x"],
)
def test_addresses_that_are_never_asked(url: str) -> None:
    assert not may_ask(url)


def test_network_of_the_portal_is_not_asked(world: World, provider: Provider, settings: Any) -> None:
    """Neither by a number nor by a name that leads there."""
    settings.IDENTITY_LOOPBACK = False

    port = provider.url.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(RequestException):
            OutwardSession().get(f"https://{host}:{port}/keys")


def test_private_network_is_asked_only_if_the_installation_lists_it(
    world: World, provider: Provider, row: IdentityProvider, settings: Any
) -> None:
    rita, reseller = by(world.rita), world.ours.reseller
    with pytest.raises(Invalid) as refused:
        operations.set_up(rita, reseller, setup(provider, issuer="https://10.1.2.3"))
    with override("de"):
        assert "privaten Netz" in str(refused.value.fields["issuer"][0])
    settings.IDENTITY_NETWORKS = [ip_network("10.1.2.0/24")]
    assert operations.set_up(rita, reseller, setup(provider, issuer="https://10.1.2.3")).enabled
    with pytest.raises(Invalid):
        operations.set_up(rita, reseller, setup(provider, issuer="https://10.1.3.3"))
    # A name is judged by where it leads, when it is asked.
    operations.set_up(rita, reseller, setup(provider, issuer=provider.url.replace("127.0.0.1", "localhost")))
    settings.IDENTITY_LOOPBACK = False
    port = provider.url.rpartition(":")[2]
    IdentityProvider.objects.everything("a test").update(issuer=f"https://localhost:{port}")
    with override("de"):
        tried = operations.try_out(rita, reseller)
    assert (tried.works, "privaten Netz" in tried.text) == (False, True)
