"""A mail that can not be sent at all holds up no other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from furka.outbox.deliver import claim, deliver
from furka.outbox.models import Mail
from furka.vault import seal
from tests.world import NOW

pytestmark = pytest.mark.django_db


def a_mail(recipient: str, sealed_text: str) -> Mail:
    return Mail.objects.create(
        recipient=recipient, subject="Einladung", sealed_text=sealed_text, created_at=NOW, due_at=NOW
    )


@pytest.fixture(autouse=True)
def _no_server(settings: Settings) -> None:
    settings.MAIL_URL = "smtp://127.0.0.1:9"  # nobody listens there (RFC 863)


@pytest.mark.parametrize("recipient", ['"a\x0bb"@example.org', '"a\x1cb"@example.org', "a@b\u2028.ch"])
def test_an_address_that_no_mail_can_carry_is_a_failure_like_others(recipient: str) -> None:
    mail = a_mail(recipient, seal("Text"))
    claimed = claim(NOW)
    assert claimed is not None

    assert not deliver(claimed, NOW)
    mail.refresh_from_db()
    assert (mail.lease_until, mail.due_at > NOW + timedelta(minutes=1), mail.last_error) == (
        None,
        True,
        "ValueError",
    )


def test_a_text_that_was_sealed_with_a_lost_key_is_a_failure_like_others() -> None:
    a_mail("karl@example.org", "sealed elsewhere")
    claimed = claim(NOW)
    assert claimed is not None

    assert not deliver(claimed, NOW)
