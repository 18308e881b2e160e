"""The identity provider of a reseller: set up, tried out, removed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from furka.access.rights import PEOPLE
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.identity import operations
from furka.identity.authority import authorities_in
from furka.identity.models import IdentityProvider
from furka.identity.operations import Setup
from furka.portal.level_page import render_level
from furka.portal.refusals import errors_on
from furka.tree.models import Kind, Node


class ProviderForm(forms.Form):
    """How a provider is set up."""

    name = forms.CharField(
        label=gettext_lazy("Name on the button"),
        max_length=60,
        help_text=gettext_lazy("As your people know it, for example the name of your company."),
    )
    issuer = forms.CharField(
        label=gettext_lazy("Issuer"),
        max_length=300,
        help_text=gettext_lazy("The address of the provider, which begins with https://."),
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    client_id = forms.CharField(
        label=gettext_lazy("Client ID"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    domains = forms.CharField(
        label=gettext_lazy("Domains of e-mail addresses"),
        max_length=2000,
        help_text=gettext_lazy(
            "One per line, for example muster.example. Only such addresses come in by it."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    authority = forms.CharField(
        label=gettext_lazy("Certificate of its own authority"),
        max_length=20_000,
        required=False,
        help_text=gettext_lazy(
            "Only for a provider whose certificate no public authority signed: as PEM, without any key. It counts for"
            " this provider alone."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    only_way = forms.BooleanField(
        label=gettext_lazy("Only this way for our own staff"),
        help_text=gettext_lazy("Owners can still log in with their password, so that nobody is locked out."),
        required=False,
    )
    enabled = forms.BooleanField(label=gettext_lazy("Switched on"), required=False, initial=True)

    def __init__(self, row: IdentityProvider | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["secret"].required = row is None

    def setup(self) -> Setup:
        """What was typed."""
        given: dict[str, Any] = dict(self.cleaned_data)
        given["domains"] = given["domains"].replace(",", " ").split()
        return Setup(**given)


@at_node(PEOPLE, Kind.RESELLER)
@require_http_methods(["GET", "HEAD", "POST"])
def provider(request: FurkaRequest, node: Node) -> HttpResponse:
    """How people of this reseller log in by their organisation."""
    row = operations.provider_at(request.by, node)
    form = ProviderForm(row, request.POST if request.method == "POST" else None, initial=_initial(row))
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            operations.set_up(request.by, node, form.setup())
            messages.success(request, _("Saved. Try it out now."))
            return redirect("level-identity", node.key)
    context = {
        "form": form,
        "provider": row,
        "authorities": authorities_in(row.authority) if row else [],
        "callback_url": _callback(row),
        "login_url": f"{settings.PORTAL_URL}{reverse('login-of-level', args=(node.key,))}",
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "sign_in/settings.html", context, here="level-settings", status=status)


@at_node(PEOPLE, Kind.RESELLER)
@require_POST
def try_out(request: FurkaRequest, node: Node) -> HttpResponse:
    """Ask the provider whether it would work."""
    tried = operations.try_out(request.by, node)
    (messages.success if tried.works else messages.error)(request, tried.text)
    return redirect("level-identity", node.key)


@at_node(PEOPLE, Kind.RESELLER)
@require_POST
def remove(request: FurkaRequest, node: Node) -> HttpResponse:
    """People of the reseller log in by themselves again."""
    operations.remove(request.by, node)
    messages.success(request, _("Removed. Your people log in with their password or passkey again."))
    return redirect("level-identity", node.key)


def _initial(row: IdentityProvider | None) -> dict[str, Any]:
    if row is None:
        return {}
    names = ("name", "issuer", "client_id", "authority", "only_way", "enabled")
    return {**{name: getattr(row, name) for name in names}, "domains": "\n".join(row.domains)}


def _callback(row: IdentityProvider | None) -> str:
    return f"{settings.PORTAL_URL}{reverse('openid_connect_callback', args=(row.key,))}" if row else ""
