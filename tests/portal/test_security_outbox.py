"""The page with all mails answers to this machine alone, whatever name is asked for."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("caller", "status"),
    [("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 404), ("::ffff:192.0.2.7", 404), ("", 404)],
)
def test_the_mails_are_shown_to_callers_on_this_machine_only(
    client: Client, settings: Settings, caller: str, status: int
) -> None:
    settings.OUTBOX_PAGE = True

    # The name in the request is what the caller likes it to be.
    assert client.get("/outbox/", REMOTE_ADDR=caller, headers={"host": "127.0.0.1"}).status_code == status


@pytest.mark.parametrize("host", ["furka.example.org", "203.0.113.2"])
def test_the_mails_are_not_shown_under_a_name_that_others_may_ask_for(
    client: Client, settings: Settings, host: str
) -> None:
    settings.OUTBOX_PAGE = True
    settings.ALLOWED_HOSTS = ["127.0.0.1", host]

    # A proxy on the same machine calls from 127.0.0.1.
    assert client.get("/outbox/", headers={"host": host}).status_code == 404
