"""What happens around every view: who acts and when is settled, undeclared views are refused, only our files load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from django.utils.functional import SimpleLazyObject

from furka import clock
from furka.gate.declare import entrance_of
from furka.identity.limits import limit_of
from furka.tree import holdings

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

Next = Callable[[HttpRequest], Any]


def _around(
    next_: Next, before: Callable[[HttpRequest], None], after: Callable[[HttpResponseBase], None]
) -> Next:
    """A middleware for both kinds of views out of what happens before and after."""
    if iscoroutinefunction(next_):

        async def run_async(request: HttpRequest) -> HttpResponseBase:
            before(request)
            response: HttpResponseBase = await next_(request)
            after(response)
            return response

        return run_async

    def run(request: HttpRequest) -> HttpResponseBase:
        before(request)
        response: HttpResponseBase = next_(request)
        after(response)
        return response

    return run


@sync_and_async_middleware
def ContentSecurityPolicy(next_: Next) -> Next:  # noqa: N802  # a middleware is named like a class
    """Pages load nothing but what this installation serves itself; no inline script, no inline style."""

    def after(response: HttpResponseBase) -> None:
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")

    return _around(next_, lambda request: None, after)


@sync_and_async_middleware
def Acting(next_: Next) -> Next:  # noqa: N802
    """Puts `by` on the request: who acts, and when; the moment is the same for the whole request."""

    def before(request: HttpRequest) -> None:
        at = clock.now()
        request.by = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: holdings.of_person(request.user, at, via="page", limit=limit_of(request.session))
        )

    return _around(next_, before, lambda response: None)


@sync_and_async_middleware
def BehindProxy(next_: Next) -> Next:  # noqa: N802
    """Where a proxy in front is trusted, the caller is whom that proxy saw: the last address that it noted.

    Everything that counts attempts per address looks at `REMOTE_ADDR`.
    """

    def before(request: HttpRequest) -> None:
        noted = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if settings.BEHIND_PROXY and noted:
            request.META["REMOTE_ADDR"] = noted.rpartition(",")[2].strip()

    return _around(next_, before, lambda response: None)


class OnlyDeclaredViews:
    """Refuses every view that declares no access, should the check at start ever be silenced."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: Any, kwargs: Any) -> HttpResponse | None:
        if entrance_of(request) is None:
            return HttpResponse("This address declares no access.", status=403, content_type="text/plain")
        return None


class SignedSessions(SessionMiddleware):
    """Sessions whose cookie is signed: what the database keeps of a session opens nothing without the secret key."""

    def process_request(self, request: HttpRequest) -> None:
        shown = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        request.session = self.SessionStore(session_of_cookie(shown))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is not None and cookie.value:
            response.cookies[settings.SESSION_COOKIE_NAME] = cookie_of_session(cookie.value)
        return response


_SALT = "furka session"


def cookie_of_session(key: str) -> str:
    """What a browser is given for the session of that key."""
    return Signer(salt=_SALT).sign(key)


def session_of_cookie(shown: str) -> str | None:
    """The key of the session that a browser shows; None if we did not give it that."""
    try:
        return Signer(salt=_SALT).unsign(shown)
    except BadSignature:
        return None
