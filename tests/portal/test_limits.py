"""Was andere hier dürfen, and access on request: the pages of owners and of those whom they limit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import ceilings, requests
from furka.tree.ceilings import CeilingTerms
from furka.tree.requests import AccessRequest
from tests.portal.pages import page, text_of, url
from tests.world import World, by

pytestmark = pytest.mark.django_db
CONNECT = USE_REMOTE_ACCESS.key


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def post(client: Client, someone: Person, address: str, **data: Any) -> Any:
    client.force_login(someone)
    return client.post(address, data, headers={"accept-language": "en"})


def wants_to_be_asked(world: World, *, emergency: bool = False) -> None:
    terms = CeilingTerms(approval=(CONNECT,), emergency=emergency)
    ceilings.set_ceiling(by(world.karl), world.ours.school, terms)


def asked(world: World, client: Client) -> AccessRequest:
    wish = {"rights": [CONNECT], "minutes": "60", "reason": "Störung"}
    answer = post(client, world.sonja, url(world.ours.school, "request/"), **wish)
    assert answer.headers["Location"] == "/access/requests/"
    [row] = requests.own_requests(by(world.sonja))
    return row


def test_owner_previews_and_sets_limits(world: World, client: Client) -> None:
    address = url(world.ours.school, "limits/")
    form = {"bound": "some", "rights": ["journal"], "hours": ""}
    preview = text_of(post(client, world.karl, address, **form, preview="yes"))
    assert "This limits 2 people now:" in preview  # Rita of the reseller, and Sonja
    assert ("Rita" in preview, "Sonja" in preview) == (True, True)
    assert ceilings.ceiling_of(by(world.karl), world.ours.school) is None

    assert post(client, world.karl, address, **form).status_code == 302

    row = ceilings.ceiling_of(by(world.karl), world.ours.school)
    assert row is not None
    assert row.rights == ["journal", "look"]
    told = text_of(page(client, world.sonja, url(world.ours.school)))
    assert "The owner of Schulhaus Muster limits what others may do:" in told


def test_whoever_would_lock_themselves_out_is_told_and_keeps_the_form(world: World, client: Client) -> None:
    refused = post(
        client, world.karl, url(world.ours.customer, "limits/"), two_factor="on", bound="", hours=""
    )
    text = text_of(refused)
    assert refused.status_code == 422
    assert "You would lock yourself out." in text
    assert ("Save" in text, "Nothing limits you here." in text) == (True, False)


def test_wrong_limits_are_said_beside_the_field(world: World, client: Client) -> None:
    answer = post(client, world.karl, url(world.ours.school, "limits/"), hours="weekly", emergency="on")
    assert (answer.status_code, "Choose at least one hour" in text_of(answer)) == (422, True)


def test_others_read_limits_and_set_none(world: World, client: Client) -> None:
    wants_to_be_asked(world)
    address = url(world.ours.school, "limits/")
    assert "Only with a yes to each time" in text_of(page(client, world.sonja, address))
    assert post(client, world.rita, address, two_factor="on").status_code == 302
    row = ceilings.ceiling_of(by(world.karl), world.ours.school)
    assert row is not None
    assert not row.two_factor


def test_asked_approved_shorter_begun_and_given_back(world: World, client: Client) -> None:
    wants_to_be_asked(world)
    assert "Request access" in text_of(page(client, world.sonja, url(world.ours.school)))
    row = asked(world, client)
    waiting = url(world.ours.school, f"people/requests/{row.key}/")
    assert "Sonja asks for access" in text_of(page(client, world.karl, waiting))
    assert "Access requested" in text_of(page(client, world.karl, url(world.ours.customer)))
    assert "Sonja" in text_of(page(client, world.karl, url(world.ours.customer, "requests/")))

    long = post(client, world.karl, waiting, minutes="90")
    assert (long.status_code, "At most as long as was asked for." in text_of(long)) == (422, True)
    post(client, world.karl, waiting, minutes="30", answer="gut")
    own = text_of(page(client, world.sonja, "/access/requests/"))
    assert ("Begin now" in own, "gut" in own) == (True, True)
    assert not by(world.sonja).may(USE_REMOTE_ACCESS, world.ours.school.place)
    post(client, world.sonja, f"/access/requests/{row.key}/act/", act="begin")
    assert by(world.sonja).may(USE_REMOTE_ACCESS, world.ours.school.place)
    running = text_of(page(client, world.sonja, "/access/requests/"))
    assert ("running" in running, "30 min left" in running) == (True, True)
    post(client, world.sonja, f"/access/requests/{row.key}/act/", act="end")
    assert not by(world.sonja).may(USE_REMOTE_ACCESS, world.ours.school.place)


def test_declined_with_words(world: World, client: Client) -> None:
    wants_to_be_asked(world)
    row = asked(world, client)
    post(
        client,
        world.karl,
        url(world.ours.school, f"people/requests/{row.key}/"),
        decline="yes",
        answer="nein",
    )
    assert "nein" in text_of(page(client, world.sonja, "/access/requests/"))


def test_emergency_is_warned_of_and_justified_afterwards(
    world: World, client: Client, fake_clock: FakeClock
) -> None:
    wants_to_be_asked(world, emergency=True)
    address = url(world.ours.school, "request/")
    assert "Emergency: enter now" in text_of(page(client, world.sonja, address))
    wish = {"rights": [CONNECT], "minutes": "60", "reason": "Rohrbruch", "emergency": "yes"}
    post(client, world.sonja, address, **wish)
    assert by(world.sonja).may(USE_REMOTE_ACCESS, world.ours.school.place)
    [row] = requests.own_requests(by(world.sonja))
    assert "Justify" in text_of(page(client, world.sonja, "/access/requests/"))
    post(client, world.sonja, f"/access/requests/{row.key}/", justification="Wasser im Keller")
    fake_clock.advance(timedelta(minutes=1))
    assert "Wasser im Keller" in text_of(page(client, world.karl, url(world.ours.school, "requests/")))


def test_nobody_gets_at_the_requests_of_others(world: World, client: Client) -> None:
    wants_to_be_asked(world)
    row = asked(world, client)
    assert page(client, world.max, f"/access/requests/{row.key}/").status_code == 404
    assert post(client, world.max, f"/access/requests/{row.key}/act/", act="withdraw").status_code == 404
    assert page(client, world.max, url(world.ours.school, "requests/")).status_code == 403
    refused = post(client, world.rita, url(world.ours.school, f"people/requests/{row.key}/"))
    assert refused.status_code == 403  # the owner's own people answer
