"""Was andere hier dürfen: the limits that the owner of a level sets for others, and how they are told to those."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from furka.access.policy import Reason
from furka.access.rights import LOOK, RIGHTS, Right
from furka.access.windows import windows_from_json
from furka.catalogue.service import visit_rights
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal import role_words
from furka.portal.level_page import level_url, render_level
from furka.portal.people_fields import Card, WeekField
from furka.portal.refusals import errors_on
from furka.tree import ceilings
from furka.tree.accesses import limited_by
from furka.tree.acting import Acting
from furka.tree.ceilings import Ceiling, CeilingTerms
from furka.tree.models import Kind, Node
from furka.tree.own_limits import HeldBack, held_back
from furka.tree.week_words import hours_in_words

#: So many of those who are limited are named.
MOST_NAMED = 10


_SESSIONS = ("confirm", "confirm_reason", "confirm_factor", "idle_minutes", "longest_minutes")
_OF_OWNERS = ("bound", "rights", "hours", "windows", "approval", "emergency", *_SESSIONS)


class LimitsForm(forms.Form):
    """What an owner leaves to others."""

    use_required_attribute = False

    bound = forms.ChoiceField(
        label=gettext_lazy("What others may do"),
        choices=(
            ("", Card(gettext_lazy("Whatever they were granted"))),
            ("some", Card(gettext_lazy("At most what I choose here"))),
        ),
        required=False,
        widget=forms.RadioSelect,
    )
    rights = forms.MultipleChoiceField(
        label=gettext_lazy("At most these rights"), required=False, widget=forms.CheckboxSelectMultiple
    )
    hours = forms.ChoiceField(
        label=gettext_lazy("When"),
        choices=(
            ("", Card(gettext_lazy("around the clock"))),
            ("weekly", Card(gettext_lazy("at certain hours of the week"))),
        ),
        required=False,
        widget=forms.RadioSelect,
    )
    windows = WeekField(label=gettext_lazy("Access hours"), required=False)
    approval = forms.MultipleChoiceField(
        label=gettext_lazy("Only with a yes to each time"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    emergency = forms.BooleanField(
        label=gettext_lazy("In an emergency also without a yes; the owners are alarmed at once"),
        required=False,
    )
    confirm = forms.BooleanField(
        label=gettext_lazy("Everybody confirms in the portal each time that they connect, my own people too"),
        required=False,
    )
    confirm_reason = forms.BooleanField(label=gettext_lazy("and says why"), required=False)
    confirm_factor = forms.BooleanField(label=gettext_lazy("and shows a second factor"), required=False)
    idle_minutes = forms.IntegerField(
        label=gettext_lazy("It ends when nothing passes for so many minutes"),
        required=False,
        min_value=1,
        max_value=ceilings.LONGEST_SESSION,
    )
    longest_minutes = forms.IntegerField(
        label=gettext_lazy("and after so many minutes in any case"),
        required=False,
        min_value=1,
        max_value=ceilings.LONGEST_SESSION,
    )
    two_factor = forms.BooleanField(
        label=gettext_lazy("Everybody needs a second factor to log in, my own people too"), required=False
    )

    def __init__(self, node: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = [(right.key, gettext(right.title)) for right in RIGHTS.all() if right != LOOK]
        for name in ("rights", "approval"):
            self.fields[name].choices = titles  # type: ignore[attr-defined]  # they are choice fields
        self.zone_in_words = _("Time at the level: %(zone)s") % {"zone": node.time_zone}
        if node.kind == Kind.RESELLER:
            for name in _OF_OWNERS:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("hours") == "weekly" and not cleaned.get("windows") and "windows" not in self.errors:
            self.add_error("windows", _("Choose at least one hour of the week."))
        return cleaned

    def terms(self) -> CeilingTerms:
        """What was chosen."""
        chosen = self.cleaned_data
        return CeilingTerms(
            rights=tuple(chosen["rights"]) if chosen.get("bound") == "some" else None,
            windows=chosen["windows"] if chosen.get("hours") == "weekly" else (),
            approval=tuple(chosen.get("approval", ())),
            two_factor=chosen["two_factor"],
            emergency=chosen.get("emergency", False),
            confirm=[right.key for right in visit_rights()] if chosen.get("confirm") else (),
            confirm_reason=chosen.get("confirm_reason", False),
            confirm_factor=chosen.get("confirm_factor", False),
            idle_minutes=chosen.get("idle_minutes") or ceilings.USUAL_PAUSE,
            longest_minutes=chosen.get("longest_minutes") or ceilings.USUAL_SESSION,
        )


@dataclass(frozen=True, slots=True)
class LimitsShown:
    """Limits in words, for those who are limited."""

    level: str
    rights: tuple[str, ...] | None  # None: whatever was granted
    hours: tuple[str, ...]
    approval: tuple[str, ...]
    two_factor: bool
    emergency: bool
    confirm: bool
    confirm_reason: bool
    confirm_factor: bool
    idle: timedelta
    longest: timedelta


@at_node(LOOK)
def limits(request: FurkaRequest, node: Node) -> HttpResponse:
    """What others may do here at most: set by the owner's people, read by everybody."""
    may_set = ceilings.may_set(request.by, node)
    row = ceilings.ceiling_of(request.by, node)
    if request.method == "POST" and not may_set:
        messages.error(request, _("Only the owner's own people may set limits for others here."))
        return redirect("level-limits", node.key)
    form = LimitsForm(node, request.POST if request.method == "POST" else None, initial=_initial(row))
    context: dict[str, object] = {}
    if request.method == "POST" and form.is_valid():
        if "preview" in request.POST:
            names = limited_by(request.by, node, form.terms())
            context = {"previewed": True, "limited": names, "limited_named": names[:MOST_NAMED]}
            return _page(request, node, form, row, context)
        with errors_on(form):
            ceilings.set_ceiling(request.by, node, form.terms())
            messages.success(request, _("Saved. It counts from now on, also for connections that are open."))
            return redirect("level-limits", node.key)
    return _page(request, node, form, row, context, 422 if form.is_bound else 200)


