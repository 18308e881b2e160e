"""The migrations say what the models say."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command


def test_migrations_are_complete(database: None) -> None:
    told = StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", "--verbosity=2", stdout=told, stderr=told)
    except SystemExit:
        pytest.fail(told.getvalue())
