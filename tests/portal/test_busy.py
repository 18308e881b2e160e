"""While somebody writes something long, others read on; whoever wants to write is told to come again, in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client

from furka.clock import FakeClock
from furka.tree.models import Node
from tests.api.caller import a_token
from tests.portal.pages import page, url
from tests.world import a_world

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def somebody_writes() -> Iterator[None]:
    """Somebody else has the embedded database to themselves, for longer than one waits."""
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    connection.cursor().execute("PRAGMA busy_timeout = 0")
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()
        connection.close()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the other database lets everybody wait")
def test_writing_is_answered_in_words_and_reading_goes_on(client: Client, fake_clock: FakeClock) -> None:
    world = a_world()
    programs = Client(headers={"Authorization": f"Bearer {a_token(world.rita)}"})
    page(client, world.rita, url(world.ours.reseller))
    programs.get("/api/v1/me")
    new = {"name": "Turnhalle", "time_zone": "Europe/Zurich"}

    with somebody_writes():
        answer = client.post(url(world.ours.customer, "sites/new/"), {**new, "once": "a"})
        told = programs.post(f"/api/v1/levels/{world.ours.customer.key}/sites", new, "application/json")
        read = client.get(url(world.ours.reseller, "sites/"))

    assert (answer.status_code, answer["Retry-After"]) == (503, "20")
    assert "Von Ihnen wurde nichts geändert." in answer.content.decode()
    assert (told.status_code, told.json()["code"]) == (503, "busy")
    assert read.status_code == 200
    assert not Node.objects.everything("a test").filter(name="Turnhalle").exists()
