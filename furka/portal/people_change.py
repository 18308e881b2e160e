"""Changing what runs, from the list or on a page of its own: other terms, a later end, a pause; one or several."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from furka.access.rights import PEOPLE
from furka.errors import Conflict, Invalid
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal import role_words, words
from furka.portal.level_page import level_url, render_level
from furka.portal.people_forms import LONGER, ChangeForm
from furka.portal.refusals import errors_on
from furka.portal.return_to import page_before
from furka.tree import changing, queries
from furka.tree.changing import Act, Longer
from furka.tree.level_roles import names_of
from furka.tree.models import Node
from furka.tree.queries import GrantView
from furka.tree.week_words import hours_in_words


@at_node(PEOPLE)
def change(request: FurkaRequest, node: Node, grant: str) -> HttpResponse:
    """Other terms for an access; what somebody else did meanwhile is said, and nothing that was typed is lost."""
    row = queries.grant_of_key(request.by, node, grant)
    if row is None:
        if not queries.grant_has_ended(request.by, node, grant):
            raise Http404
        return _ended(request, node)
    data = request.POST if request.method == "POST" else None
    form = ChangeForm(request.by, changing.terms_of(row), row.pk, node, data)
    if data is not None and form.is_valid():
        try:
            with errors_on(form):
                changing.change(request.by, row, form.terms(), form.cleaned_data["version"])
                messages.success(
                    request, _("The access of %(name)s is changed.") % {"name": row.person or row.email}
                )
                return redirect(page_before(request, level_url(node, "level-people")))
        finally:
            if form.errors:
                form.holds_against(row.pk)
    view = queries.seen(row, request.by.at)
    context = {
        "form": form,
        "grant": view,
        "name": view.name or view.email,
        "role": role_words.title(view.role, view.rights, names_of({view.role})),
        "hours": hours_in_words(view.windows),
        "people_url": level_url(node, "level-people"),
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "people/change.html", context, here="level-people", status=status)


def _ended(request: FurkaRequest, node: Node) -> HttpResponse:
    messages.info(request, _("The access has already ended."))
    return redirect(level_url(node, "level-people"))


@require_POST
@at_node(PEOPLE)
def extend(request: FurkaRequest, node: Node, grant: str) -> HttpResponse:
    """Move the end by one of the quick spans, or take it away."""
    longer = _longer(request.POST.get("longer", ""))
    return _do(
        request,
        node,
        grant,
        lambda row, version: changing.extend(request.by, row, longer, version),
        _("The access of %(name)s now lasts %(until)s."),
    )


@require_POST
@at_node(PEOPLE)
def pause(request: FurkaRequest, node: Node, grant: str) -> HttpResponse:
    """Close an access for now."""
    return _do(
        request,
        node,
        grant,
        lambda row, version: changing.pause(request.by, row, version),
        _("The access of %(name)s is paused. You can resume it at any time."),
    )


@require_POST
@at_node(PEOPLE)
def resume(request: FurkaRequest, node: Node, grant: str) -> HttpResponse:
    """Open a paused access again."""
    return _do(
        request,
        node,
        grant,
        lambda row, version: changing.resume(request.by, row, version),
        _("The access of %(name)s counts again."),
    )


@require_POST
@at_node(PEOPLE)
def several(request: FurkaRequest, node: Node) -> HttpResponse:
    """The same for all that were chosen: all of them or none."""
    asked = request.POST.get("act", "")
    if asked not in list(Act):
        raise Invalid("act-unknown", _("Choose what shall be done."))
    act = Act(asked)
    longer = _longer(request.POST.get("longer", "")) if act is Act.EXTEND else None
    done = changing.change_several(request.by, node, request.POST.getlist("chosen"), act, longer)
    text = {
        Act.EXTEND: ngettext("%(count)d access extended.", "%(count)d accesses extended.", len(done)),
        Act.PAUSE: ngettext("%(count)d access paused.", "%(count)d accesses paused.", len(done)),
        Act.RESUME: ngettext("%(count)d access resumed.", "%(count)d accesses resumed.", len(done)),
        Act.REVOKE: ngettext("%(count)d access revoked.", "%(count)d accesses revoked.", len(done)),
    }[act]
    messages.success(request, text % {"count": len(done)})
    if not request.by.may(PEOPLE, node.place):
        return redirect("home")
    return redirect(page_before(request, level_url(node, "level-people")))


def _do(
    request: FurkaRequest,
    node: Node,
    key: str,
    act: Callable[[Any, int | None], Any],
    text: str,
) -> HttpResponse:
    row = queries.grant_of_key(request.by, node, key)
    if row is None:
        if not queries.grant_has_ended(request.by, node, key):
            raise Http404
        return _ended(request, node)
    back = page_before(request, level_url(node, "level-people"))
    try:
        view = queries.seen(act(row, _version(request)), request.by.at)
    except (Conflict, Invalid) as error:
        messages.error(request, str(error))
        return redirect(back)
    messages.success(request, text % {"name": _name(view), "until": _until(view.valid_until, node)})
    return redirect(back if request.by.may(PEOPLE, node.place) else "home")


def _name(view: GrantView) -> str:
    return view.name or view.email


def _until(end: datetime | None, node: Node) -> str:
    if end is None:
        return _("until revoked")
    return _("until %(moment)s") % {"moment": words.moment(end, node.time_zone)}


def _version(request: FurkaRequest) -> int | None:
    """The version that the page showed; a page that says none changes whatever is there."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _longer(asked: str) -> Longer:
    if asked == "open":
        return Longer()
    if asked not in LONGER:
        raise Invalid("longer-unknown", _("Choose by how much."))
    return Longer(span=LONGER[asked][1])
