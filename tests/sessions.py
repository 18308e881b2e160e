"""Django's test client reads and writes the cookie of a session itself: here it does so as our middleware does."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from furka.gate.middleware import cookie_of_session, session_of_cookie


def _session(client: Client) -> SessionStore:
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    if cookie is not None:
        return SessionStore(session_of_cookie(cookie.value))
    fresh = SessionStore()
    fresh.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie_of_session(str(fresh.session_key))
    return fresh


def sign_cookies_of_test_clients() -> None:
    """From now on."""
    mixin: Any = Client.__mro__[1]
    plain = mixin._set_login_cookies

    def signed(client: Client, request: Any) -> None:
        plain(client, request)
        client.cookies[settings.SESSION_COOKIE_NAME] = cookie_of_session(request.session.session_key)

    mixin.session = property(_session)
    mixin._set_login_cookies = signed
