"""Asking for more time, and answering those who ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from furka.access.rights import PEOPLE
from furka.gate.declare import at_node, own
from furka.gate.request import FurkaRequest
from furka.portal import role_words, words
from furka.portal.level_page import level_url, render_level
from furka.portal.people_fields import Card, MomentField
from furka.portal.people_forms import LONGER
from furka.portal.refusals import errors_on
from furka.tree import extending, queries
from furka.tree.extensions import Asked, Outcome, asked_of, own_requests, request_of_key, was_own
from furka.tree.level_roles import names_of
from furka.tree.models import Node
from furka.tree.queries import GrantView


class _EndForm(forms.Form):
    """A choice of an end, or a moment on the clock of the level."""

    valid_until = MomentField(
        label=gettext_lazy("Moment of the end"),
        error_messages={"required": gettext_lazy("Please enter the moment of the end.")},
    )

    def __init__(self, node: Node, at: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        moment = self.fields["valid_until"]
        assert isinstance(moment, MomentField)
        moment.zone = ZoneInfo(node.time_zone)
        moment.help_text = _("Time at the level: %(zone)s (%(name)s)") % {
            "zone": words.zone_name(at.astimezone(moment.zone)),
            "name": node.time_zone,
        }


class AskForm(_EndForm):
    """Until when somebody wants to go on, and why."""

    wish = forms.ChoiceField(label=gettext_lazy("How much longer"), initial="4h", widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        error_messages={"required": gettext_lazy("Please say in a few words why.")},
    )

    def __init__(self, grant: GrantView, at: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(grant.node, at, *args, **kwargs)
        self._end = grant.valid_until or at
        self.fields["wish"].choices = [  # type: ignore[attr-defined]  # it is a choice field
            *((key, Card(text)) for key, (text, _span) in LONGER.items()),
            ("moment", Card(_("until a moment …"))),
        ]

    def add_error(self, field: str | None, error: Any) -> None:
        """What does not fit about a span is said at the span."""
        if (
            field == "valid_until"
            and "valid_until" in self.cleaned_data
            and self.cleaned_data.get("wish") != "moment"
        ):
            field = "wish"
        super().add_error(field, error)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        wish = cleaned.get("wish", "")
        if wish in LONGER:
            self.errors.pop("valid_until", None)
            cleaned["valid_until"] = self._end + LONGER[wish][1]
        return cleaned


class AnswerForm(_EndForm):
    """As wished, shorter, or not at all; with a word about it."""

    decision = forms.ChoiceField(label=gettext_lazy("Your answer"), initial="wish", widget=forms.RadioSelect)
    answer = forms.CharField(label=gettext_lazy("A word about it"), required=False, max_length=500)

    def __init__(self, asked: Asked, at: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(asked.grant.node, at, *args, **kwargs)
        self._asked = asked
        wished = _until(asked.until, asked.grant.node)
        self.fields["decision"].choices = [  # type: ignore[attr-defined]  # it is a choice field
            ("wish", Card(_("Extend as wished"), wished)),
            ("other", Card(_("Extend to another moment"))),
            ("decline", Card(_("Decline"), _("The access ends as planned."))),
        ]

    def add_error(self, field: str | None, error: Any) -> None:
        """What does not fit about the wish is said at the answer."""
        was_read = "valid_until" in self.cleaned_data
        if field == "valid_until" and was_read and self.cleaned_data.get("decision") != "other":
            field = "decision"
        super().add_error(field, error)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") != "other":
            self.errors.pop("valid_until", None)
            cleaned["valid_until"] = self._asked.until
        return cleaned


@own("everybody may ask for more of what they hold themselves")
@never_cache
def ask(request: FurkaRequest, grant: str) -> HttpResponse:
    """Ask that one's own access goes on; those in charge are told."""
    view = next((each for each in queries.grants_of(request.by) if each.key == grant), None)
    if view is None:
        if not was_own(request.by, grant):
            raise Http404
        return render(request, "people/extension_over.html", status=410)
    last = own_requests(request.by).get(grant)
    form = AskForm(view, request.by.at, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        with errors_on(form):
            chosen = form.cleaned_data
            extending.ask_extension(request.by, grant, chosen["valid_until"], chosen["reason"])
            messages.success(request, _("Your request is sent. You get a mail with the answer."))
            return redirect("extension-ask", grant)
    context = {
        "grant": view,
        "role": role_words.title(view.role, view.rights, names_of({view.role})),
        "form": form,
        "last": last,
        "waits": last is not None and last.outcome == Outcome.OPEN,
        "wished": _until(last.wanted_until, view.node) if last else "",
        "outcome": Outcome(last.outcome).label if last else "",
    }
    return render(request, "people/extension_ask.html", context, status=422 if form.is_bound else 200)


@own("everybody may take back what they asked for themselves")
@require_POST
def withdraw(request: FurkaRequest, asked: str) -> HttpResponse:
    """Take a request back."""
    extending.withdraw_extension(request.by, asked)
    messages.success(request, _("Your request is withdrawn."))
    return redirect("profiles")


@at_node(PEOPLE)
def answer(request: FurkaRequest, node: Node, asked: str) -> HttpResponse:
    """Grant, shorten or decline what somebody asked for; afterwards what was answered."""
    row = request_of_key(request.by, node, asked)
    if row is None:
        raise Http404
    view = asked_of(row, request.by.at) if row.outcome == Outcome.OPEN else None
    people_url = level_url(node, "level-people")
    context: dict[str, object] = {
        "row": row,
        "outcome": Outcome(row.outcome).label,
        "asked": view,
        "people_url": people_url,
        "wished": _until(row.wanted_until, node),
        "given": _until(row.given_until, node),
    }
    status = 200
    if view is not None:
        form = AnswerForm(view, request.by.at, request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            with errors_on(form):
                chosen = form.cleaned_data
                if chosen["decision"] == "decline":
                    extending.decline_extension(request.by, row, chosen["answer"])
                    messages.success(
                        request, _("%(name)s is told that the access ends as planned.") % {"name": row.person}
                    )
                else:
                    extending.grant_extension(request.by, row, chosen["valid_until"], chosen["answer"])
                    messages.success(
                        request,
                        _("The access of %(name)s is extended, and they are told.") % {"name": row.person},
                    )
                return redirect(people_url)
        context |= {
            "form": form,
            "role": role_words.title(view.grant.role, view.grant.rights, names_of({view.grant.role})),
        }
        status = 422 if form.is_bound else 200
    template = "people/extension_answer.html"
    return render_level(request, node, template, context, here="level-people", status=status)


def answer_url(asked: Asked) -> str:
    """Where a request is answered."""
    return reverse("extension-answer", args=(asked.grant.node.key, asked.key))


def _until(end: datetime | None, node: Node) -> str:
    if end is None:
        return _("until revoked")
    return _("until %(moment)s") % {"moment": words.moment(end, node.time_zone)}
