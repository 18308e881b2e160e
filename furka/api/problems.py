"""Turns everything that can go wrong into problem details (RFC 9457) with a stable code, in the language asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from ninja.errors import AuthenticationError, HttpError, ValidationError

from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.gate.attempts import WITHIN
from furka.gate.busy import AGAIN_AFTER, BUSY, is_busy
from furka.wire.problem import MEDIA_TYPE, Problem

#: The status of each kind of refusal.
STATUS: Mapping[type[FurkaError], int] = {Refused: 403, NotThere: 404, Conflict: 409, Invalid: 422}

TITLES: Mapping[int, Promise] = {
    400: _("The request can not be read"),
    401: _("Not logged in"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Wrong method"),
    409: _("It no longer fits"),
    413: _("Too large"),
    422: _("The input is wrong"),
    429: _("Too many attempts"),
    500: _("A fault on our side"),
    503: _("Busy just now"),
}

#: At most so many wrong fields are told at once.
MOST_FIELDS = 20

_FAULTS: Mapping[str, Promise] = {
    "missing": _("This field is missing."),
    "extra_forbidden": _("This field is not known."),
    "string_type": _("This must be a text."),
    "string_too_short": _("This text is too short."),
    "string_too_long": _("This text is too long."),
    "string_pattern_mismatch": _("This text has characters or a form that do not fit."),
    "bool_type": _("This must be true or false."),
    "int_type": _("This must be a whole number."),
    "int_parsing": _("This must be a whole number."),
    "greater_than_equal": _("This number is too small."),
    "less_than_equal": _("This number is too large."),
    "list_type": _("This must be a list."),
    "too_long": _("This list is too long."),
    "too_short": _("This list is too short."),
    "model_type": _("This must be an object."),
    "dict_type": _("This must be an object."),
    "literal_error": _("This value is not one of the choices."),
    "enum": _("This value is not one of the choices."),
    "datetime_type": _("This must be a moment such as 2026-11-24T17:00:00Z."),
    "datetime_parsing": _("This must be a moment such as 2026-11-24T17:00:00Z."),
    "datetime_from_date_parsing": _("This must be a moment such as 2026-11-24T17:00:00Z."),
    "timezone_aware": _("This moment needs a time zone, such as Z."),
}


class Turned(Exception):
    """The request is turned away before any operation looks at it."""

    def __init__(self, status: int, code: str, detail: Promise) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail


def problem(
    status: int, code: str, detail: str, fields: Mapping[str, list[str]] | None = None
) -> HttpResponse:
    """An error as problem details; its texts are in the current language."""
    body = Problem(
        title=str(TITLES[status]), status=status, code=code, detail=detail, fields=dict(fields or {})
    )
    response = HttpResponse(body.model_dump_json(), status=status, content_type=MEDIA_TYPE)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        response.headers["Retry-After"] = str(AGAIN_AFTER)
    if status == 429:
        response.headers["Retry-After"] = str(WITHIN)
    return response


def answer(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:  # noqa: ARG001  # it gets both
    """The one translation of exceptions; what is no refusal goes on as the fault that it is."""
    match error:
        case Turned():
            return problem(error.status, error.code, str(error.detail))
        case ValidationError():
            return _wrong_input(error)
        case Invalid():
            fields = {name: [str(text) for text in texts] for name, texts in error.fields.items()}
            return problem(422, error.code, str(error.message), fields)
        case FurkaError():
            return problem(STATUS[type(error)], error.code, str(error.message))
        case Http404():
            return no_address()
        case AuthenticationError():
            return problem(401, "not-logged-in", gettext("Please log in, or show a token."))
        case RequestDataTooBig():
            return problem(413, "body-too-large", gettext("The body of the request is too large."))
        case SuspiciousOperation():
            return problem(
                400, "request-unreadable", gettext("The request has more parts than anybody needs.")
            )
        case UnreadablePostError() | HttpError(status_code=400):
            return problem(400, "body-unreadable", gettext("The body of the request is not JSON."))
        case _ if is_busy(error):
            return problem(503, "busy", str(BUSY))
        case _:
            raise error


def no_address() -> HttpResponse:
    """Nothing is at this address."""
    return problem(404, "no-address", gettext("Nothing is at this address."))


def our_fault() -> HttpResponse:
    """Something went wrong here that nobody thought of."""
    return problem(500, "fault", gettext("Something went wrong on our side. It has been noted."))


def wrong_method(response: HttpResponse) -> HttpResponse:
    """The address is there; it is called with another method."""
    refusal = problem(405, "wrong-method", gettext("This address is called with another method."))
    refusal.headers["Allow"] = response.headers.get("Allow", "")
    return refusal


def _wrong_input(error: ValidationError) -> HttpResponse:
    if any(fault["loc"][0] == "path" for fault in error.errors):
        return problem(404, "not-there", gettext("This does not exist, or you may not see it."))
    fields: dict[str, list[str]] = {}
    for fault in error.errors[:MOST_FIELDS]:
        fields.setdefault(_field(fault["loc"]), []).append(_sentence(fault))
    return problem(422, "input-wrong", gettext("Some fields are missing, unknown or wrong."), fields)


def _field(place: tuple[Any, ...]) -> str:
    """The name of a field as the caller wrote it: without where it came from, and without our name of the body."""
    return ".".join(str(part)[:80] for part in place[2 if place[0] == "body" else 1 :])


def _sentence(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "value_error":
        return gettext(str(fault["ctx"]["error"]))
    return str(_FAULTS.get(fault["type"], fault["msg"]))
