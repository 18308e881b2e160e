"""Whose address counts when a proxy stands in front."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from furka.gate.middleware import BehindProxy


def caller_of(settings: Any, *, behind_proxy: bool, noted: str) -> str:
    """The address that the views see."""
    settings.BEHIND_PROXY = behind_proxy
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.META["REMOTE_ADDR"])
        return HttpResponse()

    BehindProxy(view)(RequestFactory().get("/", REMOTE_ADDR="198.51.100.7", HTTP_X_FORWARDED_FOR=noted))
    return seen[0]


@pytest.mark.parametrize("noted", ["203.0.113.9", "192.0.2.1, 203.0.113.9"])
def test_only_what_the_own_proxy_noted_last_counts(settings: Any, noted: str) -> None:
    assert caller_of(settings, behind_proxy=True, noted=noted) == "203.0.113.9"


def test_without_a_trusted_proxy_nobody_chooses_their_own_address(settings: Any) -> None:
    assert caller_of(settings, behind_proxy=False, noted="203.0.113.9") == "198.51.100.7"
