"""The page of one of a person's own devices: is it in, from where, since when; its keys, and the plant at hand."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from furka.activeplants.queries import plants_at_hand
from furka.errors import Conflict, NotThere
from furka.gate.declare import own
from furka.gate.request import FurkaRequest
from furka.plan.names import DOMAIN
from furka.portal.refusals import errors_on
from furka.services.connect import operations, queries
from furka.services.connect.profile_files import config_of
from furka.services.connect.systems import systems_for
from furka.tree.acting import Acting
from furka.tunnel.addresses import hub_address
from furka.tunnel.models import Profile

#: Keys that are older are worth making anew.
OLD = timedelta(days=365)


class RenewForm(forms.Form):
    """New keys, made in the browser, which puts only the public half here."""

    public_key = forms.CharField(widget=forms.HiddenInput, required=False)


@own("a person's own device")
@never_cache
def profile_page(request: FurkaRequest, profile: str) -> HttpResponse:
    """One of one's own devices."""
    row = _own_profile(request.by, profile)
    context = {**state_of(request.by, row), **guide_of(row), "form": RenewForm(auto_id="renew_%s")}
    part = {"state": "connect/_state.html", "plant": "connect/_plant.html"}.get(request.GET.get("part", ""))
    return render(request, part or "connect/profile_page.html", context)


@own("a person's own device")
@require_POST
@never_cache
def renew(request: FurkaRequest, profile: str) -> HttpResponse:
    """Take the public key that the browser has just made, and give back the configuration."""
    row = _own_profile(request.by, profile)
    form = RenewForm(request.POST, auto_id="renew_%s")
    if form.is_valid():
        with errors_on(form):
            made = operations.renew_profile(request.by, row.key, form.cleaned_data["public_key"])
            context = {
                "config": config_of(made),
                "renewed": True,
                **state_of(request.by, made.profile),
                **guide_of(made.profile),
            }
            return render(request, "connect/_profile.html", context)
    return render(request, "connect/_renew.html", {"profile": row, "form": form}, status=422)


@own("a person's own device; which plant is at hand opens nothing")
@require_POST
def plant(request: FurkaRequest, profile: str) -> HttpResponse:
    """Another plant is at hand under its real addresses, or none."""
    key = request.POST.get("site", "")
    site = queries.allowed_sites(request.by).filter(key=key).first() if key else None
    if key and site is None:
        raise NotThere("not-there", _("This site does not exist, or you may not enter it."))
    try:
        operations.choose_plant(request.by, profile, site)
    except Conflict as error:
        messages.error(request, str(error.message))
    else:
        told = _("%(site)s is the active plant now.") % {"site": site.name} if site else ""
        messages.success(request, told or _("No plant is active now."))
    return redirect("profile-page", profile)


def state_of(by: Acting, row: Profile) -> dict[str, object]:
    """How a device is: for its page, and for the part of it that changes by itself."""
    at_hand = plants_at_hand(by).get(row.pk)
    sites = [each.site for each in queries.reachable_by(by)] if row.real else []
    return {
        "profile": row,
        "lately": [{"address": each["address"], "at": parse_datetime(each["at"])} for each in row.lately],
        "is_old": by.at - row.key_since > OLD,
        "at_hand": at_hand.node if at_hand else None,
        "is_reached": at_hand is not None and any(site.pk == at_hand.node_id for site in sites),
        "sites": sites,
    }


def guide_of(row: Profile) -> dict[str, object]:
    """What to do on each system for this device."""
    return {"systems": systems_for(str(hub_address(row.hub.number)), DOMAIN), "domain": DOMAIN}


def _own_profile(by: Acting, key: str) -> Profile:
    found = next((row for row in queries.profiles_of(by) if row.key == key), None)
    if found is None:
        raise Http404
    return found
