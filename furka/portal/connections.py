"""Verbindungen: who is in which site now, from where and how much passes; ending that; and who was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from furka.access.rights import PEOPLE
from furka.connections.models import Connection, Way
from furka.connections.operations import end_connection
from furka.connections.queries import MOST_RUNNING, Sought, connections_of, own_connections, running
from furka.gate.declare import at_node, own
from furka.gate.request import FurkaRequest
from furka.portal.events import PeriodForm
from furka.portal.level_page import level_url, render_level
from furka.portal.list_page import Choice
from furka.portal.paging import address, page_of
from furka.portal.return_to import page_before
from furka.tree import keeping_out
from furka.tree.acting import Acting
from furka.tree.ceilings import Ceiling
from furka.tree.confirmations import Session
from furka.tree.models import Kind, Node
from furka.tree.sessions import own_sessions

ORDER = ("-began_at", "-id")

#: For how long somebody whose connection is ended stays outside.
LASTS: tuple[tuple[str, Promise], ...] = (
    ("15", gettext_lazy("15 minutes")),
    ("60", gettext_lazy("one hour")),
    ("1440", gettext_lazy("one day")),
    ("", gettext_lazy("until somebody lets them in again")),
)
WAYS: tuple[tuple[str, Promise], ...] = (
    ("", gettext_lazy("All")),
    (Way.TUNNEL, gettext_lazy("Tunnel")),
    (Way.PAGE, gettext_lazy("Page in the browser")),
    ("relay", gettext_lazy("Site over TCP 443")),
)
#: Why a connection is over.
ENDED: dict[str, Promise] = {
    "idle": gettext_lazy("nothing was sent any more"),
    "closed": gettext_lazy("the access ended"),
    "lost": gettext_lazy("the hub did not tell any more"),
}


class SoughtForm(PeriodForm):
    """Which connections: of whom or where, and when."""

    q = forms.CharField(label=gettext_lazy("Person or site"), required=False, max_length=80)

    field_order = ("q", "since", "until")


class EndForm(forms.Form):
    """For how long they stay outside."""

    minutes = forms.TypedChoiceField(
        label=gettext_lazy("Kept out for"), choices=LASTS, coerce=int, empty_value=None, required=False
    )

    @property
    def lasts(self) -> timedelta | None:
        """None: until somebody lets them in again."""
        minutes = self.cleaned_data["minutes"]
        return None if minutes is None else timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class ConnectionShown:
    """A connection as lists show it; what is no address is not offered."""

    row: Connection
    duration: timedelta
    because: str
    person_url: str = ""
    site_url: str = ""
    end_url: str = ""


def _shown(by: Acting, row: Connection, **urls: str) -> ConnectionShown:
    text = ENDED.get(row.ended_by)
    return ConnectionShown(row, (row.ended_at or by.at) - row.began_at, str(text) if text else "", **urls)


@at_node(PEOPLE)
def level_connections(request: FurkaRequest, node: Node) -> HttpResponse:
    """Who is inside now, at the level and below, and who was."""
    part = request.GET.get("part", "")
    if part == "now":
        return render_level(request, node, "connections/_now.html", _now(request, node))
    form = sought_form(request)
    page = page_of(
        connections_of(request.by, node, sought(request, form, node.time_zone)), ORDER, _cursor(request)
    )
    context = {
        **(_now(request, node) if part != "list" else {}),
        "rows": [
            _shown(
                request.by,
                row,
                person_url=address(request, person=row.person.key, cursor=""),
                site_url="" if node.is_site else address(request, site=row.node.key, cursor=""),
            )
            for row in page.rows
        ],
        "shows_site": not node.is_site,
        "exports": [(name, _export_url(request, node, name)) for name in ("xlsx", "csv")],
        **listed(request, form, page.before, page.after),
    }
    template = "connections/_list.html" if part == "list" else "connections/level.html"
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render_level(request, node, template, context, here="level-connections", status=status)


def _now(request: FurkaRequest, node: Node) -> dict[str, object]:
    rows = running(connections_of(request.by, node))
    return {
        "running": [
            _shown(request.by, row, end_url=reverse("connection-end", args=(row.node.key, row.key)))
            for row in rows
        ],
        "is_cut": len(rows) >= MOST_RUNNING,
        "kept_out": keeping_out.kept_out_of(request.by, node) if node.is_site else [],
        "names_site": not node.is_site,
        "end_form": EndForm(auto_id="end_%s", initial={"minutes": "15"}),
        "back": address(request, cursor=""),
        "me": request.by.person_id,
    }


@require_POST
@at_node(PEOPLE, Kind.SITE)
def end(request: FurkaRequest, node: Node, connection: str) -> HttpResponse:
    """End what somebody does at the site, and keep them out for a while."""
    row = connections_of(request.by, node).filter(key=connection).first()
    form = EndForm(request.POST)
    if row is None or not form.is_valid():
        raise Http404
    row.node = node
    end_connection(request.by, row, form.lasts)
    text = _("%(name)s is out. Nothing of theirs passes any more.") % {"name": row.person}
    messages.success(request, text if row.person_id != request.by.person_id else _("You are out."))
    return redirect(page_before(request, level_url(node, "level-connections")))


@require_POST
@at_node(PEOPLE, Kind.SITE)
def let_in(request: FurkaRequest, node: Node, absence: str) -> HttpResponse:
    """Somebody who was kept out may enter again."""
    row = next((each for each in keeping_out.kept_out_of(request.by, node) if each.key == absence), None)
    if row is None:
        raise Http404
    row.node = node
    keeping_out.let_back_in(request.by, row)
    messages.success(request, _("%(name)s may enter again.") % {"name": row.person})
    return redirect("level-connections", node.key)


# --- One's own -------------------------------------------------------------------------------------------------------


@own("where a person is inside, and was")
def own_list(request: FurkaRequest) -> HttpResponse:
    """Where I am inside, and was."""
    form = sought_form(request)
    rows = own_connections(request.by, sought(request, form, request.user.time_zone))
    page = page_of(rows, ORDER, _cursor(request))
    context = {
        "rows": [
            _shown(request.by, row, site_url=address(request, site=row.node.key, cursor=""))
            for row in page.rows
        ],
        "is_own": True,
        "shows_site": True,
        **listed(request, form, page.before, page.after),
    }
    template = "connections/_list.html" if request.GET.get("part") else "connections/own.html"
    return render(request, template, context, status=422 if form.is_bound and not form.is_valid() else 200)


@dataclass(frozen=True, slots=True)
class Presence:
    """Where somebody is inside now, and where they left by themselves."""

    inside: list[ConnectionShown]
    left: list[Ceiling]
    sessions: list[Session]


def my_presence(by: Acting) -> Presence:
    """Of the one who acts, for the page of what one reaches."""
    return Presence(
        [_shown(by, row) for row in running(own_connections(by))],
        [row for row in keeping_out.own_absences(by) if keeping_out.is_own(row)],
        own_sessions(by),
    )


@own("what a person does at a site themselves")
@require_POST
def own_end(request: FurkaRequest, connection: str) -> HttpResponse:
    """I leave: nothing of mine passes there until I come back."""
    row = (
        own_connections(request.by)
        .filter(key=connection)
        .select_related("node__reseller", "node__customer")
        .first()
    )
    if row is None:
        raise Http404
    end_connection(request.by, row)
    messages.success(request, _("You are out. Nothing of yours passes there until you come back."))
    return redirect("profiles")


@own("where a person left by themselves")
@require_POST
def come_back(request: FurkaRequest, absence: str) -> HttpResponse:
    """I left by myself, and come back by myself."""
    row = keeping_out.come_back(request.by, absence)
    messages.success(request, _("“%(name)s” is open to you again.") % {"name": row.node.name})
    return redirect("profiles")


# --- What is sought --------------------------------------------------------------------------------------------------


def sought_form(request: FurkaRequest) -> SoughtForm:
    """What was asked for, as a form; not bound if nothing was."""
    asked = any(name in request.GET for name in ("q", "since", "until"))
    return SoughtForm(request.GET if asked else None)


def sought(request: FurkaRequest, form: SoughtForm, zone: str) -> Sought:
    """The same for the query."""
    since, before = form.moments(zone) if form.is_bound else (None, None)
    text = form.cleaned_data.get("q", "") if form.is_bound and form.is_valid() else ""
    person, site, way = (request.GET.get(name, "")[:40] for name in ("person", "site", "way"))
    return Sought(text.strip(), person, site, way, since, before)


def listed(request: FurkaRequest, form: SoughtForm, before: str, after: str) -> dict[str, Any]:
    """What every list of connections has around it."""
    chosen = [name for name in ("person", "site") if request.GET.get(name)]
    words = {"person": _("this person only"), "site": _("this site only")}
    return {
        "form": form,
        "ways": [
            Choice(str(text), address(request, way=key, cursor=""), key == request.GET.get("way", ""))
            for key, text in WAYS
        ],
        "chosen": [Choice(words[name], address(request, cursor="", **{name: ""}), True) for name in chosen],
        "kept": [
            (name, request.GET.get(name, "")) for name in ("person", "site", "way") if request.GET.get(name)
        ],
        "is_filtered": bool(form.is_bound or chosen or request.GET.get("way")),
        "is_first": not before,
        "before": address(request, cursor=before) if before else "",
        "after": address(request, cursor=after) if after else "",
        "refresh_url": address(request, part="list"),
        "plain_url": request.path,
    }


def _cursor(request: FurkaRequest) -> str:
    return request.GET.get("cursor", "")


def _export_url(request: FurkaRequest, node: Node, form: str) -> str:
    query = address(request, cursor="").partition("?")[2]
    url = reverse("level-connections-export", kwargs={"key": node.key, "form": form})
    return f"{url}?{query}" if query else url
