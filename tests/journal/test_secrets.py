"""No secret stands in the clear: not in the journal, not in any table, not in mails at rest, not in the logs."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.test import Client

from furka.clock import FakeClock
from furka.dispatch import hubs
from furka.gate.tokens import issue_token
from furka.journal.models import Event
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.outbox.deliver import claim, deliver
from furka.outbox.models import Mail
from furka.services.connect.operations import PRIVATE_KEY_PLACE, configuration, create_profile
from furka.sites import operations as sites
from furka.tree import granting, operations, queries
from furka.tree.granting import Terms
from furka.tree.operation import program
from furka.wire import PREFIX
from tests.outbox.sink import listening
from tests.world import NOW, PASSWORD, World, a_profile, by, person

pytestmark = pytest.mark.usefixtures("fake_clock")


@dataclass
class Secrets:
    """What was handed out, by what it is; and keys, which are no secrets but have no business in the journal."""

    known: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def keep(self, what: str, secret: str) -> str:
        self.known[what] = secret
        return secret

    def found_in(self, text: str) -> list[str]:
        return [what for what, secret in self.known.items() if secret in text]


@pytest.fixture
def outbox(settings: Any, tmp_path: Any) -> Iterator[None]:
    with listening() as sink:
        settings.EMAIL_BACKEND = "furka.outbox.backend.OutboxBackend"
        settings.MAIL_URL = sink.url
        settings.STATIC_ROOT = str(tmp_path)
        yield


def call(path: str, token: str, body: object = None) -> int:
    """A program speaks with the portal."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if body is None:
        return Client().get(PREFIX + path, headers=headers).status_code
    text = json.dumps(body)
    return Client().post(PREFIX + path, text, content_type="application/json", headers=headers).status_code


def live_a_day(world: World) -> Secrets:
    """Everything that hands out a secret, and what is done with it, the right and the wrong way."""
    secrets = Secrets()
    rita, site = by(world.rita), operations.create_site(by(world.rita), world.ours.customer, "Turnhalle")

    secrets.keep("password", PASSWORD)
    guest = person("Gast", "gast@example.org", PASSWORD)
    for offered in ("accepted", "declined", "open", "sent again"):
        grant = granting.invite(
            rita, site, f"{offered.replace(' ', '')}@example.org", Terms(role="supporter")
        )
        secret = queries.invitation_secret(grant.series)
        assert secret is not None
        secrets.keep(f"invitation {offered}", secret)
        if offered == "sent again":
            granting.resend(rita, grant)
    accepting = person("Accepted", "accepted@example.org")
    granting.accept(by(accepting), secrets.known["invitation accepted"])
    granting.decline(by(person("Declined", "declined@example.org")), secrets.known["invitation declined"])

    used = sites.issue_claim_code(rita, site)
    private = secrets.keep("key of the gateway", generate_private_key())
    secrets.keys["gateway"] = public_key_of(private)
    claimed = sites.claim_gateway(program("gateway", NOW), used, secrets.keys["gateway"], "box", "1")
    secrets.keep("token of the gateway", claimed.token)
    again = sites.claim_gateway(program("gateway", NOW), used, secrets.keys["gateway"], "box", "1")
    secrets.keep("newer token of the gateway", again.token)
    secrets.keep("used code", used)
    secrets.keep("used code as it is kept", used.replace("-", ""))
    unused = sites.issue_claim_code(rita, operations.create_site(rita, world.ours.customer, "Hort"))
    secrets.keep("unused code", unused)
    secrets.keep("unused code as it is kept", unused.replace("-", ""))

    private = secrets.keep("key of a device", generate_private_key())
    secrets.keys["device"] = public_key_of(private)
    create_profile(by(guest), "Telefon", secrets.keys["device"])
    secrets.keep("API token", issue_token(rita, "Leitsystem", NOW + timedelta(days=9)).secret)
    secrets.keep("token of the hub", hubs.enrol(program("test", NOW), world.hub.name).token)

    cache.clear()
    hello = {
        "version": "1",
        "public_key": world.hub.public_key,
        "endpoint": "a.example.org:1",
        "back_end": "kernel",
    }
    report = {"applied_revision": 1, "trouble": "no route"}
    wrong = {"code": used, "public_key": secrets.keys["device"], "version": "1"}
    assert call("/hub/hello", secrets.known["token of the hub"], hello) == 200
    assert call("/hub/report", secrets.known["token of the hub"], report) == 200
    assert call("/hub/plan", secrets.known["token of the hub"]) == 200
    assert call("/gateway/settings", again.token) == 200
    assert call("/gateway/settings", claimed.token) == 401
    assert call("/hub/hello", claimed.token, hello) == 401
    assert call("/gateway/claim", "", wrong) == 409
    operations.rename(rita, site, "Halle")
    sites.release_gateway(rita, site)
    return secrets


def test_no_secret_stands_in_the_clear(world: World, outbox: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = live_a_day(world)
    at_rest = [mail.sealed_text for mail in Mail.objects.all()]
    [first, second, *_] = [claim(NOW), claim(NOW)]
    assert first is not None
    assert second is not None
    assert deliver(first, NOW)

    assert len(at_rest) == 7
    assert secrets.found_in("\n".join(at_rest)) == []
    assert secrets.found_in(caplog.text) == []
    for model in apps.get_models():
        for row in model._base_manager.values():
            text = json.dumps(row, default=str, ensure_ascii=False)
            assert secrets.found_in(text) == [], model.__name__
            if model is Event:
                assert [what for what, key in secrets.keys.items() if key in text] == []
    assert len(secrets.known) >= 14


def test_mails_hold_no_link_any_more_once_they_are_sent(
    world: World, outbox: None, fake_clock: FakeClock
) -> None:
    granting.invite(by(world.rita), world.ours.school, "neu@example.org", Terms(role="viewer"))
    mail = claim(NOW)
    assert mail is not None
    assert mail.sealed_text != ""

    deliver(mail, NOW)

    assert [row.sealed_text for row in Mail.objects.all()] == [""]


def test_profile_of_somebody_says_nothing_of_the_private_key(world: World) -> None:
    """It is made on the device; what the portal keeps and hands out has a place for it, not the key."""
    text = configuration(a_profile(world.fremd))

    assert f"PrivateKey = {PRIVATE_KEY_PLACE}" in text.splitlines()
