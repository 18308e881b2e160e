"""Turns what the rooms refuse into pages: what is missing, and who can give it; never a bare number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from furka.access.policy import Reason
from furka.access.rights import LOOK
from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.gate.busy import AGAIN_AFTER, BUSY, is_busy
from furka.gate.declare import Entrance, entrance_of
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.who import owners

_STATUS: dict[type[FurkaError], int] = {Refused: 403, NotThere: 404, Conflict: 409, Invalid: 422}

#: The reason of the policy where a level asks for a second factor, and whoever acts has none.
SECOND_FACTOR_MISSING = Reason.TWO_FACTOR

#: So many people are named as those who can give what is missing.
MOST_GIVERS = 3


class Refusals:
    """The middleware that answers when a view lets a refusal through."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page for people; for a part of a page the reason as a toast, and nothing replaced. Programs get their
        answers from the rooms that speak with them."""
        declared = entrance_of(request)
        if declared is not None and declared.entrance in (Entrance.MACHINE, Entrance.API):
            is_machine = declared.entrance is Entrance.MACHINE
            return _again(HttpResponse(status=503)) if is_machine and is_busy(exception) else None
        if is_busy(exception):
            return _again(refusal(request, str(BUSY), 503))
        status = next((status for kind, status in _STATUS.items() if isinstance(exception, kind)), None)
        if status is None:
            return None
        code = exception.code if isinstance(exception, FurkaError) else ""
        return refusal(request, str(exception), status, code)


def _again(response: HttpResponse) -> HttpResponse:
    response.headers["Retry-After"] = str(AGAIN_AFTER)
    return response


def refusal(request: HttpRequest, reason: str, status: int = 403, code: str = "") -> HttpResponse:
    """The answer that something was refused, for this reason (a whole sentence)."""
    if request.headers.get("HX-Request") == "true":
        toast = json.dumps({"furka:toast": {"kind": "bad", "text": reason}})
        return HttpResponse(status=status, headers={"HX-Trigger": toast, "HX-Reswap": "none"})
    if status in (409, 422) and request.method == "POST":
        # The page that it was sent from is shown again as it is now, with what does not fit any more.
        messages.error(request, reason)
        return HttpResponseRedirect(_page_before(request))
    node = _node_of(request)
    if code == SECOND_FACTOR_MISSING:
        # Nobody has to give anything: what is missing, they can set up themselves in two minutes.
        return TemplateResponse(request, "second_factor_needed.html", {"node": node}, status=status).render()
    context = {
        "title": {
            403: _("You may not do this"),
            409: _("This no longer fits"),
            503: _("Busy just now"),
        }.get(status, ""),
        "reason": reason,
        "passes": status == 503,  # nobody has to give anything
        "givers": _givers(request, node) if status == 403 else [],
        "back_url": reverse("level", kwargs={"key": node.key}) if node else "",
    }
    template = "404.html" if status == 404 else "refused.html"
    return TemplateResponse(request, template, context, status=status).render()


@contextmanager
def errors_on(form: forms.BaseForm) -> Iterator[None]:
    """What is wrong with the input, or no longer fits, is said at the form; nothing that was typed is lost.

    with errors_on(form):
        site = create_site(request.by, node, form.cleaned_data["name"])
        return redirect(…)
    # still here: show the form again
    """
    try:
        yield
    except Invalid as error:
        for name, texts in error.fields.items():
            for text in texts:
                form.add_error(name if name in form.fields else None, str(text))
    except Conflict as error:
        form.add_error(None, str(error))


def _page_before(request: HttpRequest) -> str:
    referrer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referrer, {request.get_host()}, require_https=request.is_secure()):
        return referrer
    node = _node_of(request)
    return reverse("level", kwargs={"key": node.key}) if node else "/"


def _node_of(request: HttpRequest) -> Node | None:
    """The level in the address, if the one who asks may see it."""
    by = getattr(request, "by", None)
    key = request.resolver_match.kwargs.get("key") if request.resolver_match else None
    declared = entrance_of(request)
    if by is None or key is None or declared is None or declared.entrance is not Entrance.NODE:
        return None
    return Node.objects.visible_to(by, LOOK).filter(key=key).first()


def _givers(request: HttpRequest, node: Node | None) -> list[str]:
    """Who can give what is missing: the owners of the level, or of the nearest one above that has any."""
    if node is None:
        return []
    by: Acting = request.by  # type: ignore[attr-defined]
    found = [owner for owner in owners(by, node) if owner.email != getattr(request.user, "email", "")]
    nearest = [owner for owner in found if owner.level.pk == found[0].level.pk]
    return [f"{owner.name}, {owner.email}" for owner in nearest[:MOST_GIVERS]]
