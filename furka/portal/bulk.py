"""The same change at many levels: what was chosen in a list, a form that says what will happen, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from furka.access.rights import LOOK
from furka.catalogue.service import services_at
from furka.errors import Invalid
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.inventory.bulk import Outcome, Stopped, invite_on_all, label_all, nodes_meant, switch_service
from furka.inventory.filters import Chosen
from furka.portal.exports import export_of
from furka.portal.level_page import level_url, render_level
from furka.portal.people_forms import InviteForm
from furka.portal.refusals import errors_on
from furka.tree.models import Kind, Node

#: So many of the chosen are named before it is done.
MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Meant:
    """What somebody chose in a list, and what with it."""

    listing: str
    keys: tuple[str, ...]
    every: Chosen | None
    query: str
    do: str

    @classmethod
    def read(cls, request: FurkaRequest) -> Meant:
        """From the form around the list, or from the one that asks for more."""
        query = request.POST.get("filter", "")
        every = Chosen.read(dict(parse_qsl(query))) if request.POST.get("all") else None
        listing = "customers" if request.POST.get("listing") == "customers" else "sites"
        keys = tuple(dict.fromkeys(request.POST.getlist("row")))
        return cls(listing, keys, every, query, request.POST.get("do", ""))

    def carried(self, keys: tuple[str, ...] | None = None) -> list[tuple[str, str]]:
        """The same as fields of the next form; with `keys` for these alone."""
        fields = [("listing", self.listing), ("filter", self.query), ("do", self.do)]
        if keys is None and self.every is not None:
            return [*fields, ("all", "1")]
        return [*fields, *(("row", key) for key in (self.keys if keys is None else keys))]


class LabelForm(forms.Form):
    """Which labels come, which go."""

    add = forms.CharField(
        label=_lazy("Add labels"),
        required=False,
        max_length=300,
        help_text=_lazy("With commas between them."),
    )
    remove = forms.CharField(label=_lazy("Remove labels"), required=False, max_length=300)


@at_node(LOOK, Kind.OPERATOR, Kind.RESELLER, Kind.CUSTOMER)
def level_bulk(request: FurkaRequest, node: Node) -> HttpResponseBase:
    """With the rows chosen in a list: export them; or ask for what is needed, do it, and say what came of it."""
    meant = Meant.read(request)
    back = level_url(node, f"level-{meant.listing}") or level_url(node)
    if request.method != "POST":
        return redirect(back)
    back = f"{back}?{meant.query or 'view=all'}"
    if meant.do == "export":
        rows = None if meant.every is not None else meant.keys
        return export_of(request, node, meant.every or Chosen(), "xlsx", keys=rows)
    title = _titles().get(meant.do)
    if title is None:
        raise Invalid("nothing-to-do", _("Choose what shall be done with the rows."))
    nodes = nodes_meant(
        request.by, node, meant.keys, every=meant.every, customers=meant.listing == "customers"
    )
    form = _form(request, node, meant)
    if request.POST.get("go") and form.is_valid():
        with errors_on(form):
            try:
                outcomes, is_done = _carry_out(request, nodes, meant, form), True
            except Stopped as stopped:
                outcomes, is_done = stopped.outcomes, False
            return _done(request, node, meant, outcomes, title, back, is_done=is_done)
    context = {
        "title": title,
        "said": _said(meant, len(nodes)),
        "named": nodes[:MOST_NAMED],
        "unnamed": max(0, len(nodes) - MOST_NAMED),
        "form": form,
        "inviting": meant.do == "invite",
        "verb": title,
        "kind": "danger" if meant.do.startswith("off:") else "main",
        "carried": meant.carried(),
        "back_url": back,
    }
    status = 422 if form.is_bound and form.errors else 200
    here = f"level-{meant.listing}"
    return render_level(request, node, "lists/bulk.html", context, here=here, status=status)


def _titles() -> dict[str, str]:
    """Everything that can be done with rows, for whoever may; at each row it is decided anew."""
    found = {"invite": _("Invite a supporter"), "label": _("Add or remove labels")}
    for each in services_at(Kind.SITE):
        found[f"on:{each.key}"] = _("Switch on %(service)s") % {"service": each.title}
        found[f"off:{each.key}"] = _("Switch off %(service)s") % {"service": each.title}
    return found


def _form(request: FurkaRequest, node: Node, meant: Meant) -> forms.Form:
    given = request.POST if request.POST.get("go") else None
    if meant.do == "label":
        return LabelForm(given)
    return InviteForm(request.by, node, given) if meant.do == "invite" else forms.Form(given)


def _carry_out(request: FurkaRequest, nodes: list[Node], meant: Meant, form: forms.Form) -> list[Outcome]:
    if isinstance(form, InviteForm):
        return invite_on_all(request.by, nodes, form.cleaned_data["email"], form.terms())
    if isinstance(form, LabelForm):
        given = form.cleaned_data
        return label_all(request.by, nodes, given["add"].split(","), given["remove"].split(","))
    word, _colon, key = meant.do.partition(":")
    return switch_service(request.by, nodes, key, on=word == "on")


def _said(meant: Meant, count: int) -> str:
    if meant.do == "label":
        return ngettext(
            "The labels of this level change.", "The labels of these %(count)d levels change.", count
        ) % {"count": count}
    word, _colon, key = meant.do.partition(":")
    if meant.do == "invite":
        return ngettext(
            "One person gets one mail with the invitation to this level.",
            "One person gets one mail with the invitations to these %(count)d levels.",
            count,
        ) % {"count": count}
    title = next((each.title for each in services_at(Kind.SITE) if each.key == key), key)
    if word == "on":
        return ngettext(
            "%(service)s will be switched on at this site. Whoever has the right may enter again.",
            "%(service)s will be switched on at these %(count)d sites. Whoever has the right may enter again.",
            count,
        ) % {"count": count, "service": title}
    return ngettext(
        "%(service)s will be switched off at this site. Whoever is inside loses the access at once.",
        "%(service)s will be switched off at these %(count)d sites. Whoever is inside loses the access at once.",
        count,
    ) % {"count": count, "service": title}


def _done(
    request: FurkaRequest,
    node: Node,
    meant: Meant,
    outcomes: list[Outcome],
    title: str,
    back: str,
    *,
    is_done: bool,
) -> HttpResponse:
    changed = sum(each.is_done and not str(each.reason) for each in outcomes)
    if is_done:
        said = ngettext("Done at one level.", "Done at %(count)d levels.", changed) % {"count": changed}
    else:
        stopped = sum(not each.is_done for each in outcomes)
        said = ngettext(
            "At one level it is not possible. Below stands why.",
            "At %(count)d levels it is not possible. Below stands why.",
            stopped,
        ) % {"count": stopped}
    possible = tuple(each.node.key for each in outcomes if each.is_done)
    context = {
        "title": title,
        "said": said,
        "is_done": is_done,
        "outcomes": [
            (each, level_url(each.node)) for each in sorted(outcomes, key=lambda each: each.is_done)
        ],
        "without": meant.carried(possible) if possible and not is_done else [],
        "back_url": back,
    }
    status = 200 if is_done else 409
    here = f"level-{meant.listing}"
    return render_level(request, node, "lists/bulk_done.html", context, here=here, status=status)
