"""Opening a device's page in the browser: the way there, which is also a link to hand on, and closing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from furka.devicepages import operations
from furka.errors import Conflict
from furka.gate.declare import at_node, own
from furka.gate.request import FurkaRequest
from furka.portal.level_page import level_url, render_level
from furka.services.connect.device_pages import open_page, openable
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.sites.models import Device
from furka.tree.models import Kind, Node


@at_node(USE_REMOTE_ACCESS, Kind.SITE)
@never_cache
def device_page(request: FurkaRequest, node: Node, device: str) -> HttpResponse:
    """Asked for: what will be opened, with one button; it is the link that one hands on. Sent: there it goes.

    Another origin can't be reached by the answer to a form, so the answer is a page that leads there by itself.
    """
    row = Device.objects.visible_to(request.by, USE_REMOTE_ACCESS).filter(node=node, key=device).first()
    if row is None:
        raise Http404
    row.node = node
    context: dict[str, object] = {"device": row, "site_url": level_url(node)}
    status = 200
    try:
        if request.method == "POST":
            opened = open_page(request.by, row, request.session.session_key or "", get_language() or "en")
            context |= {"opened": opened, "until": opened.page.ends_at}
        else:
            context["until"] = openable(request.by, row).until
    except Conflict as error:
        context["missing"] = error.message
        status = 409 if request.method == "POST" else 200
    return render_level(request, node, "connect/device_page.html", context, status=status)


@own("a page of a device that the person has open")
@require_POST
def close(request: FurkaRequest, page: str) -> HttpResponse:
    """It is no longer needed."""
    operations.close(request.by, page)
    messages.success(request, _("The page has been closed."))
    return redirect("profiles")
