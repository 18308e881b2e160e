"""Wer hat Zugriff? Everybody who may do something at a level, and why; everything that one person can reach; now and at
any past moment, as a page, as a table and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from furka.access.rights import PEOPLE, RIGHTS, Right
from furka.errors import Invalid
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.people.models import Person
from furka.portal.access_print import not_noted, printed
from furka.portal.access_words import AccessShown, as_csv, shown
from furka.portal.level_page import level_url, render_level
from furka.portal.parts import in_words
from furka.portal.people_fields import MomentField
from furka.portal.words import zone_name
from furka.tree import accesses, records
from furka.tree.accesses import Access
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.noted_since import not_noted_before

#: So many rows stand on the page; tables and prints have them all.
MOST_SHOWN = 300


class QuestionForm(forms.Form):
    """About which moment, and about whom: empty fields mean now, any right, everybody."""

    use_required_attribute = False

    at = MomentField(label=gettext_lazy("As it was on"), required=False)
    right = forms.ChoiceField(label=gettext_lazy("Who may"), required=False)
    q = forms.CharField(label=gettext_lazy("Person"), required=False, max_length=120)

    def __init__(self, by: Acting, node: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by, self._node = by, node
        field = self.fields["at"]
        assert isinstance(field, MomentField)
        field.zone = ZoneInfo(node.time_zone)
        field.help_text = _("Empty: now. Time at the level: %(zone)s") % {
            "zone": zone_name(by.at.astimezone(field.zone))
        }
        titles = [(right.key, gettext(right.title)) for right in RIGHTS.all()]
        self.fields["right"].choices = [("", _("do anything at all")), *titles]  # type: ignore[attr-defined]

    def clean_at(self) -> datetime | None:
        """Nobody knows what will be granted."""
        at: datetime | None = self.cleaned_data["at"]
        try:
            return accesses.moment_asked(self._by, at) if at is not None else None
        except Invalid as error:
            raise ValidationError(str(error)) from None

    @property
    def moment(self) -> datetime:
        """What the question is about."""
        at: datetime | None = self.cleaned_data.get("at") if self.is_valid() else None
        return at or self._by.at

    @property
    def only(self) -> Right | None:
        """The one right that is asked for."""
        key = self.cleaned_data.get("right") if self.is_valid() else ""
        return RIGHTS.get(key) if key else None

    def chosen(self, found: Sequence[Access]) -> list[Access]:
        """Those whose name or address contains the text."""
        text = self.cleaned_data.get("q", "").strip().casefold() if self.is_valid() else ""
        return [each for each in found if text in each.name.casefold() or text in each.email.casefold()]


@require_safe
@at_node(PEOPLE)
def level_access(request: FurkaRequest, node: Node) -> HttpResponse:
    """Everybody who may do something here, and why."""
    form = QuestionForm(request.by, node, request.GET)
    found = _who(request.by, node, form) if form.is_valid() else []
    written = request.GET.get("hash", "")
    context = {
        "form": form,
        "accesses": _shown(request.by, node, found[:MOST_SHOWN]),
        "number": len(found),
        "people": len({each.person_key for each in found}),
        "left_out": max(0, len(found) - MOST_SHOWN),
        "query": _query(request),
        "hash": written,
        "taken": records.taken(request.by, node, written) if written else None,
        **_moment(request, node, form),
    }
    status = 200 if form.is_valid() else 422
    return render_level(request, node, "access/who.html", context, here="level-people", status=status)


@require_safe
@at_node(PEOPLE)
def export(request: FurkaRequest, node: Node, form: str) -> StreamingHttpResponse:
    """The same as a table."""
    if form != "csv":
        raise Http404
    asked = _asked(request, node)
    lines = as_csv(_shown(request.by, node, _who(request.by, node, asked)), with_person=True)
    return _table(lines, f"access-{node.key}-{asked.moment:%Y-%m-%d}.csv")


@require_POST
@at_node(PEOPLE)
def take(request: FurkaRequest, node: Node) -> HttpResponse:
    """The same on paper; the journal keeps the hash."""
    form = _asked(request, node)
    found = _who(request.by, node, form)
    record = records.record_of(request.by, node, form.moment, found, right=form.only)
    rows = _shown(request.by, node, found)
    content = printed(request.by, node, form.moment, record, rows, right=form.only)
    records.take(request.by, node, record)
    return _file(content, f"access-{node.key}-{form.moment:%Y-%m-%d}.pdf")


@require_safe
@at_node(PEOPLE)
def person_access(request: FurkaRequest, node: Node, person: str) -> HttpResponse:
    """Everything that one person can reach at this level and below, as far as the one who asks administers people."""
    somebody = _somebody(request.by, node, person)
    form = QuestionForm(request.by, node, request.GET)
    found = accesses.reach_of(request.by, node, somebody, form.moment) if form.is_valid() else []
    context = {
        "form": form,
        "person": somebody,
        "is_me": somebody.pk == request.by.person_id,
        "accesses": _reached(request.by, node, found[:MOST_SHOWN]),
        "number": len(found),
        "left_out": max(0, len(found) - MOST_SHOWN),
        "query": _query(request),
        **_moment(request, node, form),
    }
    status = 200 if form.is_valid() else 422
    return render_level(request, node, "access/person.html", context, here="level-people", status=status)


@require_safe
@at_node(PEOPLE)
def export_person(request: FurkaRequest, node: Node, person: str, form: str) -> StreamingHttpResponse:
    """The same as a table."""
    if form != "csv":
        raise Http404
    somebody = _somebody(request.by, node, person)
    asked = _asked(request, node)
    found = accesses.reach_of(request.by, node, somebody, asked.moment)
    lines = as_csv(_reached(request.by, node, found), with_person=False)
    return _table(lines, f"access-{somebody.key}-{asked.moment:%Y-%m-%d}.csv")


@require_POST
@at_node(PEOPLE)
def take_person(request: FurkaRequest, node: Node, person: str) -> HttpResponse:
    """The same on paper; the journal keeps the hash."""
    somebody = _somebody(request.by, node, person)
    form = _asked(request, node)
    found = accesses.reach_of(request.by, node, somebody, form.moment)
    record = records.record_of(request.by, node, form.moment, found, person=somebody)
    rows = _reached(request.by, node, found)
    content = printed(request.by, node, form.moment, record, rows, person=somebody)
    records.take(request.by, node, record)
    return _file(content, f"access-{somebody.key}-{form.moment:%Y-%m-%d}.pdf")


def _somebody(by: Acting, node: Node, key: str) -> Person:
    found = accesses.known_person(by, node, key)
    if found is None:
        raise Http404
    return found


def _asked(request: FurkaRequest, node: Node) -> QuestionForm:
    form = QuestionForm(request.by, node, request.GET)
    if not form.is_valid():
        raise Http404
    return form


def _who(by: Acting, node: Node, form: QuestionForm) -> list[Access]:
    return form.chosen(accesses.who_may(by, node, form.moment, form.only))


def _shown(by: Acting, node: Node, found: Sequence[Access]) -> list[AccessShown]:
    visible, parts = accesses.may_see(by, found), in_words(each.narrowing for each in found)
    return [
        shown(
            each,
            node.time_zone,
            part=parts[each.narrowing],
            level_url=level_url(each.level) if each.level.pk in visible else "",
            person_url=reverse("level-access-person", args=(node.key, each.person_key)),
        )
        for each in found
    ]


def _reached(by: Acting, node: Node, found: Sequence[Access]) -> list[AccessShown]:
    visible, sites = accesses.may_see(by, found), accesses.sites_reached(by, found)
    parts = in_words(each.narrowing for each in found)
    return [
        shown(
            each,
            node.time_zone,
            part=parts[each.narrowing],
            level_url=level_url(each.level) if each.level.pk in visible else "",
            sites=sites.get(each.level.pk, 0) if each.level.pk in visible else None,
        )
        for each in found
    ]


def _moment(request: FurkaRequest, node: Node, form: QuestionForm) -> dict[str, object]:
    is_past = form.moment < request.by.at
    since = not_noted_before(node, form.moment) if is_past else None
    return {
        "moment": form.moment,
        "is_past": is_past,
        "noted_since": not_noted(since, node.time_zone) if since else "",
        "is_filtered": bool(form.is_valid() and any(form.cleaned_data.values())),
        "plain_url": request.path,
        "people_url": level_url(node, "level-people"),
    }


def _query(request: FurkaRequest) -> str:
    query = request.GET.copy()
    query.pop("hash", None)
    return f"?{query.urlencode()}" if query else ""


def _table(lines: Any, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(list(lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
