"""Logins whose password everybody can read exist on this machine's own address only."""

from __future__ import annotations

import click
import pytest
from pytest_django import Settings

from furka.cli.sample import fill
from furka.people.models import Person

pytestmark = pytest.mark.django_db


def test_sample_is_refused_where_others_can_log_in(settings: Settings) -> None:
    settings.PORTAL_URL = "https://portal.example.org"

    with pytest.raises(click.ClickException, match="password"):
        fill()

    assert not Person.objects.exists()
