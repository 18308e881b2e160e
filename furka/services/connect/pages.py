"""Pages of remote access: one's own devices, what they reach now, and the service's settings at a site."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from furka.access.policy import Reason
from furka.access.rights import LOOK, PEOPLE, SERVICES
from furka.activeplants.queries import plants_at_hand
from furka.catalogue.operations import configure, settings_at
from furka.connections.queries import inside
from furka.devicepages.queries import open_pages_of
from furka.gate.declare import at_node, own
from furka.gate.request import FurkaRequest
from furka.portal.connections import my_presence
from furka.portal.invitations import granted_to, waiting
from furka.portal.level_forms import SearchForm
from furka.portal.level_page import StateShown, level_url, render_level, shown
from furka.portal.limits import LimitsShown, held_back_from, limits_told
from furka.portal.refusals import errors_on
from furka.services.connect import operations, queries
from furka.services.connect.manifest import SERVICE, USE_REMOTE_ACCESS
from furka.services.connect.operations import MOST_PROFILES
from furka.services.connect.profile_files import config_of
from furka.services.connect.profile_views import guide_of, state_of
from furka.services.connect.queries import MOST_SITES, ReachableSite
from furka.sites.queries import networks_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.own_limits import limits_at
from furka.tree.who import entrants
from furka.tunnel.models import NamesBy

#: With more sites than that one may search them.
FEW_SITES = 8
#: So many of those who may enter are named on the page of the service.
MOST_ENTRANTS = 12


_NAMES_HELP = gettext_lazy(
    "Devices of plants have names that end in furka.internal. Our name server answers for these and for nothing else."
)
_REAL_HELP = gettext_lazy(
    "For engineering tools with fixed addresses: all private networks go through the tunnel, and you choose one plant "
    "at a time that is reached under its real addresses. Networks that your device lies in itself stay where they are."
)


class ProfileForm(forms.Form):
    """A new device. The key pair is made in the browser, which puts only the public half here."""

    name = forms.CharField(
        label=gettext_lazy("Name of the device"),
        max_length=60,
        help_text=gettext_lazy("For example: laptop, phone, tablet in the van."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    names = forms.ChoiceField(
        label=gettext_lazy("Names of devices"),
        choices=NamesBy.choices,
        initial=NamesBy.NOBODY,
        required=False,
        help_text=_NAMES_HELP,
    )
    real = forms.BooleanField(label=gettext_lazy("Also real addresses"), required=False, help_text=_REAL_HELP)
    public_key = forms.CharField(widget=forms.HiddenInput, required=False)


class OwnKeyForm(forms.Form):
    """A new device whose key pair somebody has made by themselves."""

    name = forms.CharField(
        label=gettext_lazy("Name of the device"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    public_key = forms.CharField(
        label=gettext_lazy("Public key"),
        max_length=60,
        help_text=gettext_lazy("What “wg pubkey” prints: 44 characters. Never send the private key."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    names = forms.ChoiceField(
        label=gettext_lazy("Names of devices"),
        choices=NamesBy.choices,
        initial=NamesBy.NOBODY,
        required=False,
        help_text=_NAMES_HELP,
    )
    real = forms.BooleanField(label=gettext_lazy("Also real addresses"), required=False, help_text=_REAL_HELP)


class ServiceForm(forms.Form):
    """Whether the service is on."""

    enabled = forms.BooleanField(label=gettext_lazy("Remote access is on"), required=False)


@dataclass(frozen=True, slots=True)
class SiteShown:
    """A site that may be entered now, with its state in a word, its page, and what its owners leave to others."""

    reachable: ReachableSite
    state: StateShown
    url: str
    limits: list[LimitsShown]


@own("a person's own devices, and what they reach")
@never_cache
def profiles(request: FurkaRequest) -> HttpResponse:
    """My access: where I may go now and until when, and the devices with which I connect."""
    part = request.GET.get("part", "")
    if part == "sites":
        return render(request, "connect/_sites.html", _sites(request))
    if part == "devices":
        return render(request, "connect/_devices.html", _devices(request.by))
    if part == "pages":
        return render(request, "connect/_open_pages.html", {"pages": open_pages_of(request.by)})
    return _access(request, ProfileForm(auto_id="new_%s"), OwnKeyForm(auto_id="own_%s"))


def _access(
    request: FurkaRequest, form: ProfileForm, own_key_form: OwnKeyForm, status: int = 200
) -> HttpResponse:
    context = {
        **_sites(request),
        **_devices(request.by),
        "pages": open_pages_of(request.by),
        "granted": granted_to(request.by),
        "form": form,
        "own_key_form": own_key_form,
    }
    return render(request, "connect/access.html", context, status=status)


def _sites(request: FurkaRequest) -> dict[str, object]:
    text = request.GET.get("q", "").strip()
    found = queries.reachable_by(request.by, text)
    limits = limits_at(request.by, [each.site for each in found])
    presence = my_presence(request.by)
    left = {row.node_id for row in presence.left}
    return {
        "inside": presence.inside,
        "left": presence.left,
        "sessions": presence.sessions,
        "q": text,
        "search": SearchForm({"q": text}) if text or len(found) > FEW_SITES else None,
        "is_cut": len(found) >= MOST_SITES,
        "sites": [
            SiteShown(each, shown(each.state), level_url(each.site), limits_told(limits[each.site.pk]))
            for each in found
        ],
        "held_back": [
            each
            for each in held_back_from(request.by, USE_REMOTE_ACCESS)
            if each.held.node.pk not in left or each.held.reason != Reason.KEPT_OUT
        ],
        "later": queries.later_access(request.by),
        "waiting": waiting(request),
    }


def _devices(by: Acting) -> dict[str, object]:
    found = queries.profiles_of(by)
    plants = plants_at_hand(by) if any(each.real for each in found) else {}
    rows = [(each, plants[each.pk].node if each.pk in plants else None) for each in found]
    return {"profiles": found, "devices": rows, "is_full": len(found) >= MOST_PROFILES}


@own("a person's own device; it opens nothing by itself")
@require_POST
@never_cache
def create(request: FurkaRequest) -> HttpResponse:
    """Take the public key of a new device, and give back the profile with a place for the private one.

    A script of the page, which made the key pair, gets a part of a page; a form that was sent without it, a whole one.
    """
    form = (
        ProfileForm(request.POST, auto_id="new_%s")
        if request.htmx
        else OwnKeyForm(request.POST, auto_id="own_%s")
    )
    if form.is_valid():
        with errors_on(form):
            given = form.cleaned_data
            names, real = given["names"] or NamesBy.NOBODY, given["real"]
            made = operations.create_profile(request.by, given["name"], given["public_key"], names, real)
            context = {
                "config": config_of(made),
                **state_of(request.by, made.profile),
                **guide_of(made.profile),
            }
            template = "connect/_profile.html" if request.htmx else "connect/profile.html"
            return render(request, template, context, status=201)
    if isinstance(form, ProfileForm):
        return render(request, "connect/_form.html", {"form": form}, status=422)
    return _access(request, ProfileForm(auto_id="new_%s"), form, status=422)


@own("a person's own device")
@require_POST
def revoke(request: FurkaRequest, profile: str) -> HttpResponse:
    """The device is lost or no longer used."""
    operations.revoke_profile(request.by, profile)
    messages.success(request, _("The profile has been revoked. It no longer connects."))
    return redirect("profiles")


@at_node(LOOK, Kind.SITE)
def service(request: FurkaRequest, node: Node) -> HttpResponse:
    """The service at a site: on or off, who may use it, what it reaches; and the way in for whoever may enter now."""
    by = request.by
    if request.method == "POST":
        form = ServiceForm(request.POST)
        form.full_clean()
        enabled = form.cleaned_data["enabled"]
        configure(by, node, SERVICE.key, {"enabled": enabled})
        messages.success(request, _("Remote access is on.") if enabled else _("Remote access is off."))
        return redirect("connect", node.key)
    who = entrants(by, node, USE_REMOTE_ACCESS)
    may_enter = by.may(USE_REMOTE_ACCESS, node.place)
    mine = queries.reachable_among(by, [node]) if may_enter else []
    context = {
        "enabled": settings_at(by, node, SERVICE.key).enabled,
        "may_configure": by.may(SERVICES, node.place),
        "sees_people": by.may(PEOPLE, node.place),
        "who": who[:MOST_ENTRANTS],
        "who_count": len(who),
        "more": max(0, len(who) - MOST_ENTRANTS),
        "inside_count": len(inside(by, node)),
        "may_enter": may_enter,
        "mine": mine[0] if mine else None,
        "has_device": bool(queries.profiles_of(by)),
        "networks": networks_of(by, node),
        "people_url": level_url(node, "level-people"),
    }
    template = "connect/_service.html" if request.GET.get("part") else "connect/service.html"
    return render_level(request, node, template, context, here="level-services")
