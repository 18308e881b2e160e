"""The page of one offer of a move: what it is about, what comes with it, and the answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from furka.access.rights import LOOK
from furka.errors import NotThere
from furka.gate.declare import own
from furka.gate.request import FurkaRequest
from furka.portal.belonging_words import shown
from furka.portal.level_page import level_url
from furka.portal.once import once
from furka.portal.place_forms import MOST_CHOICES, AnswerForm
from furka.portal.refusals import errors_on
from furka.tree.acting import Acting
from furka.tree.lifecycle import deleted_levels
from furka.tree.models import Kind, Node
from furka.tree.moving import Keep
from furka.tree.offering import accept, decline, withdraw
from furka.tree.offers import OfferView, coming_with, givable, offer_of_key, offers_for, receivers
from furka.tree.reasons import sentence


@own("whoever administers either end, or was written to; the read decides")
def show_offer(request: FurkaRequest, offer: str) -> HttpResponse:
    """What is offered, by whom, and what comes with it; whoever is to answer accepts here."""
    view = _view(request, offer)
    form, levels = _answer_form(request, view)

    def make() -> str:
        data = form.cleaned_data
        chosen = next((each for each in levels or () if each.key == data.get("level")), None)
        keep = Keep(data.get("keep_staff", True), data.get("keep_supporters", False))
        moved = accept(request.by, view.key, chosen, keep)
        messages.success(request, _("Accepted. “%(name)s” has moved.") % {"name": moved.name})
        return _where(request, moved)

    if request.method == "POST" and view.to_answer and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or request.path)
    coming = coming_with(request.by, view)
    context: dict[str, Any] = {
        "offer": view,
        "form": form if view.to_answer and view.state == "open" else None,
        "no_level": levels == [],
        "hanging": shown(coming.hanging) if coming else [],
        "effects": coming.effects if coming else None,
        "joins": _joins(view),
    }
    return render(request, "place/offer.html", context, status=422 if form.is_bound else 200)


@own("whoever was asked may decline; the operation decides")
@require_POST
def decline_offer(request: FurkaRequest, offer: str) -> HttpResponse:
    """Turn an offer down."""
    decline(request.by, offer)
    messages.success(request, _("Declined. Nothing has changed."))
    return redirect("home")


@own("whoever made an offer may take it back; the operation decides")
@require_POST
def withdraw_offer(request: FurkaRequest, made: str) -> HttpResponse:
    """Take an offer back."""
    withdraw(request.by, made)
    messages.success(request, _("Withdrawn. Nothing has changed."))
    return redirect("home")


def waiting_for(by: Acting) -> dict[str, object]:
    """What a person's own pages say of this: offers to their address, and how many levels they can restore."""
    return {"offers": offers_for(by), "in_bin": deleted_levels(by).count()}


def _view(request: FurkaRequest, key: str) -> OfferView:
    view = offer_of_key(request.by, key)
    if view is None:
        raise NotThere("not-there", sentence("not-visible"))
    return view


def _answer_form(request: FurkaRequest, view: OfferView) -> tuple[AnswerForm, list[Node] | None]:
    levels: list[Node] | None = None
    if view.side == "give" and view.target is None and view.node is not None:
        levels = receivers(request.by, Kind(view.node.kind), MOST_CHOICES)
        levels = [each for each in levels if each.pk != view.node.pk]
    elif view.side == "ask" and view.node is None and view.target is not None:
        levels = givable(request.by, view.target, MOST_CHOICES)
    form = AnswerForm(levels, request.POST if request.method == "POST" else None)
    if levels is not None and len(levels) == 1:
        form.initial["level"] = levels[0].key
    if view.side == "ask" or _joins(view):
        form.nobody_asked()  # whoever asked has said it already, or it is the customer's own affair
    elif view.node is not None and view.node.kind == Kind.CUSTOMER:
        form.only_supporters()
    return form, levels


def _joins(view: OfferView) -> bool:
    """Whether a customer that stands alone comes to a reseller."""
    node = view.node
    return node is not None and node.kind == Kind.CUSTOMER and node.reseller_id is None


def _where(request: FurkaRequest, moved: Node) -> str:
    return level_url(moved) if request.by.may(LOOK, moved.place) else "/"
