"""Zugriff anfragen: asking to be let in for a while, one's own requests with their clocks, and answering them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from furka.access.rights import LOOK, PEOPLE, RIGHTS, Right
from furka.catalogue.service import visit_rights
from furka.gate.declare import at_node, own
from furka.gate.request import FurkaRequest
from furka.portal.level_page import render_level
from furka.portal.limits import limits_for
from furka.portal.once import OnceForm, once
from furka.portal.people_fields import MomentField
from furka.portal.refusals import errors_on
from furka.portal.role_words import rights_in_words
from furka.releases.queries import own_releases
from furka.tree import answering, entering, requesting
from furka.tree import requests as asked
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.requesting import Wish
from furka.tree.requests import AccessRequest, Stage

MINUTES = (
    (30, gettext_lazy("30 minutes")),
    (60, gettext_lazy("1 hour")),
    (120, gettext_lazy("2 hours")),
    (240, gettext_lazy("4 hours")),
    (480, gettext_lazy("8 hours")),
    (1440, gettext_lazy("1 day")),
)
MOST_LISTED = 100

#: Stage → kind of the status component.
_KINDS = {
    Stage.OPEN: "warn",
    Stage.APPROVED: "ends",
    Stage.RUNNING: "ok",
    Stage.OVER: "done",
    Stage.DECLINED: "bad",
}


def _on_clock_of(node: Node, *fields: forms.Field) -> list[MomentField]:
    """Fields for moments, on the clock of a level."""
    found = [field for field in fields if isinstance(field, MomentField)]
    for field in found:
        field.zone = ZoneInfo(node.time_zone)
    return found


class AskForm(OnceForm):
    """What somebody asks for, for how long, and why."""

    rights = forms.MultipleChoiceField(
        label=gettext_lazy("I would like to"), widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)
    minutes = forms.TypedChoiceField(label=gettext_lazy("How long"), choices=MINUTES, coerce=int, initial=60)
    begins = MomentField(label=gettext_lazy("From when"), required=False)
    open_until = MomentField(label=gettext_lazy("Answer until"), required=False)

    def __init__(self, rights: Sequence[Right], node: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(right.key, gettext(right.title)) for right in rights]
        self.fields["rights"].choices = choices  # type: ignore[attr-defined]  # it is a choice field
        if len(choices) == 1:
            self.fields["rights"].initial = [choices[0][0]]
        begins, open_until = _on_clock_of(node, self.fields["begins"], self.fields["open_until"])
        begins.help_text = _("Empty: as soon as somebody says yes.")
        open_until.help_text = _("Empty: a day. After that the request lapses.")

    def wish(self) -> Wish:
        """What is asked for."""
        chosen = self.cleaned_data
        return Wish(
            chosen["rights"], chosen["minutes"], chosen["reason"], chosen["begins"], chosen["open_until"]
        )


class AnswerForm(forms.Form):
    """A yes, as long as asked for or shorter, or a no; with some words."""

    use_required_attribute = False

    minutes = forms.IntegerField(label=gettext_lazy("For how many minutes"), min_value=1, required=False)
    use_until = MomentField(label=gettext_lazy("To be begun by"), required=False)
    answer = forms.CharField(label=gettext_lazy("Words to the one who asks"), required=False, max_length=500)

    def __init__(self, node: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        [use_until] = _on_clock_of(node, self.fields["use_until"])
        use_until.help_text = _("Empty: within a day. After that the yes lapses.")


class JustifyForm(forms.Form):
    """What an emergency was."""

    justification = forms.CharField(
        label=gettext_lazy("What was the emergency?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@dataclass(frozen=True, slots=True)
class RequestShown:
    """A request as the pages show it; `ends` is the end of the clock that runs."""

    row: AccessRequest
    stage: str
    word: str | Promise
    kind: str
    rights: str
    starts: datetime | None
    ends: datetime | None
    may_begin: bool
    begins_itself: bool  # with the first packet


def shown(row: AccessRequest, at: datetime) -> RequestShown:
    """A request in words."""
    stage = row.stage_at(at)
    clocks = {
        Stage.OPEN: (row.asked_at, row.open_until),
        Stage.APPROVED: (row.answered_at, row.use_until),
        Stage.RUNNING: (row.began_at, row.ends_at),
    }
    starts, ends = clocks.get(Stage(stage), (None, None))
    begins = row.wanted_from
    return RequestShown(
        row,
        stage,
        Stage(stage).label,
        _KINDS.get(Stage(stage), "off"),
        ", ".join(rights_in_words(row.rights)),
        starts,
        ends,
        stage == Stage.APPROVED and (begins is None or begins <= at),
        stage == Stage.APPROVED and any(right.key in row.rights for right in visit_rights()),
    )


def rights_to_ask(by: Acting, node: Node) -> list[Right]:
    """What the one who acts may ask for at a level: each right that a yes would open."""
    missing = [right for right in RIGHTS.all() if right != LOOK and not by.may(right, node.place)]
    return [right for right in missing if asked.may_ask(by, node, [right]) is not None]


@at_node(LOOK)
def ask(request: FurkaRequest, node: Node) -> HttpResponse:
    """Ask to be let in, or enter in an emergency where the owner allows it."""
    by = request.by
    rights = rights_to_ask(by, node)
    form = AskForm(rights, node, request.POST if request.method == "POST" else None)
    in_emergency = [right for right in rights if _emergency(by, node, right)]
    if request.method == "POST" and form.is_valid():
        emergency = "emergency" in request.POST
        change = requesting.enter_in_emergency if emergency else requesting.ask

        def make() -> str:
            change(by, node, form.wish())
            return "own-requests"

        with errors_on(form):
            once(request, form, make)
            text = (
                _("You are let in. The owners are alarmed.")
                if emergency
                else _("Your request is on its way.")
            )
            messages.success(request, text)
            return redirect("own-requests")
    context = {
        "form": form if rights else None,
        "emergency": bool(in_emergency),
        "limits": limits_for(by, node),
    }
    status = 422 if form.is_bound and rights else 200
    return render_level(request, node, "requests/ask.html", context, status=status)


def _emergency(by: Acting, node: Node, right: Right) -> bool:
    asking = asked.may_ask(by, node, [right])
    return asking is not None and asking.in_emergency


@require_safe
@at_node(PEOPLE)
def level_requests(request: FurkaRequest, node: Node) -> HttpResponse:
    """Requests at a level and below, those that wait for an answer first."""
    by = request.by
    rows = asked.requests_at(by, node, below=True)[:MOST_LISTED]
    found = [shown(row, by.at) for row in rows]
    context = {
        "open": [each for each in found if each.stage == Stage.OPEN],
        "others": [each for each in found if each.stage != Stage.OPEN],
    }
    return render_level(request, node, "requests/level.html", context, here="level-people")


@at_node(PEOPLE)
def answer(request: FurkaRequest, node: Node, request_key: str) -> HttpResponse:
    """Say yes, as long as asked for or shorter, or no."""
    row = asked.request_of_key(request.by, node, request_key)
    if row is None:
        raise Http404
    form = AnswerForm(
        node, request.POST if request.method == "POST" else None, initial={"minutes": row.wanted_minutes}
    )
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data["answer"]
        with errors_on(form):
            if "decline" in request.POST:
                answering.decline(request.by, row, words)
                messages.success(request, _("Declined. %(name)s is told.") % {"name": row.person})
            else:
                chosen = form.cleaned_data
                answering.approve(request.by, row, chosen["minutes"], chosen["use_until"], words)
                messages.success(request, _("Approved. %(name)s is told.") % {"name": row.person})
            return redirect("level-requests", node.key)
    context = {"form": form, "shown": shown(row, request.by.at)}
    status = 422 if form.is_bound else 200
    return render_level(request, node, "requests/answer.html", context, here="level-people", status=status)


@own("what a person asked for")
@require_safe
def own_requests(request: FurkaRequest) -> HttpResponse:
    """One's own requests, with the clock that runs."""
    found = [shown(row, request.by.at) for row in asked.own_requests(request.by)]
    context = {"requests": found, "releases": own_releases(request.by)}
    return render(request, "requests/own.html", context)


@own("what a person asked for")
def own_request(request: FurkaRequest, request_key: str) -> HttpResponse:
    """One of them; what an emergency was is said here."""
    row = asked.own_request(request.by, request_key)
    if row is None:
        raise Http404
    form = JustifyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            entering.justify(request.by, row.key, form.cleaned_data["justification"])
            messages.success(request, _("Thank you. The owners are told."))
            return redirect("own-requests")
    context = {"shown": shown(row, request.by.at), "form": form if row.waits_for_justification else None}
    return render(request, "requests/one.html", context, status=422 if form.is_bound else 200)


_ACTS: dict[str, Callable[[Acting, str], object]] = {
    "begin": entering.begin,
    "withdraw": requesting.withdraw,
    "end": entering.end,
}


@own("what a person asked for")
@require_POST
def act(request: FurkaRequest, request_key: str) -> HttpResponse:
    """Use a yes, take a request back, or give the access back."""
    if asked.own_request(request.by, request_key) is None:
        raise Http404
    chosen = _ACTS.get(request.POST.get("act", ""))
    if chosen is not None:
        chosen(request.by, request_key)
        messages.success(request, _("Done."))
    return redirect("own-requests")
