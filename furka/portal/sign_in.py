"""Logging in by the identity provider of one's organisation: its page, the way there and back, the first time."""

from __future__ import annotations

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django import forms
from django.core import signing
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from requests import RequestException

from furka.errors import Conflict
from furka.gate.declare import public
from furka.gate.request import FurkaRequest
from furka.identity import operations
from furka.identity.adapters import LINK_LASTS, SALT
from furka.identity.library import Adapter
from furka.identity.reach import provider_of_key, provider_of_level, providers_for


class OrganisationForm(forms.Form):
    """The address whose domain says where one belongs."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


@public("to log in")
@require_safe
@never_cache
def of_level(request: FurkaRequest, key: str) -> HttpResponse:
    """The login page of a level that has a provider; of any other the ordinary one."""
    row = provider_of_level(key)
    if row is None:
        return redirect("account_login")
    context = {"providers": [row], "only": "only" in request.GET, "next": _next(request)}
    return render(request, "sign_in/level.html", context)


@public("to log in; says which organisations take addresses of a domain, never whose account there is")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def organisation(request: FurkaRequest) -> HttpResponse:
    """Which provider is the one for an address."""
    form = OrganisationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        providers = providers_for(form.cleaned_data["email"])
        if providers:
            return render(request, "sign_in/level.html", {"providers": providers, "next": _next(request)})
        form.add_error(
            "email", gettext_lazy("No organisation has set up a login for addresses of this domain.")
        )
    context = {"form": form}
    return render(request, "sign_in/organisation.html", context, status=422 if form.is_bound else 200)


@public("to log in; sends the browser to the provider")
@require_safe
@never_cache
def go(request: FurkaRequest, provider: str) -> HttpResponseBase:
    """To the provider; the state in the session brings the browser back."""
    try:
        found = get_adapter().get_provider(request, provider)
        response: HttpResponseBase = found.redirect(request, "login", next_url=_next(request))
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (OAuth2Error, RequestException, ValueError):
        context = {"why": "away", "provider": provider_of_key(provider)}
        return render(request, "sign_in/outcome.html", context, status=503)
    return response


@public("to log in; the state in the session and the provider's signature are the proof")
@require_safe
@never_cache
def back(request: FurkaRequest, provider: str) -> HttpResponseBase:
    """Back from the provider, with its word on who it is."""
    try:
        response: HttpResponseBase = OAuth2CallbackView.adapter_view(Adapter(request, provider))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except ImmediateHttpResponse as error:
        return error.response  # type: ignore[no-any-return]  # the library has no types
    except (KeyError, ValueError, TypeError):  # an answer that is none
        context = {"why": "failed", "provider": provider_of_key(provider)}
        return render(request, "sign_in/outcome.html", context, status=401)
    return response


@public("the link in the mail is the proof")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def link(request: FurkaRequest, link: str) -> HttpResponse:
    """Confirm the first login by a provider."""
    try:
        key, uid, email, name = signing.loads(link, salt=SALT, max_age=LINK_LASTS)
    except (signing.BadSignature, ValueError):
        return render(request, "sign_in/outcome.html", {"why": "gone"}, status=404)
    row = provider_of_key(key)
    if row is None:
        return render(request, "sign_in/outcome.html", {"why": "gone"}, status=404)
    if request.method == "POST":
        try:
            operations.link(request.by, row, uid, email, name, (get_language() or "de")[:2])
        except Conflict as error:
            context = {"why": "refused", "text": str(error), "provider": row}
            return render(request, "sign_in/outcome.html", context, status=409)
        # By a link and no redirect: the policy of our pages sends forms nowhere else, not even by a detour.
        return render(request, "sign_in/outcome.html", {"why": "linked", "provider": row})
    return render(request, "sign_in/link.html", {"provider": row, "email": email})


def _next(request: FurkaRequest) -> str:
    wanted = request.GET.get("next", "") or request.POST.get("next", "")
    hosts = {request.get_host()}
    return wanted if url_has_allowed_host_and_scheme(wanted, hosts, require_https=request.is_secure()) else ""
