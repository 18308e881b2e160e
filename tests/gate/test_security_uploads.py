"""Whoever sends too much is stopped before it is kept."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from furka.gate import uploads
from furka.inventory.models import ImportRun
from tests.world import World


@pytest.mark.parametrize(("size", "kept"), [(900, 1), (5000, 0)])
def test_file_that_is_too_large_is_as_if_none_was_sent(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, size: int, kept: int
) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    client.force_login(world.rita)
    file = SimpleUploadedFile("liste.csv", b"Anlage;Kunde\n" + b"x" * size)

    answer = client.post(f"/levels/{world.ours.reseller.key}/import/", {"file": file})

    assert answer.status_code == (302 if kept else 422)
    assert ImportRun.objects.everything("a test").count() == kept
