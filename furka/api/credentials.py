"""Who calls: whoever shows a personal token (RFC 6750), or whoever is logged in to the pages (with the CSRF proof)."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from ninja.security.base import AuthBase

from furka import clock
from furka.api.problems import Turned
from furka.gate.attempts import count_wrong, must_wait
from furka.gate.looking import looking
from furka.gate.tokens import ActingWithToken, acting_with
from furka.identity.limits import limit_of
from furka.people.models import Person
from furka.tree import holdings
from furka.tree.acting import Acting


class Token(AuthBase):
    """A personal token in the Authorization header."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "A personal token, made on the page “API tokens”."

    def __call__(self, request: HttpRequest) -> ActingWithToken | None:
        kind, _blank, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        found = acting_with(secret.strip(), clock.now())
        if found is None:
            _turn_away(request)
        else:
            _speak_to(request, found.token.person)
        return found


class Session(AuthBase):
    """The session of somebody who is logged in to the pages; what changes something needs the header X-CSRFToken."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME
    openapi_description = "The session of the pages; changes need the header X-CSRFToken too."

    def __init__(self, *, closed_too: bool = False) -> None:
        super().__init__()
        self.closed_too = closed_too

    def __call__(self, request: HttpRequest) -> Acting | None:
        if not request.user.is_authenticated or (request.user.is_closing and not self.closed_too):
            return None
        if not _comes_from_our_pages(request):
            raise Turned(403, "csrf", _("The proof against foreign pages is missing (header X-CSRFToken)."))
        if looking(request) is not None:
            raise Turned(403, "looks-only", _("You look through somebody else's eyes. End that view first."))
        _speak_to(request, request.user)
        if request.user.is_closing:
            return holdings.of_closed(request.user, clock.now(), via="api")
        return holdings.of_person(request.user, clock.now(), via="api", limit=limit_of(request.session))


def _speak_to(request: HttpRequest, person: Person) -> None:
    """Whoever asked for no language is answered in their own."""
    if not request.asks_for_language and person.language in dict(settings.LANGUAGES):  # type: ignore[attr-defined]
        translation.activate(person.language)  # until the end of this request (`furka.api.urls`)


def token_is_not_enough(request: HttpRequest) -> None:
    """Turns away whoever shows a good token where only a session counts."""
    if Token()(request) is not None:
        raise Turned(403, "token-not-enough", _("This can not be done with a token. Please log in."))


def refuse_stale(request: HttpRequest) -> None:
    """Turns away whoever logged in long ago, where the pages ask once more who it is."""
    if is_reauthentication_required(request, app=""):
        raise Turned(
            403,
            "proof-needed",
            _("Please prove once more on the pages who you are (/account/reauthenticate/)."),
        )


class _Proof(CsrfViewMiddleware):
    """Django's check, without its page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(reason, status=403)


def _comes_from_our_pages(request: HttpRequest) -> bool:
    def nothing(_request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    proof = _Proof(nothing)
    request.csrf_processing_done = False  # type: ignore[attr-defined]  # the middleware let us through unchecked
    proof.process_request(request)
    return proof.process_view(request, nothing, (), {}) is None


def _turn_away(request: HttpRequest) -> None:
    # Only wrong tokens are held back: a good one is no guess, and its owner may share the address with a guesser.
    if must_wait(request):
        raise Turned(
            429, "too-many-attempts", _("Too many attempts that were wrong. Please wait a few minutes.")
        )
    count_wrong(request)
    raise Turned(401, "wrong-token", _("This token is not valid: mistyped, expired or revoked."))