def limits_for(by: Acting, node: Node) -> list[LimitsShown]:
    """What limits the one who acts at a level, in words."""
    return [shown(row) for row in ceilings.ceilings_limiting(by, node)]


def limits_told(rows: Iterable[Ceiling]) -> list[LimitsShown]:
    """Limits in words."""
    return [shown(row) for row in rows]


@dataclass(frozen=True, slots=True)
class HeldBackShown:
    """A level that somebody could enter, but for what its owner wants: why not now, and what they can do about it."""

    held: HeldBack
    kind: str
    word: str
    text: str
    url: str
    action: str


def held_back_from(by: Acting, right: Right) -> list[HeldBackShown]:
    """Where the one who acts could use a right, but for what an owner wants; with what to do, in words."""
    return [_held_back_shown(each) for each in held_back(by, right)]


def _held_back_shown(each: HeldBack) -> HeldBackShown:
    match each.reason:
        case Reason.TWO_FACTOR:
            text = _("A password alone is not enough here. A second proof takes two minutes to set up.")
            found = ("warn", _("Second factor missing"), text, reverse("mfa_index"), _("Set it up"))
        case Reason.APPROVAL:
            text = _("Somebody has to say yes each time. Ask shortly before you need it.")
            address = level_url(each.node, "level-ask")
            found = ("info", _("Only with a yes"), text, address, _("Request access"))
        case Reason.UNCONFIRMED:
            text = _("The owner wants everybody to confirm each connection here.")
            address = level_url(each.node, "confirm-connect" if each.node.is_site else "level-sites")
            action = _("Connect") if each.node.is_site else _("Choose a site")
            found = ("info", _("Confirm to connect"), text, address, action)
        case Reason.KEPT_OUT:
            text = _("Somebody who administers this site has ended your connection for a while.")
            address = level_url(each.node, "level-support")
            found = ("ends", _("Kept out for a while"), text, address, _("Whom to call"))
        case Reason.CEILING_HOURS:
            text = _("The owner leaves this to others at certain hours only.")
            address = level_url(each.node, "level-limits")
            found = ("ends", _("Not at this hour"), text, address, _("Show hours"))
        case _:
            text = _("The owner leaves this to nobody else. If you need it, speak with them.")
            address = level_url(each.node, "level-limits")
            found = ("off", _("Not left to others"), text, address, _("Show limits"))
    return HeldBackShown(each, *found)


def only_looks(by: Acting, node: Node) -> bool:
    """Whether the one who acts may see a level and nothing else now: then there may be something to ask for."""
    return not any(by.may(right, node.place) for right in RIGHTS.all() if right != LOOK)


def shown(row: Ceiling) -> LimitsShown:
    """Limits in words."""
    return LimitsShown(
        row.node.name,
        None if row.rights is None else tuple(role_words.rights_in_words(row.rights)),
        hours_in_words(row.windows),
        tuple(role_words.rights_in_words(row.approval)) if row.approval else (),
        row.two_factor,
        row.emergency,
        bool(row.confirm),
        row.confirm_reason,
        row.confirm_factor,
        timedelta(minutes=row.idle_minutes),
        timedelta(minutes=row.longest_minutes),
    )


def _page(
    request: FurkaRequest,
    node: Node,
    form: LimitsForm,
    row: Ceiling | None,
    context: dict[str, object],
    status: int = 200,
) -> HttpResponse:
    content = {
        "form": form if ceilings.may_set(request.by, node) else None,
        "own": shown(row) if row is not None else None,
        "limits": limits_for(request.by, node),
        "may_limit": node.kind != Kind.RESELLER,
        "settings_url": level_url(node, "level-settings"),
        **context,
    }
    return render_level(request, node, "limits/limits.html", content, here="level-settings", status=status)


def _initial(row: Ceiling | None) -> dict[str, object]:
    if row is None:
        terms = CeilingTerms()
        return {"bound": "", "hours": "", **{name: getattr(terms, name) for name in _SESSIONS[1:]}}
    return {
        "bound": "" if row.rights is None else "some",
        "rights": row.rights or [],
        "hours": "weekly" if row.windows else "",
        "windows": windows_from_json(row.windows),
        "approval": row.approval,
        "emergency": row.emergency,
        "two_factor": row.two_factor,
        "confirm": bool(row.confirm),
        **{name: getattr(row, name) for name in _SESSIONS[1:]},
    }
