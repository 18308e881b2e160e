"""What every test may ask for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.core.cache import cache
from django.db import connections
from django.test.utils import setup_databases, teardown_databases
from django.utils import translation
from hypothesis import HealthCheck, settings
from pytest_django import Settings

from furka import clock
from furka.clock import FakeClock
from tests.installed import begun_with_tables
from tests.kept import built_once
from tests.sessions import sign_cookies_of_test_clients
from tests.undoing import undone
from tests.world import NOW, World, a_world

sign_cookies_of_test_clients()

# How long a random case takes says more of the machine than of the code; laws have profiles of their own.
settings.register_profile("rooms", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rooms")

#: A browser that keeps to itself: no look-ups, no updates.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


#: Whoever asks for one of these has to do with the database.
OF_THE_DATABASE = {"db", "transactional_db", "database", "django_db_setup", "live_server"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what has to do with the database: only that can end differently on another one."""
    for item in items:
        asked = getattr(item, "fixturenames", ())
        if item.get_closest_marker("django_db") or not OF_THE_DATABASE.isdisjoint(asked):
            item.add_marker(pytest.mark.rows)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The browser of this machine, if it has one; else the one that was fetched."""
    installed = shutil.which("chromium") or shutil.which("google-chrome")
    return {**browser_type_launch_args, "args": list(QUIET)} | (
        {"executable_path": installed} if installed else {}
    )


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings, tmp_path: Path) -> None:
    """Pages in tests name their static files plainly: nothing has to be collected first."""
    plain: dict[str, Any] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def nobody_has_chosen_a_language() -> Iterator[None]:
    """The last request of a test leaves its language behind: the next test begins with the texts as in the code."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def nobody_has_guessed(request: pytest.FixtureRequest) -> None:
    """Counts of wrong attempts are no model's rows: what a test with real commits counted would meet the next one."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("_django_db_helper")
        cache.clear()


@pytest.fixture
def fake_clock() -> Iterator[FakeClock]:
    """The portal's time stands still at NOW and moves when it is told to."""
    standing = FakeClock(NOW)
    with clock.using(standing):
        yield standing


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: pytest_django.DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """A database for the tests; also if only tests that ask for `world` were chosen."""
    with django_db_blocker.unblock(), begun_with_tables():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default": "default"})
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[None]:
    """A database for the tests of one module together; whatever they do to it is undone at the end."""
    with django_db_blocker.unblock(), undone():
        yield


@pytest.fixture(scope="module")
def _built(database: None) -> World:
    return built_once(a_world)


@pytest.fixture
def world(_built: World) -> Iterator[World]:
    """The cast and both trees at NOW; built once, and whatever a test does to them is undone."""
    with undone():
        yield deepcopy(_built)
