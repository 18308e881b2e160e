"""Seeing the portal as somebody else: only to look, only there, only for a while, on the record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from furka import clock, vault
from furka.access.rights import LOOK, PEOPLE
from furka.clock import FakeClock
from furka.errors import Conflict, FurkaError, NotThere, Refused
from furka.gate.looking import IN_SESSION, acting_now
from furka.gate.tokens import issue_token, tokens_of
from furka.journal.models import Event
from furka.people.models import Person
from furka.services.connect.queries import profiles_of
from furka.sites import operations as sites
from furka.tree import granting, operations, queries
from furka.tree.granting import Relation, Terms
from furka.tree.models import Node
from furka.tree.operation import program
from furka.viewing import operations as viewing
from furka.viewing import seeing
from furka.viewing.models import Viewing
from tests.portal.pages import text_of
from tests.world import NOW, World, by, let_in, person

pytestmark = pytest.mark.django_db
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def look_as(client: Client, world: World, viewer: Person, seen: Person, node: Node | None = None) -> Viewing:
    """Begin a view on the page, as its button does."""
    at = node or world.ours.school
    client.force_login(viewer)
    answer = client.post(f"/levels/{at.key}/access/people/{seen.key}/view/")
    assert answer.status_code == 302
    return Viewing.objects.everything("a test").get(ended_at=None)


def get(client: Client, address: str) -> Any:
    return client.get(address, headers={"accept-language": "en"})


# --- Who may look, and at whom ---------------------------------------------------------------------------------------


def test_looking_begins_on_the_record_and_the_person_is_told(world: World) -> None:
    mail.outbox.clear()
    found = viewing.begin(by(world.karl), world.ours.school, world.sonja)

    assert found.until == NOW + HALF_AN_HOUR
    event = Event.objects.get(action="view.begun")
    assert (event.actor_name, event.after["person"]) == ("Karl", "sonja@example.org")
    assert [sent.to for sent in mail.outbox] == [["sonja@example.org"]]
    assert "Karl" in mail.outbox[0].subject


@pytest.mark.parametrize("name", ["sonja", "max", "nora", "fremd", "ernst"])
def test_only_whoever_administers_people_looks(world: World, name: str) -> None:
    with pytest.raises((Refused, NotThere)):
        viewing.begin(by(getattr(world, name)), world.ours.school, world.max)


def test_nobody_is_looked_at_who_holds_nothing_there(world: World) -> None:
    for someone in (world.fremd, world.ernst, world.nora):
        with pytest.raises(Conflict):
            viewing.begin(by(world.rita), world.ours.reseller, someone)
    with pytest.raises(Conflict):
        viewing.begin(by(world.rita), world.ours.school, world.karl)  # he holds it on a level above
    with pytest.raises(Conflict):
        viewing.begin(by(world.karl), world.ours.customer, world.karl)


def test_nobody_gains_by_looking(world: World) -> None:
    """Whoever administers people and nothing else looks at nobody who may do more."""
    let_in(world.ours.customer, world.fremd, Terms(rights=("people",), relation=Relation.STAFF), world.karl)
    with pytest.raises(Refused):
        viewing.begin(by(world.fremd), world.ours.school, world.max)  # he reads the journal
    let_in(world.ours.school, world.nora, Terms(rights=("look",)), world.karl)
    assert viewing.begin(by(world.fremd), world.ours.school, world.nora).ended_at is None


def test_a_view_ends_with_the_rights_of_either(world: World) -> None:
    found = viewing.begin(by(world.karl), world.ours.school, world.max)
    assert seeing.acting_through(found, NOW) is not None
    let_in(
        world.ours.school, world.max, Terms(role="owner"), world.rita
    )  # Karl owns the level above: still no more
    assert seeing.acting_through(found, NOW) is not None
    for view in queries.grants_on(by(world.rita), world.ours.customer):
        row = queries.grant_of_key(by(world.rita), world.ours.customer, view.key)
        assert row is not None
        granting.revoke(by(world.rita), row)
    assert seeing.acting_through(found, NOW) is None


# --- What one sees ---------------------------------------------------------------------------------------------------


def test_only_that_level_and_below_is_seen(world: World) -> None:
    let_in(world.theirs.depot, world.sonja, Terms(role="viewer"), world.nora)
    seen = seeing.through(world.sonja, world.ours.school, NOW)

    assert seen.may(LOOK, world.ours.school.place)
    assert not seen.may(LOOK, world.theirs.depot.place)
    assert [node.name for node in queries.entrances(seen)] == ["Schulhaus Muster"]


def test_nothing_of_a_persons_own_is_seen(world: World) -> None:
    granting.invite(by(world.rita), world.ours.depot, world.sonja.email, Terms(role="viewer"))
    issue_token(by(world.sonja), "Skript", NOW + timedelta(days=3))
    seen = seeing.through(world.sonja, world.ours.school, NOW)

    assert (queries.grants_of(seen), queries.invitations_for(seen)) == ([], [])
    assert (profiles_of(seen), tokens_of(seen)) == ([], [])


def test_no_operation_is_carried_out(world: World) -> None:
    """The inner net: even if a page let something through."""
    seen = seeing.through(world.karl, world.ours.customer, NOW)
    before = Event.objects.count()
    for change in (
        lambda: operations.rename(seen, world.ours.school, "Anders"),
        lambda: granting.invite(seen, world.ours.school, "x@example.org", Terms(role="viewer")),
        lambda: sites.issue_claim_code(seen, world.ours.school),
        lambda: issue_token(seen, "Skript", NOW + timedelta(days=3)),
        lambda: viewing.begin(seen, world.ours.school, world.max),
    ):
        with pytest.raises(FurkaError) as caught:
            change()
        assert caught.value.code == "looks-only"
    assert Event.objects.count() == before


def test_sealed_texts_stay_sealed() -> None:
    sealed = vault.seal("geheim")
    with vault.kept_sealed():
        assert vault.unseal(sealed) == vault.MASK
    assert vault.unseal(sealed) == "geheim"


# --- In the browser's session ----------------------------------------------------------------------------------------


def test_pages_are_those_of_the_person_with_a_banner_and_a_way_out(world: World, client: Client) -> None:
    look_as(client, world, world.karl, world.max)
    text = text_of(get(client, f"/levels/{world.ours.school.key}/"))

    assert "You see Schulhaus Muster as Max does." in text
    assert "Nothing can be changed." in text
    assert get(client, f"/levels/{world.ours.school.key}/people/").status_code == 403  # Max may not
    assert get(client, f"/levels/{world.ours.customer.key}/").status_code == 404

    answer = client.post("/viewing/end/")
    assert answer.headers["Location"] == f"/levels/{world.ours.school.key}/access/people/{world.max.key}/"
    assert get(client, f"/levels/{world.ours.school.key}/people/").status_code == 200
    assert Event.objects.get(action="view.ended").after["person"] == "max@example.org"


def test_every_unsafe_method_is_refused(world: World, client: Client) -> None:
    look_as(client, world, world.rita, world.karl, world.ours.customer)
    before = Event.objects.count()
    school = f"/levels/{world.ours.school.key}/"
    for address in (
        f"{school}settings/",
        f"{school}people/invite/",
        "/language/",
        "/account/logout/",
        "/welcome/",
    ):
        for method in ("post", "put", "patch", "delete"):
            assert getattr(client, method)(address, {"name": "Anders"}).status_code == 403, (address, method)
    assert Event.objects.count() == before


def test_own_pages_and_the_api_are_closed(world: World, client: Client) -> None:
    look_as(client, world, world.karl, world.max)
    for address in (
        "/account/email/",
        "/account/tokens/",
        "/access/",
        "/access/granted/",
        "/welcome/",
        "/live/me/",
    ):
        answer = get(client, address)
        assert answer.status_code in (403, 404), address
    for address in ("/api/v1/me", f"/api/v1/levels/{world.ours.school.key}"):
        answer = get(client, address)
        assert (answer.status_code, answer.json()["code"]) == (403, "looks-only")


def test_no_secret_is_shown(world: World, client: Client) -> None:
    """Karl owns the level: as himself Rita sees the claim code and the link of the invitation."""
    sites.release_gateway(by(world.karl), world.ours.school)
    code = sites.issue_claim_code(by(world.karl), world.ours.school)
    grant = granting.invite(by(world.karl), world.ours.school, "neu@example.org", Terms(role="viewer"))
    secret = queries.invitation_secret(grant.series)
    assert secret is not None
    addresses = [
        f"/levels/{world.ours.school.key}/{rest}"
        for rest in ("", "people/", f"people/{grant.series}/", "settings/", "services/", "access/")
    ]
    client.force_login(world.rita)
    assert any(secret in get(client, address).content.decode() for address in addresses)

    look_as(client, world, world.rita, world.karl, world.ours.customer)

    for address in addresses:
        answer = get(client, address)
        assert answer.status_code == 200, address
        assert secret not in answer.content.decode()
        assert code not in answer.content.decode()


def test_a_view_ends_by_itself(world: World, client: Client, fake_clock: FakeClock) -> None:
    look_as(client, world, world.karl, world.max)
    fake_clock.advance(HALF_AN_HOUR)
    refused = client.post(
        f"/levels/{world.ours.school.key}/settings/", {"part": "name", "name": "Anders"}
    )  # meant as Max, who could not
    assert refused.status_code == 403
    assert IN_SESSION not in client.session
    assert "as Max does" not in text_of(get(client, f"/levels/{world.ours.school.key}/people/"))
    assert viewing.end_expired(program("worker", clock.now())) == 1
    assert viewing.end_expired(program("worker", clock.now())) == 0
    assert Event.objects.get(action="view.ended").at == NOW + HALF_AN_HOUR
    assert Node.objects.everything("a test").get(pk=world.ours.school.pk).name == "Schulhaus Muster"


def test_live_streams_obey_the_view(world: World, client: Client, rf: Any) -> None:
    found = look_as(client, world, world.karl, world.max)
    request = rf.get("/")
    request.looking = found
    acting = acting_now(request, world.karl, NOW)
    assert acting is not None
    assert (acting.looks_only, acting.may(PEOPLE, world.ours.school.place)) == (True, False)
    viewing.end(by(world.karl), found.key)
    assert acting_now(request, world.karl, NOW) is None


def test_the_key_of_a_view_works_for_its_viewer_alone(world: World, client: Client) -> None:
    found = look_as(client, world, world.karl, world.max)
    assert seeing.live(world.rita, found.key, NOW) is None
    viewing.end(by(world.rita), found.key)
    assert seeing.live(world.karl, found.key, NOW) is not None


def test_tokens_never_look(world: World) -> None:
    acting = by(world.karl)
    acting.via = "token abc"
    with pytest.raises(Refused):
        viewing.begin(acting, world.ours.school, world.max)


def test_button_is_there_for_others_and_now(world: World, client: Client) -> None:
    client.force_login(world.karl)
    school = f"/levels/{world.ours.school.key}/access/people/"
    assert "View as this person" in text_of(get(client, f"{school}{world.max.key}/"))
    assert "View as this person" not in text_of(get(client, f"{school}{world.karl.key}/"))
    assert "View as this person" not in text_of(get(client, f"{school}{world.max.key}/?at=2026-11-24T12:00"))
    assert client.post(f"{school}{person('X').key}/view/").status_code == 404
