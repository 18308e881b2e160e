"""Notes now and then that a session is in use, so that people see which of their devices are logged in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from allauth.usersessions.models import UserSession
from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.utils import timezone

from furka import clock

#: Not with every request: that would be a write for every page that is looked at.
NOTE_EVERY = 300.0  # seconds
MOST_REMEMBERED = 10_000


class SessionsInUse:
    """Remembers in this process when each session was last noted."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._noted: dict[str, float] = {}
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self.get_response):
            return self._answer(request)
        self._note(request)
        return self.get_response(request)

    async def _answer(self, request: HttpRequest) -> Any:
        await sync_to_async(self._note)(request)
        return await self.get_response(request)

    def _note(self, request: HttpRequest) -> None:
        key = request.session.session_key
        at = clock.monotonic()
        if not key or at - self._noted.get(key, at - 2 * NOTE_EVERY) < NOTE_EVERY:
            return
        if request.user.is_authenticated:
            if len(self._noted) >= MOST_REMEMBERED:
                self._noted.clear()
            UserSession.objects.create_from_request(request)
            self._noted[key] = at


class OwnClock:
    """Shows times that belong to no site on the clock of whoever looks at the page."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self.get_response):
            return self._answer(request)
        self._set(request)
        return self.get_response(request)

    async def _answer(self, request: HttpRequest) -> Any:
        await sync_to_async(self._set)(request)
        return await self.get_response(request)

    def _set(self, request: HttpRequest) -> None:
        if not request.user.is_authenticated:
            timezone.deactivate()
            return
        try:
            timezone.activate(ZoneInfo(request.user.time_zone))
        except (KeyError, ValueError, OSError):  # a zone that this machine no longer knows
            timezone.deactivate()
