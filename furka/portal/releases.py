"""Freigabe vor Ort: whom somebody at the plant may let in without a login to the portal, and their PINs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from furka.access.rights import PEOPLE
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.people.models import Person
from furka.portal.level_page import render_level
from furka.portal.refusals import errors_on
from furka.portal.requests import MINUTES
from furka.releases import operations
from furka.releases.queries import prepared_at, release_of_key, who_can_be_prepared
from furka.tree.models import Kind, Node
from furka.tree.who import Entrant


class PrepareForm(forms.Form):
    """Who may be let in, and for how long each time."""

    person = forms.ChoiceField(label=gettext_lazy("Supporter"))
    minutes = forms.TypedChoiceField(
        label=gettext_lazy("Each time for"), choices=MINUTES, coerce=int, initial=60
    )

    def __init__(self, people: list[Entrant], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(each.person_id): each.person_id for each in people}
        self.fields["person"].choices = [(str(each.person_id), each.name) for each in people]  # type: ignore[attr-defined]  # it is a choice field

    @property
    def chosen(self) -> Person:
        """Who was chosen; only those who were shown can be."""
        return Person.objects.get(pk=self._people[self.cleaned_data["person"]])


@never_cache
@at_node(PEOPLE, Kind.SITE)
def releases(request: FurkaRequest, node: Node) -> HttpResponse:
    """Who is prepared, and one more; a new PIN is shown this once, in the answer to the form."""
    people = who_can_be_prepared(request.by, node)
    form = PrepareForm(people, request.POST if request.method == "POST" else None)
    pin, row = "", None
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            row, pin = operations.prepare(request.by, node, form.chosen, form.cleaned_data["minutes"])
            form = PrepareForm(people)
    context = {
        "form": form if people else None,
        "pin": pin,
        "row": row,
        "prepared": prepared_at(request.by, node),
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "releases/level.html", context, here="level-people", status=status)


@require_POST
@at_node(PEOPLE, Kind.SITE)
def take_back(request: FurkaRequest, node: Node, release: str) -> HttpResponse:
    """Nobody at the site lets this supporter in any more."""
    row = release_of_key(request.by, node, release)
    if row is None:
        raise Http404
    operations.take_back(request.by, row)
    messages.success(
        request, _("%(name)s can no longer be let in by somebody at the plant.") % {"name": row.person}
    )
    return redirect("level-releases", node.key)
