"""Checks who calls: the bearer token of a hub or gateway, limits for those who guess, and errors as problems."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from pydantic import BaseModel, ValidationError

from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.gate.attempts import count_wrong, must_wait
from furka.gate.declare import Declaration, Entrance, declare
from furka.wire.problem import MEDIA_TYPE, Problem

LARGEST_MESSAGE = 1024 * 1024

STATUS: dict[type[FurkaError], int] = {Refused: 403, NotThere: 404, Invalid: 422, Conflict: 409}

M = TypeVar("M", bound=BaseModel)
Endpoint = Callable[[HttpRequest], HttpResponse]
AsyncEndpoint = Callable[[HttpRequest], Awaitable[HttpResponse]]


class WrongProof(Exception):
    """No token, or one that nobody has."""


class Turned(Exception):
    """Turned away before it was looked at."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response.status_code)
        self.response = response


def problem(status: int, code: str, title: str, detail: str = "", fields: Any = None) -> HttpResponse:
    """An error as problem details (RFC 9457)."""
    body = Problem(title=title, status=status, code=code, detail=detail, fields=fields or {})
    return HttpResponse(body.model_dump_json(), status=status, content_type=MEDIA_TYPE)


def message(value: BaseModel) -> HttpResponse:
    """An answer as JSON."""
    return HttpResponse(value.model_dump_json(), content_type="application/json")


def bearer(request: HttpRequest) -> str:
    """The token that the caller shows (RFC 6750). Raises WrongProof if there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise WrongProof
    return token.strip()


def body(request: HttpRequest, kind: type[M]) -> M:
    """The message in the body. Raises pydantic's ValidationError, or Turned if it is too large to be looked at."""
    try:
        content = request.body
    except RequestDataTooBig:
        content = None
    if content is None or len(content) > LARGEST_MESSAGE:
        raise Turned(problem(413, "message-too-large", "The message is too large"))
    return kind.model_validate_json(content)


def guess(request: HttpRequest) -> None:
    """What is shown next is short enough to be guessed: whoever was wrong too often has to wait. Raises Turned."""
    if must_wait(request):
        raise Turned(too_many())


def machine(method: str, proof: str) -> Callable[[Endpoint], Endpoint]:
    """An endpoint for programs; says which method it answers and by what proof."""

    def decorate(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        def run(request: HttpRequest) -> HttpResponse:
            try:
                _admit(request, method)
                with translation.override("en"):
                    return endpoint(request)
            except (WrongProof, ValidationError, FurkaError, Turned) as error:
                return _refusal(request, error)

        run.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie speaks here: the proof is in the message
        return declare(run, Declaration(Entrance.MACHINE, proof))

    return decorate


def async_machine(method: str, proof: str) -> Callable[[AsyncEndpoint], Callable[..., Any]]:
    """The same for endpoints that wait for news."""

    def decorate(endpoint: AsyncEndpoint) -> Callable[..., Any]:
        @wraps(endpoint)
        async def run(request: HttpRequest) -> HttpResponse:
            try:
                await sync_to_async(_admit)(request, method)
                return await endpoint(request)
            except (WrongProof, ValidationError, FurkaError, Turned) as error:
                return await sync_to_async(_refusal)(request, error)

        run.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie speaks here: the proof is in the message
        return declare(run, Declaration(Entrance.MACHINE, proof))

    return decorate


def _admit(request: HttpRequest, method: str) -> None:
    if request.method != method:
        refusal = problem(405, "wrong-method", "This address is called with another method.")
        refusal.headers["Allow"] = method
        raise Turned(refusal)


def too_many() -> HttpResponse:
    """The answer to whoever has to wait."""
    detail = "Too many attempts that were wrong. Please wait a few minutes."
    return problem(429, "too-many-attempts", "Too many attempts", detail)


def _refusal(request: HttpRequest, error: Exception) -> HttpResponse:
    match error:
        case Turned():
            return error.response
        case WrongProof():
            # A right token is never held back: it is no guess, and it may share its address with those who guess.
            if must_wait(request):
                return too_many()
            count_wrong(request)
            return problem(
                401, "wrong-token", "The token is not valid", "Enrol or claim again to get a new one."
            )
        case ValidationError():
            fields = {".".join(map(str, fault["loc"])): [fault["msg"]] for fault in error.errors()[:20]}
            return problem(422, "message-wrong", "The message is not understood", fields=fields)
        case FurkaError():
            if error.code == "code-unknown":
                count_wrong(request)
            with translation.override("en"):
                fields = {}
                if isinstance(error, Invalid):
                    fields = {name: [str(text) for text in texts] for name, texts in error.fields.items()}
                return problem(
                    STATUS[type(error)], error.code, str(error.message), str(error.message), fields
                )
        case _:
            raise error
