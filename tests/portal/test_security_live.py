"""A stream of news does not outlive the password with which it was opened."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from furka.portal.live import _is_there
from tests.world import World

pytestmark = pytest.mark.django_db


def test_stream_of_an_old_session_is_over_when_the_password_is_another(world: World, client: Client) -> None:
    client.force_login(world.karl)
    request: Any = client.get("/live/me/").wsgi_request
    assert _is_there(request)

    world.karl.set_password("Ein-neues-langes-Wort-88")  # on another device; the session's row stays
    world.karl.save()

    assert not _is_there(request)
