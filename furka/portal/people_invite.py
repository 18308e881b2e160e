"""Letting people in to a level."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from furka.access.rights import PEOPLE
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_page import level_url, render_level
from furka.portal.once import once
from furka.portal.people_forms import InviteForm
from furka.portal.refusals import errors_on
from furka.tree.inviting import invite_several
from furka.tree.models import Node


@at_node(PEOPLE)
def invite(request: FurkaRequest, node: Node) -> HttpResponse:
    """Let somebody in, or several at once; one step, and the invitation says what takes effect."""
    staff = request.GET.get("relation") == "staff"
    initial = {"relation": "staff", "ends": "open"} if staff else {}
    form = InviteForm(request.by, node, request.POST if request.method == "POST" else None, initial=initial)

    def make() -> str:
        made = invite_several(request.by, node, form.cleaned_data["email"], form.terms())
        if len(made) == 1:
            text = _("The invitation to %(email)s is on its way.") % {"email": made[0].email}
            messages.success(request, text)
            return reverse("level-invitation", args=(node.key, made[0].series))
        text = ngettext(
            "%(count)d invitation is on its way.", "%(count)d invitations are on their way.", len(made)
        )
        messages.success(request, text % {"count": len(made)})
        return level_url(node, "level-people")

    if request.method == "POST" and form.may_invite and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node, "level-people"))
    context = {"form": form, "staff": staff, "people_url": level_url(node, "level-people")}
    status = 422 if form.is_bound else 200
    return render_level(request, node, "people/invite.html", context, here="level-people", status=status)
