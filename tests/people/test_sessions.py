"""Which devices somebody is logged in with."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from tests.world import person

pytestmark = pytest.mark.django_db


def test_a_session_in_use_is_noted_once_and_not_with_every_page(client: Client) -> None:
    client.force_login(person("Petra"))
    client.get("/welcome/")
    [noted] = UserSession.objects.all()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(UserSession.objects.__class__, "create_from_request", _must_not_be_called)
        client.get("/welcome/")

    assert list(UserSession.objects.all()) == [noted]


def _must_not_be_called(*_: object) -> None:
    raise AssertionError("noted again")
