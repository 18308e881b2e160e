"""A number for every request, which stands in all lines of the log about it and in the answer.

Whoever asks may bring their own (hubs, gateways, a proxy in front), so that the lines of both sides can be laid side by
side; it is a short word of plain characters, or it does not count.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

HEADER = "X-Request-Id"
_WORD = re.compile(r"[A-Za-z0-9_-]{8,64}")
_here: Final[ContextVar[str]] = ContextVar("request_id", default="")


def request_id() -> str:
    """Of the request that is being answered; empty outside of any."""
    return _here.get()


@sync_and_async_middleware
def RequestId(next_: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:  # noqa: N802
    """The first middleware of all."""

    def word_of(request: HttpRequest) -> str:
        given = request.headers.get(HEADER, "")
        return given if _WORD.fullmatch(given) else secrets.token_hex(8)

    if iscoroutinefunction(next_):

        async def run_async(request: HttpRequest) -> HttpResponseBase:
            word = word_of(request)
            token = _here.set(word)
            try:
                response: HttpResponseBase = await next_(request)
            finally:
                _here.reset(token)
            response.headers[HEADER] = word
            return response

        return run_async

    def run(request: HttpRequest) -> HttpResponseBase:
        word = word_of(request)
        token = _here.set(word)
        try:
            response: HttpResponseBase = next_(request)
        finally:
            _here.reset(token)
        response.headers[HEADER] = word
        return response

    return run


class WithRequestId(logging.Filter):
    """Puts the number on every line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id() or "-"
        return True


class AsJson(logging.Formatter):
    """A line of the log as JSON, for programs that gather logs."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
            "thread": record.threadName,
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)
