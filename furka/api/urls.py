"""Addresses of the API: what every operation has in common happens here, once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.utils import translation
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header

from furka.api.assembly import api
from furka.api.problems import no_address, our_fault, wrong_method
from furka.gate.declare import Declaration, Entrance, declare

View = Callable[..., HttpResponse]

_log = logging.getLogger("furka.api")

#: The language of errors for whoever asks for none and is not known yet.
LANGUAGE = "en"


def language_of(request: HttpRequest) -> str | None:
    """The first language of Accept-Language that there is; None if none is."""
    for wanted, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        try:
            return get_supported_language_variant(wanted)
        except LookupError:
            continue
    return None


def entrance(view: View) -> View:
    """What happens around every operation. Who may come in is declared by each of them (`furka.api.routes`)."""

    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = language_of(request)
        # Whoever asks for none gets their own as soon as they are known (`furka.api.credentials`).
        request.asks_for_language = asked is not None  # type: ignore[attr-defined]
        with translation.override(asked or LANGUAGE):
            try:
                response = view(request, *args, **kwargs)
            except Exception:  # noqa: BLE001  # whatever it was: the caller gets a problem, the log the fault
                response = _our_fault(request)
            if response.status_code == 405:
                response = wrong_method(response)
            response.headers["Content-Language"] = translation.get_language() or LANGUAGE
        response.headers["Cache-Control"] = "no-store"  # answers hold what is one person's, and new secrets
        return response

    run.csrf_exempt = True  # type: ignore[attr-defined]  # a session has to show the proof to `credentials.Session`
    return declare(
        run, Declaration(Entrance.API, "each operation declares its own access; see furka.api.checks")
    )


def _our_fault(request: HttpRequest) -> HttpResponse:
    got_request_exception.send(sender=None, request=request)
    _log.exception("fault at %s %s", request.method, request.path)
    return our_fault()


def _entered(pattern: URLPattern) -> URLPattern:
    pattern.callback = entrance(pattern.callback)
    return pattern


def nowhere(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # every view gets one
    """Nothing is at this address; programs are told so in their own form."""
    return no_address()


_patterns, _app, _namespace = api.urls
urlpatterns = [
    path("", ([_entered(each) for each in _patterns if isinstance(each, URLPattern)], _app, _namespace)),
    re_path("", entrance(nowhere)),
]
