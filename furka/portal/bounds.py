"""Who is logged in but may not go everywhere: somebody whose account is closed, and visitors of sample worlds."""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from furka.gate.declare import Entrance, entrance_of

#: All that somebody with a closed account can open, beyond what everybody can.
_WHILE_CLOSED = {"account-closed", "account-reopen", "account_logout"}


def _is_of_an_account(path: str) -> bool:
    return path.startswith("/account/") and not path.startswith("/account/logout/")


class Bounds:
    """The middleware that shows them where they may go instead."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: Any, kwargs: Any) -> HttpResponse | None:
        declared = entrance_of(request)
        if declared is None or declared.entrance in (Entrance.MACHINE, Entrance.API, Entrance.PUBLIC):
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        if request.user.is_authenticated and request.user.is_closing and name not in _WHILE_CLOSED:
            return redirect("account-closed")
        if request.user.is_authenticated and request.user.is_sample and _is_of_an_account(request.path):
            return redirect("explore-account")
        return None
