"""Users of one site: letting them in by mail, by a link or a code to scan; and the page that they see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.access.rights import PEOPLE
from furka.catalogue.service import visits
from furka.dispatch.naming import names_known
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal import role_words
from furka.portal.level_page import level_url, render_level, shown
from furka.portal.once import once
from furka.portal.parts import PartForm
from furka.portal.people_fields import Card
from furka.portal.people_forms import roles_to_offer
from furka.portal.refusals import errors_on
from furka.portal.sites import page_url
from furka.sites.models import Device
from furka.sites.queries import DeviceView, devices_of, gateway_of, state_of
from furka.sites.web import has_page
from furka.tree.acting import Acting
from furka.tree.granting import Relation, Terms, invite
from furka.tree.models import Kind, Node
from furka.tree.queries import grants_of
from furka.tree.site_users import make_link
from furka.tree.week_words import hours_in_words
from furka.tree.who import Owner, owners

#: How long a link can wait: key → (text, span).
LASTS = {
    "1d": (gettext_lazy("1 day"), timedelta(days=1)),
    "1w": (gettext_lazy("1 week"), timedelta(weeks=1)),
    "1m": (gettext_lazy("30 days"), timedelta(days=30)),
}

#: For how long the access itself is given.
ENDS = {
    "open": (gettext_lazy("until revoked"), None),
    "week": (gettext_lazy("1 week"), timedelta(weeks=1)),
    "year": (gettext_lazy("1 year"), timedelta(days=365)),
}


class SiteUserForm(PartForm):
    """Who uses the site, and how they get to it."""

    way = forms.ChoiceField(
        label=gettext_lazy("How"),
        initial="link",
        choices=(
            (
                "link",
                Card(
                    gettext_lazy("Link or QR code"),
                    gettext_lazy("Whoever opens it first with an account gets the access. It works once."),
                ),
            ),
            ("mail", Card(gettext_lazy("By e-mail"), gettext_lazy("For this address only."))),
        ),
        widget=forms.RadioSelect,
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    lasts = forms.ChoiceField(
        label=gettext_lazy("The link works for"),
        initial="1w",
        choices=[(key, Card(text)) for key, (text, _span) in LASTS.items()],
        widget=forms.RadioSelect,
    )
    role = forms.ChoiceField(label=gettext_lazy("May do"), widget=forms.RadioSelect)
    ends = forms.ChoiceField(
        label=gettext_lazy("How long"),
        initial="open",
        choices=[(key, Card(text)) for key, (text, _span) in ENDS.items()],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=500)

    def __init__(self, by: Acting, node: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = roles_to_offer(by, node, site_users=True)
        self.may_invite = bool(offered)
        self.offer_parts(by, node)
        self.fields["role"].choices = offered  # type: ignore[attr-defined]  # it is a choice field
        self.initial.setdefault("role", offered[0][0] if offered else None)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for way, field in (("mail", "email"), ("link", "lasts")):
            if cleaned.get("way") != way:
                self.errors.pop(field, None)
        return cleaned

    def add_error(self, field: str | None, error: Any) -> None:
        """What the operations call otherwise."""
        names = {"valid_until": "ends", "rights": "role", "link_until": "lasts"}
        super().add_error(names.get(field or "", field), error)


@at_node(PEOPLE, Kind.SITE)
def new_site_user(request: FurkaRequest, node: Node) -> HttpResponse:
    """Let in somebody who only uses this site."""
    form = SiteUserForm(request.by, node, request.POST if request.method == "POST" else None)

    def make() -> str:
        chosen, at = form.cleaned_data, request.by.at
        span = ENDS[chosen["ends"]][1]
        terms = Terms(
            role=chosen["role"],
            valid_until=at + span if span else None,
            reason=chosen["reason"],
            relation=Relation.SITE_USER,
            narrowing=form.narrowing(),
        )
        if chosen["way"] == "mail":
            grant = invite(request.by, node, chosen["email"], terms)
            text = _("The invitation to %(email)s is on its way.") % {"email": grant.email}
            messages.success(request, text)
        else:
            grant = make_link(request.by, node, terms, at + LASTS[chosen["lasts"]][1])
        return reverse("level-invitation", args=(node.key, grant.series))

    if form.is_bound and form.may_invite and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node, "level-people"))
    context = {"form": form, "people_url": level_url(node, "level-people")}
    status = 422 if form.is_bound else 200
    return render_level(request, node, "people/site_user.html", context, here="level-people", status=status)


def code_of(link: str) -> SafeString:
    """A link as a code to scan."""
    picture = segno.make(link, error="m").svg_inline(scale=6, border=4, light="#fff", omitsize=True)
    return mark_safe(picture)  # noqa: S308  # made of squares; the link itself is not in it


def page(request: FurkaRequest, node: Node) -> HttpResponse:
    """What a user of a site sees of it; `overview.level` has checked that they may see it."""
    by = request.by
    held = [view for view in grants_of(by) if view.node.pk == node.pk and view.is_live]
    entering = next((each for each, visit in visits() if by.may(visit.right, node.place)), None)
    gateway = gateway_of(by, node)
    opens_pages = entering is not None and gateway is not None and bool(gateway.hub.pages)
    devices = devices_of(by, node)
    names = names_known([node.pk]) if gateway is not None and devices else {}
    context = {
        "state": shown(state_of(gateway, by.at)),
        "held": [
            (view, role_words.title(view.role, view.rights), hours_in_words(view.windows)) for view in held
        ],
        "devices": [_device(node, view, entering is not None, opens_pages, names) for view in devices],
        "may_enter": entering is not None,
        "enter_url": reverse("profiles"),
        "owners": _nearest(by, node),
    }
    if request.GET.get("part"):
        return render_level(request, node, "people/_site_user_page.html", context)
    return render_level(request, node, "people/site_user_page.html", context, bare=True)


@dataclass(frozen=True, slots=True)
class DeviceShown:
    """A device, with its address in the tunnel and a link for whoever may enter."""

    device: Device
    address: str
    link: str
    page_url: str
    name: str = ""  # its whole name in the tunnel


def _device(
    node: Node,
    view: DeviceView,
    may_enter: bool,
    may_open: bool,
    names: Mapping[tuple[int, str], str],
) -> DeviceShown:
    address = str(view.reached_at) if view.reached_at is not None and may_enter else ""
    link = f"http://{address}/" if address and view.device.web else ""
    opens = may_open and bool(address) and has_page(view.device)
    name = names.get((node.pk, view.device.key), "") if address else ""
    return DeviceShown(view.device, address, link, page_url(node, view.device) if opens else "", name)


def _nearest(by: Acting, node: Node) -> list[Owner]:
    """Whom to call: those who own the site, or the nearest level above."""
    found = owners(by, node)
    return [owner for owner in found if owner.level.pk == found[0].level.pk][:3]
