"""Überprüfungen: is each access still needed? How often, the review that is under way, its answers, its signature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from furka.access.rights import PEOPLE
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal import role_words
from furka.portal.level_page import level_url, render_level
from furka.portal.people_fields import Card, MomentField
from furka.portal.refusals import errors_on
from furka.portal.review_print import printed, whose
from furka.portal.words import zone_name
from furka.reviews import operations, queries
from furka.reviews.models import Answer, Review
from furka.reviews.queries import ItemView
from furka.tree.models import Kind, Node
from furka.tree.week_words import hours_in_words


class IntervalForm(forms.Form):
    """How often a level is reviewed."""

    months = forms.TypedChoiceField(
        label=gettext_lazy("How often"),
        choices=(
            ("", gettext_lazy("only by hand")),
            (3, gettext_lazy("every 3 months")),
            (6, gettext_lazy("every 6 months")),
            (12, gettext_lazy("every 12 months")),
        ),
        coerce=int,
        empty_value=None,
        required=False,
    )


class AnswerForm(forms.Form):
    """Whether one access is still needed."""

    use_required_attribute = False

    answer = forms.ChoiceField(
        label=gettext_lazy("Still needed?"),
        choices=(
            (Answer.KEEP, Card(gettext_lazy("Keep"), gettext_lazy("It stays as it is."))),
            (
                Answer.SHORTEN,
                Card(gettext_lazy("Shorten"), gettext_lazy("It ends earlier, at the moment below.")),
            ),
            (
                Answer.END,
                Card(
                    gettext_lazy("End"),
                    gettext_lazy("It ends now. Open connections are cut within a second."),
                ),
            ),
        ),
        widget=forms.RadioSelect,
    )
    until = MomentField(label=gettext_lazy("Moment of the end"), required=False)
    remark = forms.CharField(label=gettext_lazy("Remark"), required=False, max_length=500)

    def __init__(self, node: Node, at: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["until"]
        assert isinstance(field, MomentField)
        field.zone = ZoneInfo(node.time_zone)
        field.help_text = _("Only to shorten it. Time at the level: %(zone)s") % {
            "zone": zone_name(at.astimezone(field.zone))
        }


@dataclass(frozen=True, slots=True)
class ItemShown:
    """An access that a review asks about, in words."""

    item: ItemView
    name: str
    email: str
    level: str
    level_kind: str
    role: str
    rights: str
    hours: tuple[str, ...]
    until: datetime | None
    url: str


@require_safe
@at_node(PEOPLE)
def reviews(request: FurkaRequest, node: Node) -> HttpResponse:
    """How often this level is reviewed, and its reviews."""
    return _reviews(request, node, _interval(request, node))


@require_POST
@at_node(PEOPLE)
def set_interval(request: FurkaRequest, node: Node) -> HttpResponse:
    """Choose how often."""
    form = IntervalForm(request.POST)
    if form.is_valid():
        operations.set_interval(request.by, node, form.cleaned_data["months"])
        messages.success(request, _("Saved."))
        return redirect("level-reviews", node.key)
    return _reviews(request, node, form, 422)


@require_POST
@at_node(PEOPLE)
def begin(request: FurkaRequest, node: Node) -> HttpResponse:
    """Begin a review now."""
    return redirect("level-review", node.key, operations.begin(request.by, node).key)


@require_safe
@at_node(PEOPLE)
def review(request: FurkaRequest, node: Node, review: str) -> HttpResponse:
    """Every access that a review asks about, with the answers so far."""
    found = _review(request, node, review)
    items = queries.items_of(found, request.by.at)
    only_open = "open" in request.GET and found.signed_at is None
    answered = sum(not item.is_open for item in items)
    context = {
        "review": found,
        "items": [_shown(node, found, item) for item in items if item.is_open or not only_open],
        "only_open": only_open,
        "all_here": not only_open,
        "number": len(items),
        "answered": answered,
        "missing": len(items) - answered,
        "is_overdue": found.signed_at is None and found.due_at <= request.by.at,
        "counts": queries.counts_of(items),
        "may_sign": _owns(request, node),
    }
    return render_level(request, node, "reviews/review.html", context, here="level-people")


@at_node(PEOPLE)
def answer(request: FurkaRequest, node: Node, review: str, grant: str) -> HttpResponse:
    """Say whether one access is still needed."""
    found = _review(request, node, review)
    items = queries.items_of(found, request.by.at)
    item = next((item for item in items if item.row.grant_key == grant), None)
    if item is None or (request.method != "POST" and (found.signed_at is not None or item.gone)):
        raise Http404
    initial = {"answer": item.row.answer, "until": item.row.until, "remark": item.row.remark}
    form = AnswerForm(
        node, request.by.at, request.POST if request.method == "POST" else None, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        with errors_on(form):
            operations.answer(request.by, found, grant, values["answer"], values["until"], values["remark"])
            target = reverse("level-review", args=(node.key, found.key))
            return redirect(f"{target}{'?open' if 'open' in request.GET else ''}#item-{item.row.number}")
    context = {"review": found, "form": form, "shown": _shown(node, found, item)}
    status = 422 if form.is_bound else 200
    return render_level(request, node, "reviews/answer.html", context, here="level-people", status=status)


@at_node(PEOPLE)
def sign(request: FurkaRequest, node: Node, review: str) -> HttpResponse:
    """Sign a review off: for an owner, who has just proved who they are."""
    if request.method == "POST" and is_reauthentication_required(request, app=""):
        return redirect("level-review-sign", node.key, review)
    answer: HttpResponse = _sign(request, node, review)
    return answer


@reauthentication_required  # type: ignore[untyped-decorator]  # the library has no types
def _sign(request: FurkaRequest, node: Node, review: str) -> HttpResponse:
    found = _review(request, node, review)
    if request.method == "POST":
        operations.sign(request.by, found)
        messages.success(request, _("The review is signed off."))
        return redirect("level-review", node.key, review)
    items = queries.items_of(found, request.by.at)
    context = {
        "review": found,
        "number": len(items),
        "missing": sum(item.is_open for item in items),
        "counts": queries.counts_of(items),
        "may_sign": _owns(request, node),
    }
    return render_level(request, node, "reviews/sign.html", context, here="level-people")


@require_safe
@at_node(PEOPLE)
def paper(request: FurkaRequest, node: Node, review: str) -> HttpResponse:
    """A review that is signed off, as a PDF; the journal has its checksum."""
    found = _review(request, node, review)
    if found.signed_at is None:  # there is nothing to print yet: what is missing stands on its page
        return redirect("level-review", node.key, review)
    response = HttpResponse(
        printed(request.by, node, found, queries.items_of(found, request.by.at)),
        content_type="application/pdf",
    )
    name = f"review-{node.key}-{found.signed_at:%Y-%m-%d}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _interval(request: FurkaRequest, node: Node) -> IntervalForm:
    plan = queries.plan_of(request.by, node)
    return IntervalForm(initial={"months": plan.months if plan else None})


def _reviews(request: FurkaRequest, node: Node, form: IntervalForm, status: int = 200) -> HttpResponse:
    found = queries.reviews_of(request.by, node)
    under_way = next((review for review in found if review.signed_at is None), None)
    waiting = queries.reviews_waiting(request.by, node)
    context = {
        "form": form,
        "plan": queries.plan_of(request.by, node),
        "under_way": next((each for each in waiting if each.review == under_way), None),
        "below": [each for each in waiting if each.review.node_id != node.pk],
        "signed": [review for review in found if review.signed_at is not None],
        "people_url": level_url(node, "level-people"),
    }
    return render_level(request, node, "reviews/reviews.html", context, here="level-people", status=status)


def _review(request: FurkaRequest, node: Node, key: str) -> Review:
    found = queries.review_of_key(request.by, node, key)
    if found is None:
        raise Http404
    return found


def _owns(request: FurkaRequest, node: Node) -> bool:
    because = request.by.decide(PEOPLE, node.place).because
    return because is not None and because.depth is None


def _shown(node: Node, review: Review, item: ItemView) -> ItemShown:
    content = item.row.content
    until = content["valid_until"]
    name, email = whose(content)
    return ItemShown(
        item,
        name=name,
        email=email,
        level=content["level"]["name"],
        level_kind=str(Kind(content["level"]["kind"]).label),
        role=role_words.title(content["role"], content["rights"]),
        rights=", ".join(role_words.rights_in_words(content["rights"])),
        hours=hours_in_words(content["windows"]),
        until=datetime.fromisoformat(until) if until else None,
        url=reverse("level-review-answer", args=(node.key, review.key, item.row.grant_key)),
    )
