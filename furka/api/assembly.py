"""Puts the API together: the core's operations, and those that each service brings."""

from __future__ import annotations

from functools import cache

from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.module_loading import import_string
from ninja.errors import HttpError, ValidationError

from furka import __version__
from furka.api import (
    access,
    account,
    attachments,
    cloud,
    connections,
    diagnoses,
    events,
    extensions,
    finding,
    gateways,
    grants,
    identity,
    imports,
    inventory,
    levels,
    limits,
    own,
    particulars,
    places,
    prepared,
    releases,
    reviews,
    roles,
    routers,
    services,
    sites,
)
from furka.api.document import Api
from furka.api.problems import Turned, answer
from furka.api.routes import Routes, public
from furka.catalogue import service as catalogue
from furka.errors import FurkaError

DESCRIPTION = """\
Everything that the pages can do, for programs. Show a personal token as `Authorization: Bearer furka_…`. Times are
ISO 8601 in UTC. Lists come in parts: go on with `?after=` and the `next` of the part before. Errors are problem
details (RFC 9457) with a stable `code`; their sentences follow `Accept-Language`, or else the language of the person.
`x-access` says who may come in."""

api = Api(
    title="Furka",
    version=__version__,
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    openapi_url=None,
)
for refusal in (
    FurkaError,
    Turned,
    HttpError,
    ValidationError,
    Http404,
    SuspiciousOperation,
    UnreadablePostError,
    OperationalError,
):
    api.add_exception_handler(refusal, answer)

_document = Routes("document")


@_document.get("/openapi.json", public("whoever writes a program has to know the API"), in_document=False)
@cache
def read_document() -> dict[str, object]:
    """This API in the words of OpenAPI."""
    return dict(api.get_openapi_schema())


for routes in (
    own,
    account,
    finding,
    levels,
    imports,
    places,
    inventory,
    particulars,
    attachments,
    sites,
    gateways,
    routers,
    prepared,
    extensions,
    grants,
    identity,
    access,
    reviews,
    limits,
    connections,
    diagnoses,
    releases,
    roles,
    services,
    cloud,
    events,
):
    api.add_router("", routes.routes.router)
for each in catalogue.services():
    api.add_router("", services.routes_of(each).router)
    if each.api:
        brought = import_string(each.api)
        assert isinstance(brought, Routes)
        api.add_router("", brought.router)
api.add_router("", _document.router)
