"""Back to the page from which something was sent, with its filters."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme

from furka.gate.request import FurkaRequest


def page_before(request: FurkaRequest, otherwise: str) -> str:
    """The page that the form names in `back`, if it is one of this portal; else the other one."""
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, None) and back.startswith("/")
    return back if is_ours else otherwise
