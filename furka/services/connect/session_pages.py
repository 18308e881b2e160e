"""Connecting with a confirmation: what the owner of a site asks for, a button, and the end of it."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from furka.access.policy import Reason
from furka.access.rights import LOOK
from furka.errors import Refused
from furka.gate.declare import at_node, own
from furka.gate.request import FurkaRequest
from furka.portal import words
from furka.portal.level_page import level_url, render_level
from furka.portal.refusals import errors_on
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree.models import Kind, Node
from furka.tree.sessions import asked_at, connect, disconnect, own_session_at

#: A second factor that was shown so long ago at most is fresh.
FRESH = timedelta(minutes=5)


class ConnectForm(forms.Form):
    """Why one connects."""

    use_required_attribute = False

    reason = forms.CharField(
        label=gettext_lazy("Why do you connect?"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("In a few words. Stands in the events of the site."),
    )


@at_node(LOOK, Kind.SITE)
@never_cache
def session(request: FurkaRequest, node: Node) -> HttpResponse:
    """Asked for: what is asked of whoever connects; sent: connect."""
    by = request.by
    running, asked = own_session_at(by, node), asked_at(by, node)
    form = ConnectForm(request.POST if request.method == "POST" else None)
    if asked is None or not asked.reason:
        del form.fields["reason"]
    is_fresh = has_shown_factor(request)
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            reason = form.cleaned_data.get("reason", "")
            try:
                row = connect(by, node, [USE_REMOTE_ACCESS], reason, proven=is_fresh)
            except Refused as refused:
                if refused.code != "factor-needed":
                    raise
                return redirect(_proof_address(request))
            text = _("You are connected until %(moment)s at the latest.")
            messages.success(request, text % {"moment": words.moment(row.ends_at, node.time_zone)})
            return redirect("level", node.key)
    waits = by.decide(USE_REMOTE_ACCESS, node.place).reason == Reason.UNCONFIRMED
    context = {
        "form": form,
        "asked": asked,
        "running": running,
        "waits": waits,
        "needs_factor": bool(asked and asked.factor and not is_fresh),
        "has_factor": _has_factor(request),
        "proof_url": _proof_address(request),
        "site_url": level_url(node),
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "connect/session.html", context, status=status)


@own("a person's own session")
@require_POST
def end(request: FurkaRequest, confirmation: str) -> HttpResponse:
    """I am done there."""
    disconnect(request.by, confirmation)
    messages.success(request, _("You are disconnected. Nothing of yours passes there any more."))
    return redirect("profiles")


def has_shown_factor(request: FurkaRequest) -> bool:
    """Whether the person has shown their second factor in this browser a moment ago."""
    since = request.by.at.timestamp() - FRESH.total_seconds()
    records = get_authentication_records(request, request.user)
    return any(each["method"] == "mfa" and each["at"] >= since for each in records)


def _has_factor(request: FurkaRequest) -> bool:
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user=request.user, type__in=kinds).exists())


def _proof_address(request: FurkaRequest) -> str:
    """Where the second factor is shown; from there one comes back here."""
    kinds = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    if not kinds & {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}:
        return reverse("mfa_index")
    name = "mfa_reauthenticate" if Authenticator.Type.TOTP in kinds else "mfa_reauthenticate_webauthn"
    return f"{reverse(name)}?{urlencode({'next': request.path})}"
