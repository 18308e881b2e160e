"""Where a level belongs: moving it, handing it over, taking one over, and leaving a reseller again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from furka.access.rights import STRUCTURE
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_page import level_url, render_level
from furka.portal.once import once
from furka.portal.place_forms import MOST_CHOICES, AskForm, MoveForm, OfferForm
from furka.portal.refusals import errors_on
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.moving import Keep, came_by_itself, effects, giving_end, leave_reseller, move
from furka.tree.offering import Address, ask, offer
from furka.tree.offers import OfferView, offers_around, receivers

MOST_OFFERS = 20


@at_node(STRUCTURE, Kind.CUSTOMER, Kind.SITE)
def move_level(request: FurkaRequest, node: Node) -> HttpResponse:
    """Move a level within one's own, or offer it to somebody else."""
    by, part = request.by, request.POST.get("part", "")
    targets = [each for each in receivers(by, Kind(node.kind), MOST_CHOICES) if each.pk != node.parent_id]
    chosen = request.POST.get("target") or request.GET.get("to", "")
    target = next((each for each in targets if each.key == chosen), None)
    if part == "move" and node.parent is not None and chosen == node.parent.key:
        return redirect(level_url(node))  # sent twice: it is there already
    moving = MoveForm(targets, request.POST if part == "move" else None, initial={"target": chosen})
    if node.kind == Kind.CUSTOMER:
        moving.only_supporters()
    offering = OfferForm(request.POST if part == "offer" else None)

    def carry_out() -> str:
        assert target is not None  # the form lets no other choice through
        moved = move(by, node, target, _keep(moving.cleaned_data))
        messages.success(
            request,
            _("“%(name)s” now belongs to “%(target)s”.") % {"name": moved.name, "target": target.name},
        )
        return level_url(moved)

    def make_offer() -> str:
        data = offering.cleaned_data
        made = offer(by, node, Address(data["to"], data["message"]))
        messages.success(request, _("The offer was sent. Nothing changes until it is accepted."))
        return f"/moves/{made.key}/"

    for form, name, make in ((moving, "move", carry_out), (offering, "offer", make_offer)):
        if request.method == "POST" and part == name and form.is_valid():
            with errors_on(form):
                return redirect(once(request, form, make) or level_url(node, "level-move"))
    context = {
        "moving": moving if targets and not came_by_itself(node) else None,
        "target": target,
        "effects": effects(by, node, target) if target else None,
        "offering": offering if _may_give(by, node) else None,
        "alone": giving_end(node) == node,
        "offers": own_offers(by, node),
        "back_url": level_url(node, "level-settings"),
    }
    status = 422 if moving.is_bound or offering.is_bound else 200
    return render_level(request, node, "place/move.html", context, here="level-settings", status=status)


@at_node(STRUCTURE, Kind.RESELLER, Kind.CUSTOMER)
def take_over(request: FurkaRequest, node: Node) -> HttpResponse:
    """Ask somebody else for a site, or a customer that registered itself to join."""
    form = AskForm(request.POST or None)

    def make() -> str:
        data = form.cleaned_data
        made = ask(request.by, node, Address(data["to"], data["message"]), _keep(data))
        messages.success(request, _("The question was sent. Nothing changes until it is accepted."))
        return f"/moves/{made.key}/"

    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node, "level-take-over"))
    offers = [each for each in offers_around(request.by, node, MOST_OFFERS) if each.side == "ask"]
    context = {"form": form, "offers": offers, "back_url": level_url(node, "level-settings")}
    status = 422 if form.is_bound else 200
    return render_level(request, node, "place/take_over.html", context, here="level-settings", status=status)


@require_POST
@at_node(STRUCTURE, Kind.CUSTOMER)
def leave(request: FurkaRequest, node: Node) -> HttpResponse:
    """A customer that registered itself stands on its own again."""
    left = leave_reseller(request.by, node)
    messages.success(request, _("“%(name)s” stands on its own now.") % {"name": left.name})
    return redirect(level_url(left) if request.by.may(STRUCTURE, left.place) else "home")


def own_offers(by: Acting, node: Node) -> list[OfferView]:
    """The open offers in which this very level moves."""
    return [
        each
        for each in offers_around(by, node, MOST_OFFERS)
        if each.side == "give" and each.node is not None and each.node.pk == node.pk
    ]


def place_of(by: Acting, node: Node) -> dict[str, object] | None:
    """What the settings of a level say about where it belongs, for whoever may change that."""
    if node.kind == Kind.OPERATOR or not by.may(STRUCTURE, node.place):
        return None
    joined = came_by_itself(node)
    movable = node.kind in (Kind.CUSTOMER, Kind.SITE) and not joined
    above = node.parent if node.parent is not None and node.parent.kind != Kind.OPERATOR else None
    return {
        "above": above,
        "move_url": level_url(node, "level-move") if movable else "",
        "take_over_url": level_url(node, "level-take-over") if node.kind != Kind.SITE else "",
        "leave_url": level_url(node, "level-leave") if joined else "",
        "alone": node.kind == Kind.CUSTOMER and above is None,
        "offers": offers_around(by, node, MOST_OFFERS),
    }


def _may_give(by: Acting, node: Node) -> bool:
    return by.may(STRUCTURE, giving_end(node).place) and not came_by_itself(node)


def _keep(data: dict[str, object]) -> Keep:
    return Keep(bool(data.get("keep_staff", True)), bool(data.get("keep_supporters", False)))
