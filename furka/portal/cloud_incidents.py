"""Incidents of the cloud: one of them, all of them by time and part, and what the operator adds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from furka.access.rights import CONFIGURE
from furka.errors import Invalid
from furka.gate.declare import at_node, own
from furka.gate.request import FurkaRequest
from furka.portal import cloud_words
from furka.portal.events import PeriodForm
from furka.portal.paging import address, page_of
from furka.status import incidents
from furka.status.models import Incident, Stage
from furka.status.queries import Sought, components, incident_of_key, incidents_sought
from furka.status.touched import hubs_of, touched_sites
from furka.tree.models import Kind, Node
from furka.tree.queries import operator


def _text_field(code: str) -> forms.CharField:
    name = get_language_info(code)["name_local"].capitalize()
    area = forms.Textarea(attrs={"rows": 3, "lang": code})
    return forms.CharField(
        label=name, required=False, widget=area, max_length=incidents.LONGEST_TEXT, strip=True
    )


class TextsForm(forms.Form):
    """A text in each language of the portal; one is enough."""

    use_required_attribute = False

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for code, _name in settings.LANGUAGES:
            self.fields[f"text_{code}"] = _text_field(code)

    def texts(self) -> dict[str, str]:
        """By language."""
        return {code: self.cleaned_data.get(f"text_{code}", "") for code, _name in settings.LANGUAGES}


class SayForm(TextsForm):
    """How far the operator is."""

    stage = forms.ChoiceField(label=gettext_lazy("How far are you?"), choices=Stage.choices)


class SoughtForm(PeriodForm):
    """Which incidents."""

    component = forms.ChoiceField(label=gettext_lazy("Part of the cloud"), required=False)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        choices = [("", _("All")), *((each.key, each.name) for each in components())]
        self.fields["component"].choices = choices  # type: ignore[attr-defined]


@own("what happened to the cloud is for everybody who uses it")
def history(request: FurkaRequest) -> HttpResponse:
    """All incidents, by time and part."""
    form = SoughtForm(request.GET if {"since", "until", "component"} & set(request.GET) else None)
    since, before = form.moments(settings.TIME_ZONE) if form.is_bound else (None, None)
    component = form.cleaned_data.get("component", "") if form.is_bound else ""
    page = page_of(
        incidents_sought(Sought(component, since, before)),
        ("-began_at", "-id"),
        request.GET.get("cursor", ""),
    )
    context = {
        "form": form,
        "rows": [cloud_words.incident_shown(row) for row in page.rows],
        "is_filtered": form.is_bound,
        "before": address(request, cursor=page.before) if page.before else "",
        "after": address(request, cursor=page.after) if page.after else "",
    }
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "cloud/history.html", context, status=status)


@own("what happened to the cloud is for everybody who uses it")
def incident(request: FurkaRequest, incident: str) -> HttpResponse:
    """One incident: what was found, what the operator says, which of the sites that somebody may see are behind it."""
    return _page(request, _of_key(incident))


@require_POST
@at_node(CONFIGURE, Kind.OPERATOR)
def say(request: FurkaRequest, node: Node, incident: str) -> HttpResponse:
    """The operator says how far they are."""
    row, form = _of_key(incident), SayForm(request.POST)
    if form.is_valid():
        try:
            incidents.say(request.by, node, row, form.cleaned_data["stage"], form.texts())
        except Invalid as wrong:
            form.add_error(None, str(wrong.message))
        else:
            messages.success(request, _("It stands on the page now."))
            return redirect("incident", incident=row.key)
    return _page(request, row, say_form=form, status=422)


@require_POST
@at_node(CONFIGURE, Kind.OPERATOR)
def explain(request: FurkaRequest, node: Node, incident: str) -> HttpResponse:
    """The operator explains afterwards what happened."""
    row, form = _of_key(incident), TextsForm(request.POST)
    if form.is_valid():
        try:
            incidents.explain(request.by, node, row, form.texts())
        except Invalid as wrong:
            form.add_error(None, str(wrong.message))
        else:
            messages.success(request, _("It stands on the page now."))
            return redirect("incident", incident=row.key)
    return _page(request, row, explain_form=form, status=422)


def _page(
    request: FurkaRequest,
    row: Incident,
    *,
    say_form: SayForm | None = None,
    explain_form: TextsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    root = operator()
    context: dict[str, Any] = {
        "incident": cloud_words.incident_shown(row),
        "touched": touched_sites(request.by, None, hubs_of([part.component for part in row.parts.all()])),
    }
    if request.by.may(CONFIGURE, root.place):
        texts = {f"text_{code}": text for code, text in row.post_mortem.items()}
        context |= {
            "operator": root,
            "say_form": say_form or SayForm(),
            "explain_form": explain_form or TextsForm(initial=texts),
        }
    return render(request, "cloud/incident.html", context, status=status)


def _of_key(key: str) -> Incident:
    row = incident_of_key(key)
    if row is None:
        raise Http404
    return row
