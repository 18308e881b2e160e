"""A login in the portal ends, by logging out, from another device or by time: so do the pages opened with it."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete

from furka import clock
from furka.devicepages.models import OpenPage
from furka.devicepages.operations import end_with_login
from furka.tree.operation import program
from furka.vault import fingerprints

_REASON = "whether a login has pages open"


def _ended(instance: Session, **_kwargs: Any) -> None:
    logins = fingerprints(instance.session_key)
    if OpenPage.objects.everything(_REASON).filter(login_hash__in=logins, ended_at=None).exists():
        end_with_login(program("portal", clock.now()), instance.session_key)


def follow() -> None:
    """Listen to sessions that go; once, at the start."""
    post_delete.connect(_ended, sender=Session, dispatch_uid="furka.devicepages.with_login")
