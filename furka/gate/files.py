"""How files that people brought are handed out: nothing in them ever acts in our name.

Whatever a browser makes of such an answer, it does so in a sandbox without an origin, without scripts, and it loads
nothing else. Who may have it is decided each time: no cache keeps it without asking.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag

_NOTHING = "default-src 'none'; frame-ancestors 'none'; sandbox"


def handed_out(content: bytes, media_type: str, name: str) -> HttpResponse:
    """A file to be kept, never shown."""
    response = HttpResponse(content, content_type=media_type)
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["Cache-Control"] = "private, no-store"
    return _kept_apart(response)


def shown_picture(request: HttpRequest, content: bytes, sha256: str) -> HttpResponse:
    """A JPEG that was drawn here, shown in a page; a browser that has it already is told so."""
    etag = quote_etag(sha256)
    response = HttpResponse(content, content_type="image/jpeg", headers={"ETag": etag})
    response.headers["Cache-Control"] = "private, no-cache"
    _kept_apart(response)
    answer: HttpResponse = get_conditional_response(request, etag=etag, response=response) or response
    return answer


def _kept_apart(response: HttpResponse) -> HttpResponse:
    response.headers["Content-Security-Policy"] = _NOTHING
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
