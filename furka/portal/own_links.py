"""By which organisations one can log in: one's links with identity providers, and undoing one."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from furka.errors import Conflict, Refused
from furka.gate.declare import own
from furka.gate.request import FurkaRequest
from furka.identity import own_links


@own("a person's own links with organisations")
@require_safe
@never_cache
def links(request: FurkaRequest) -> HttpResponse:
    """The organisations by which I can log in."""
    return render(request, "own/links.html", {"links": own_links.own_links(request.by)})


@own("a person's own link; whoever undoes it has just proved who they are")
@require_POST
@never_cache
@reauthentication_required  # type: ignore[untyped-decorator]  # the library has no types
def unlink(request: FurkaRequest, provider: str) -> HttpResponse:
    """Log in by this organisation no more."""
    try:
        own_links.unlink(request.by, provider)
    except (Conflict, Refused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The link is undone. You log in by it no more."))
    return redirect("own-links")
