"""A stolen copy of the database opens no session of anybody."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from furka.people.operations import make_person
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db


def log_in(client: Client) -> str:
    make_person("frieda@example.org", "Frieda", PASSWORD)
    client.post("/account/login/", {"login": "frieda@example.org", "password": PASSWORD})
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def is_logged_in(cookie: str) -> bool:
    other = Client()
    other.cookies[settings.SESSION_COOKIE_NAME] = cookie
    return other.get("/account/email/").status_code == 200


def test_cookie_of_a_login_opens_its_session(client: Client) -> None:
    assert is_logged_in(log_in(client))


def test_what_the_database_keeps_of_a_session_opens_nothing(client: Client) -> None:
    cookie = log_in(client)
    client.get("/")
    stored = {*Session.objects.values_list("session_key", flat=True)}
    stored |= {*UserSession.objects.values_list("session_key", flat=True)}

    opened = [key for key in stored if is_logged_in(key) or is_logged_in(f"{key}:") or key == cookie]

    assert (len(stored), opened) == (1, [])


def test_cookie_keeps_what_protects_it(client: Client) -> None:
    log_in(client)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]

    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


def test_ending_the_other_sessions_still_ends_them(client: Client, world: World) -> None:
    cookie = log_in(client)
    client.get("/")
    other = Client()
    other.post("/account/login/", {"login": "frieda@example.org", "password": PASSWORD})
    other.get("/")

    other.post("/account/sessions/")

    assert (is_logged_in(cookie), other.get("/account/email/").status_code) == (False, 200)
