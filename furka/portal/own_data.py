"""What is kept about oneself, as a file; and the end of one's account."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from furka import personal
from furka.account import closing
from furka.account.export import archive_of
from furka.gate.declare import own
from furka.gate.request import FurkaRequest


@own("a person's own data")
@require_safe
@never_cache
def data(request: FurkaRequest) -> HttpResponse:
    """What is kept about me, and the ways to have it or to end it."""
    return render(request, "own/data.html", {"kinds": [str(kind.title) for kind in personal.kinds()]})


@own("a person's own data; whoever takes it has just proved who they are")
@require_safe
@never_cache
@reauthentication_required  # type: ignore[untyped-decorator]  # the library has no types
def export(request: FurkaRequest) -> HttpResponse:
    """Everything that is kept about me, as a ZIP."""
    response = HttpResponse(archive_of(request.by), content_type="application/zip")
    name = f"furka-{request.by.at:%Y-%m-%d}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@own("a person's own account; whoever closes it has just proved who they are")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@reauthentication_required  # type: ignore[untyped-decorator]  # the library has no types
def close(request: FurkaRequest) -> HttpResponse:
    """What the end of my account means, in numbers; sent as a form: do it."""
    if request.method == "POST":
        closing.close_account(request.by)
        request.session.flush()
        return render(request, "own/closed_now.html", {"days": closing.UNDO.days})
    context = {"what": closing.consequences(request.by), "days": closing.UNDO.days}
    return render(request, "own/close.html", context)


@own("a person's own account, which they closed")
@require_safe
@never_cache
def closed(request: FurkaRequest) -> HttpResponse:
    """All that somebody sees whose account is closed: until when they can take it back."""
    if request.user.closing_since is None:
        return redirect("home")
    return render(request, "own/closed.html", {"until": request.user.closing_since + closing.UNDO})


@own("everybody may take back the end of their own account, in time")
@require_POST
def reopen(request: FurkaRequest) -> HttpResponse:
    """The account is there again."""
    if request.user.closing_since is not None:
        closing.reopen(request.by, request.user)
        messages.success(request, _("Your account is open again."))
    return redirect("home")
