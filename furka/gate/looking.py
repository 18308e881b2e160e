"""Whoever looks through somebody's eyes only looks: unsafe methods, own pages and sealed secrets are closed to them.

This is the outer net; the inner one is in `furka.tree.operation`, which carries out nothing for who looks only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from furka import clock
from furka.gate.declare import Entrance, entrance_of
from furka.people.models import Person
from furka.tree import holdings
from furka.tree.acting import Acting
from furka.vault import kept_sealed
from furka.viewing import seeing
from furka.viewing.models import Viewing

#: Under which name a session keeps the key of its view.
IN_SESSION = "viewing"

_SAFE = ("GET", "HEAD", "OPTIONS")


class LooksOnly:
    """The middleware that settles whether a session looks through somebody's eyes, and keeps it from more."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self.get_response):
            return self._answer(request)
        _settle(request)
        with kept_sealed(looking(request) is not None):
            return self.get_response(request)

    async def _answer(self, request: HttpRequest) -> Any:
        await sync_to_async(_settle)(request)
        with kept_sealed(looking(request) is not None):
            return await self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: Any, kwargs: Any) -> None:
        declared = entrance_of(request)
        if declared is None or declared.entrance in (Entrance.MACHINE, Entrance.API):
            return  # programs have their own proof; the API refuses sessions that look
        unsafe = request.method not in _SAFE
        if getattr(request, "view_is_over", False) and unsafe:
            # What was sent was meant as somebody else, who could not have done it.
            raise PermissionDenied(_("The view through somebody else's eyes is over. Nothing was changed."))
        if looking(request) is None or declared.looks:
            return
        if unsafe:
            raise PermissionDenied(
                _("You look through somebody else's eyes. You can look at everything and change nothing.")
            )
        if declared.entrance is Entrance.OWN:
            raise PermissionDenied(
                _("What belongs to a person alone is not shown to who looks through their eyes.")
            )


def looking(request: HttpRequest) -> Viewing | None:
    """The view that a request is part of."""
    found = getattr(request, "looking", None)
    return found if isinstance(found, Viewing) else None


def acting_now(request: HttpRequest, person: Person, at: datetime) -> Acting | None:
    """Who acts in a request that lasts, at a later moment of it; None if its view is over."""
    viewing = looking(request)
    if viewing is None:
        return holdings.of_person(person, at, "page")
    still = seeing.live(person, viewing.key, at)
    return seeing.acting_through(still, at) if still is not None else None


def _settle(request: HttpRequest) -> None:
    key = request.session.get(IN_SESSION)
    if not key or not isinstance(request.user, Person):
        return
    at = clock.now()
    viewing = seeing.live(request.user, str(key), at)
    acting = seeing.acting_through(viewing, at) if viewing is not None else None
    if acting is None:
        del request.session[IN_SESSION]
        request.view_is_over = True  # type: ignore[attr-defined]
        return
    request.looking, request.by = viewing, acting  # type: ignore[attr-defined]
