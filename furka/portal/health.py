"""Whether this copy of the portal is alive, and whether it can serve: for a proxy in front, and for watchers."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from furka import clock
from furka.gate.declare import public
from furka.status.kinds import STALE
from furka.status.queries import measured_at


@never_cache
@require_safe
@public("whoever watches asks whether this process answers; it says nothing else")
def live(_request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
@public("whoever watches asks whether pages can be served; it says nothing else")
def ready(_request: HttpRequest) -> HttpResponse:
    """The database answers."""
    try:
        measured_at()
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
@public("a watcher asks whether somebody still looks after the cloud; it says nothing of anybody")
def looked_after(_request: HttpRequest) -> JsonResponse:
    """Whether the background work has looked at the cloud lately."""
    try:
        last = measured_at()
    except DatabaseError:
        return JsonResponse({"ready": False, "looked_after": False}, status=503)
    age = None if last is None else (clock.now() - last).total_seconds()
    well = age is not None and age <= STALE.total_seconds()
    return JsonResponse({"ready": True, "looked_after": well, "seconds": age}, status=200 if well else 503)
