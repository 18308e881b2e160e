"""At every start: each address of the portal has declared who may come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver

from furka.gate.declare import declared


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address with its pattern, included ones too."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            yield prefix + str(pattern.pattern), pattern


@register()
def every_view_declares_its_access(**_: object) -> list[CheckMessage]:
    """An undeclared view would be refused at run time; better not to start."""
    return [
        Error(f"the view at /{route} declares no access", id="furka.E001", hint="see furka.gate.declare")
        for route, pattern in routes()
        if declared(pattern.callback) is None
    ]
