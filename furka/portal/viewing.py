"""Ansicht als …: to begin to look through somebody's eyes, and the way out."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from furka.access.rights import PEOPLE
from furka.gate.declare import at_node, own
from furka.gate.looking import IN_SESSION, looking
from furka.gate.request import FurkaRequest
from furka.tree import accesses, holdings
from furka.tree.models import Node
from furka.viewing import operations


@require_POST
@at_node(PEOPLE)
def begin(request: FurkaRequest, node: Node, person: str) -> HttpResponse:
    """See this level and those below as that person does."""
    somebody = accesses.known_person(request.by, node, person)
    if somebody is None:
        raise Http404
    viewing = operations.begin(request.by, node, somebody)
    request.session[IN_SESSION] = viewing.key
    return redirect("home")


@require_POST
@own("whoever looks through somebody's eyes may stop", looks=True)
def end(request: FurkaRequest) -> HttpResponse:
    """Be oneself again."""
    viewing = looking(request)
    request.session.pop(IN_SESSION, None)
    if viewing is None:
        return redirect("home")
    operations.end(holdings.of_person(request.user, request.by.at, "page"), viewing.key)
    messages.success(request, _("You see the portal as yourself again."))
    return redirect("level-access-person", viewing.node.key, viewing.person.key)
