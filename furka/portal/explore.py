"""Looking around first: a private sample world without an account, and the way from there to an account."""

from __future__ import annotations

from django.contrib import auth
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from furka.errors import Conflict
from furka.gate.declare import own, public
from furka.gate.request import FurkaRequest
from furka.sandbox import visiting

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@public("whoever wants to look around gets a world of their own; it leads to nothing real")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def explore(request: FurkaRequest) -> HttpResponse:
    """What the sample world is; sent as a form: enter one."""
    if request.user.is_authenticated:
        return redirect("home")
    full = ""
    if request.method == "POST":
        try:
            address = str(request.META.get("REMOTE_ADDR", ""))
            visitor = visiting.enter(request.by, address, (get_language() or "de")[:2])
        except Conflict as error:
            full = str(error)
        else:
            auth.login(request, visitor, backend=_BACKEND)
            return redirect("home")
    context = {"full": full, "hours": int(visiting.LASTS.total_seconds() // 3600)}
    return render(request, "explore/explore.html", context, status=429 if full else 200)


@own("the sample world that somebody is in")
@require_POST
def leave(request: FurkaRequest) -> HttpResponse:
    """Out of the sample world, to an account of one's own."""
    if not request.user.is_sample:
        return redirect("home")
    visiting.leave(request.by)
    auth.logout(request)
    return redirect("account_signup")


@own("what a visitor of a sample world sees instead of an account")
@require_safe
def no_account(request: FurkaRequest) -> HttpResponse:
    """There is no account here, and how to get one."""
    if not request.user.is_sample:
        return redirect("account-me")
    return render(request, "explore/no_account.html")
