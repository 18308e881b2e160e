"""What the account library asks at a login by a provider, and at any other."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthError
from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from furka.identity.library import Provider, app_of
from furka.identity.limits import reach_all, reach_only
from furka.identity.models import IdentityProvider
from furka.identity.outward import OutwardSession
from furka.identity.reach import may_reach, must_come_by, provider_of_key
from furka.people.adapters import AccountAdapter as PeopleAdapter
from furka.people.languages import in_language_of
from furka.people.models import Person

#: How long the link works that confirms a first login by a provider, in seconds.
LINK_LASTS = 1800
SALT = "furka.identity.link"


class AccountAdapter(PeopleAdapter):
    """Whoever has to come by the provider of their level is sent there."""

    def pre_login(self, request: HttpRequest, user: Person, **details: Any) -> HttpResponseBase | None:
        response: HttpResponseBase | None = super().pre_login(request, user, **details)
        if response is not None:
            return response
        login = (details.get("signal_kwargs") or {}).get("sociallogin")
        came_by = provider_of_key(login.account.provider) if login is not None else None
        if came_by is not None:
            reach_only(request.session, came_by.node)
            return None
        reach_all(request.session)
        row = must_come_by(user)
        if row is None:
            return None
        return redirect(reverse("login-of-level", args=(row.node.key,)) + "?only=1")


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # the library has no types
    """Providers are our rows; what they say counts within bounds; nothing is linked without the mailbox's word."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        row = provider_of_key(provider) if provider else None
        return [app_of(row)] if row is not None and client_id in (None, row.client_id) else []

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        return Provider(request, app=self.get_app(request, provider=provider, client_id=client_id))

    def get_requests_session(self) -> OutwardSession:
        # The library asks for one without saying whom it will ask: that stands in the address that is being answered.
        found = context.request.resolver_match if context.request is not None else None
        row = provider_of_key(found.kwargs.get("provider", "")) if found is not None else None
        return OutwardSession(row.authority if row is not None else "")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        why = "cancelled" if error == AuthError.CANCELLED else "failed"
        raise ImmediateHttpResponse(_page(request, provider.app.provider_id, why, status=401))

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        row = provider_of_key(sociallogin.account.provider)
        addresses = sociallogin.email_addresses
        claimed = addresses[0].email.strip().lower() if addresses else ""
        if row is None or not claimed or not row.takes(claimed):
            raise ImmediateHttpResponse(_page(request, sociallogin.account.provider, "domain", status=403))
        if sociallogin.is_existing:
            # The account counts, not what the provider now calls its address.
            if not may_reach(row, sociallogin.user.email, sociallogin.user):
                raise ImmediateHttpResponse(_page(request, row.key, "unknown", status=403))
            return
        person = Person.objects.filter(email=claimed).first()
        if may_reach(row, claimed, person):
            _send_link(row, sociallogin.account.uid, claimed, sociallogin)
        # The same page in both cases: who has access is not told to whoever can make a provider say a name.
        raise ImmediateHttpResponse(_page(request, row.key, "mail", email=claimed))


def _page(
    request: HttpRequest, key: str, why: str, *, email: str = "", status: int = 200
) -> HttpResponseBase:
    row = provider_of_key(key)
    context = {"why": why, "email": email, "provider": row, "minutes": LINK_LASTS // 60}
    return render(request, "sign_in/outcome.html", context, status=status)


def _send_link(row: IdentityProvider, uid: str, email: str, sociallogin: Any) -> None:
    data = sociallogin.account.extra_data.get("id_token") or {}
    name = str(data.get("name") or "")[:120]
    token = signing.dumps([row.key, uid, email, name], salt=SALT)
    with in_language_of(email):
        told = {"name": row.name, "level": row.node.name}
        lines = [
            gettext("Good day"),
            "",
            gettext("Somebody with this address wants to log in by “%(name)s” for the first time.") % told,
            gettext("If it is you, confirm it here; then your account is linked with it:"),
            f"{settings.PORTAL_URL}{reverse('identity-link', args=(token,))}",
            "",
            gettext("If it is not you, there is nothing to do: without this link nobody gets in."),
            "",
        ]
        send_mail(gettext("Login by “%(name)s”") % told, "\n".join(lines), None, [email])
