"""Levels go into the archive and the bin, and come back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from furka.access.rights import LOOK, STRUCTURE
from furka.gate.declare import at_node, own
from furka.gate.request import FurkaRequest
from furka.portal.belonging_words import shown
from furka.portal.level_page import level_url, render_level
from furka.portal.place_forms import DeleteForm
from furka.portal.refusals import errors_on
from furka.tree.acting import Acting
from furka.tree.belongings import hanging
from furka.tree.lifecycle import (
    UNDO,
    archive,
    delete,
    deleted_below,
    deleted_levels,
    in_bin,
    reopen,
    restore,
)
from furka.tree.models import Kind, Node

BELOW_OPERATOR = (Kind.RESELLER, Kind.CUSTOMER, Kind.SITE)
#: So many deleted levels are shown.
MOST_IN_BIN = 100


@require_POST
@at_node(STRUCTURE, *BELOW_OPERATOR)
def archive_level(request: FurkaRequest, node: Node) -> HttpResponse:
    """Put a level aside, or take it back."""
    if request.POST.get("back"):
        reopen(request.by, node)
        messages.success(request, _("“%(name)s” is back from the archive.") % {"name": node.name})
    else:
        archive(request.by, node)
        messages.success(request, _("“%(name)s” was archived.") % {"name": node.name})
    return redirect("level-settings", node.key)


@at_node(STRUCTURE, *BELOW_OPERATOR)
def delete_level(request: FurkaRequest, node: Node) -> HttpResponse:
    """What hangs on a level, and its deletion once its name was typed."""
    form = DeleteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            delete(request.by, node, form.cleaned_data["name"])
            messages.success(request, _("“%(name)s” was deleted.") % {"name": node.name})
            return redirect(_bin_after(request.by, node))
    context = {
        "form": form,
        "hanging": shown(hanging(node, request.by.at)),
        "days": UNDO.days,
        "back_url": level_url(node, "level-settings"),
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "place/delete.html", context, here="level-settings", status=status)


@at_node(STRUCTURE, Kind.OPERATOR, Kind.RESELLER, Kind.CUSTOMER)
def level_bin(request: FurkaRequest, node: Node) -> HttpResponse:
    """What was deleted below a level and can be restored."""
    found = in_bin(deleted_below(request.by, node), MOST_IN_BIN)
    context = {"found": found, "days": UNDO.days, "back_url": level_url(node, "level-settings")}
    return render_level(request, node, "place/level_bin.html", context, here="level-settings")


@own("whoever deleted a level of their own must find it again")
def own_bin(request: FurkaRequest) -> HttpResponse:
    """Everything that was deleted and that one may restore."""
    found = in_bin(deleted_levels(request.by), MOST_IN_BIN)
    return render(request, "place/bin.html", {"found": found, "days": UNDO.days})


@own("the level is deleted: nobody can enter at it; the operation decides the right")
@require_POST
def restore_level(request: FurkaRequest, deleted: str) -> HttpResponse:
    """Bring a deleted level back."""
    node = restore(request.by, deleted)
    messages.success(request, _("“%(name)s” was restored.") % {"name": node.name})
    return redirect("level", node.key)


def _bin_after(by: Acting, node: Node) -> str:
    """Where the way back is, right after a deletion."""
    above = node.parent
    if above is not None and above.kind != Kind.OPERATOR and by.may(STRUCTURE, above.place):
        return level_url(above, "level-bin")
    return "/bin/"


def ending_of(by: Acting, node: Node) -> dict[str, object] | None:
    """What the settings of a level offer to put it aside, for whoever may."""
    if node.kind == Kind.OPERATOR or not by.may(STRUCTURE, node.place):
        return None
    above = node.parent
    return {
        "archive_url": level_url(node, "level-archive"),
        "delete_url": level_url(node, "level-delete"),
        "bin_url": level_url(node, "level-bin") if node.kind != Kind.SITE else "",
        "in_bin": deleted_below(by, node).count() if node.kind != Kind.SITE else 0,
        "archived_above": above is not None and above.archived_at is not None and by.may(LOOK, above.place),
    }
