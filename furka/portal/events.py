"""Pages of the journal: who did what at a level, and what happened; filtered, paged, exported."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from asgiref.sync import sync_to_async
from django import forms
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from furka.access.rights import JOURNAL
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.journal.models import Event
from furka.live.listen import then_closed
from furka.portal import event_words
from furka.portal.csv_lines import BEGINNING, csv_line
from furka.portal.level_page import level_url, render_level
from furka.portal.list_page import Choice
from furka.portal.paging import address, page_of
from furka.tree.acting import Acting
from furka.tree.history import events_of
from furka.tree.models import Node

#: Rows that the export reads at once.
BATCH = 500

#: The columns of the export as a table.
COLUMNS = (
    "number",
    "at",
    "action",
    "actor_name",
    "via",
    "on_behalf_of",
    "grant_key",
    "node_key",
    "node_name",
    "before",
    "after",
    "previous_hash",
    "hash",
)


class DayField(forms.DateField):
    """A day, or none."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def validate(self, value: Any) -> None:
        """Nothing is no fault; a day at the edge of the calendar is, since the day after it must exist."""
        if value is not None and not 1970 <= value.year <= 2200:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")


class PeriodForm(forms.Form):
    """From which day to which day; both included."""

    use_required_attribute = False

    since = DayField(label=_("From"))
    until = DayField(label=_("To"))

    def moments(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """The beginning of the first day and the end of the last, by the clock of the level."""
        if not self.is_valid():
            return None, None
        first, last = self.cleaned_data["since"], self.cleaned_data["until"]
        clock = ZoneInfo(zone)
        return (
            datetime(first.year, first.month, first.day, tzinfo=clock) if first else None,
            datetime(last.year, last.month, last.day, tzinfo=clock) + timedelta(days=1) if last else None,
        )


@at_node(JOURNAL)
def level_events(request: FurkaRequest, node: Node) -> HttpResponse:
    """What was done and what happened at a level and below, newest first."""
    group = request.GET.get("what", "")
    group = group if group in event_words.GROUPS else ""
    form = PeriodForm(request.GET if "since" in request.GET or "until" in request.GET else None)
    rows = _chosen(request.by, node, group, form)
    page = page_of(rows, ("-at", "-id"), request.GET.get("cursor", ""))
    context = {
        "events": [event_words.told(event) for event in page.rows],
        "groups": [
            Choice(str(text), address(request, what=key, cursor=""), key == group)
            for key, text in (
                ("", _("All")),
                *((key, text) for key, (text, _of) in event_words.GROUPS.items()),
            )
        ],
        "group": group,
        "form": form,
        "before": address(request, cursor=page.before) if page.before else "",
        "after": address(request, cursor=page.after) if page.after else "",
        "is_first": not page.before,
        "is_filtered": bool(group or form.is_bound),
        "exports": [(form_, _export_url(request, node, form_)) for form_ in FORMS],
        "refresh_url": address(request, part="list"),
        "plain_url": level_url(node, "level-events"),
    }
    template = "levels/_events.html" if request.GET.get("part") else "levels/events.html"
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render_level(request, node, template, context, here="level-events", status=status)


def _chosen(by: Acting, node: Node, group: str, form: PeriodForm) -> Any:
    since, before = form.moments(node.time_zone) if form.is_bound else (None, None)
    return events_of(by, node, actions=event_words.beginnings(group), since=since, before=before)


def _export_url(request: FurkaRequest, node: Node, form: str) -> str:
    query = address(request, cursor="").partition("?")[2]
    url = reverse("level-events-export", kwargs={"key": node.key, "form": form})
    return f"{url}?{query}" if query else url


# --- Export ----------------------------------------------------------------------------------------------------------


def _as_json(event: Event) -> str:
    return json.dumps(_plain(event), ensure_ascii=False, separators=(",", ":")) + "\n"


def _as_csv(event: Event) -> str:
    values = _plain(event)
    for name in ("before", "after"):
        values[name] = json.dumps(values[name], ensure_ascii=False) if values[name] else ""
    return csv_line(values[name] for name in COLUMNS)


def _plain(event: Event) -> dict[str, Any]:
    values = {name: getattr(event, name) for name in COLUMNS}
    values["at"] = event.at.isoformat()
    return values


#: Form → (type, the first line, a line of an event).
FORMS: dict[str, tuple[str, str, Callable[[Event], str]]] = {
    "csv": ("text/csv; charset=utf-8", BEGINNING + csv_line(COLUMNS), _as_csv),
    "jsonl": ("application/jsonl; charset=utf-8", "", _as_json),
}


@at_node(JOURNAL)
def export(request: FurkaRequest, node: Node, form: str) -> StreamingHttpResponse:
    """The same events as on the page, all of them, as a table (RFC 4180) or as lines of JSON."""
    if form not in FORMS:
        raise Http404
    media_type, head, line = FORMS[form]
    period = PeriodForm(request.GET if "since" in request.GET or "until" in request.GET else None)
    rows = _chosen(request.by, node, request.GET.get("what", ""), period)
    response = StreamingHttpResponse(_lines(rows, head, line), content_type=media_type)
    name = f"events-{node.key}-{request.by.at:%Y-%m-%d}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _lines(rows: Any, head: str, line: Callable[[Event], str]) -> AsyncIterator[str]:
    """The lines, a batch at a time; what comes meanwhile is newer than the first row and stays out."""
    read = sync_to_async(then_closed(_batch))
    if head:
        yield head
    cursor: str | None = ""
    while cursor is not None:
        batch, cursor = await read(rows, cursor)
        yield "".join(chain.from_iterable(map(line, batch)))


def _batch(rows: Any, cursor: str) -> tuple[list[Event], str | None]:
    page = page_of(rows, ("-at", "-id"), cursor, BATCH)
    return page.rows, page.after or None
