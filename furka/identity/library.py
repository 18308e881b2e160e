"""How the account library is fitted to our providers: what it knows of them comes from our rows, and it is strict.

Beyond the library: the ID token's signature is always checked, its nonce belongs to this login, the issuer is the one
that was set up, and nothing in the address of a link changes what is asked.
"""

from __future__ import annotations

import hashlib
from typing import Any

import jwt
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from furka.identity.models import IdentityProvider
from furka.identity.outward import may_ask
from furka.vault import same

DISCOVERY = "/.well-known/openid-configuration"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
#: Signatures that a provider's public key checks; nothing that a shared secret or nobody signs.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")


def app_of(row: IdentityProvider) -> SocialApp:
    """What the library has to know of a provider."""
    return SocialApp(
        provider="openid_connect",
        provider_id=row.key,
        name=row.name,
        client_id=row.client_id,
        secret=row.secret,
        settings={
            "server_url": row.issuer.rstrip("/") + DISCOVERY,
            "issuer": row.issuer,
            "oauth_pkce_enabled": True,
            "fetch_userinfo": False,
        },
    )


def checked_configuration(found: Any, issuer: str) -> dict[str, Any]:
    """What a provider says of itself, if it says it of this issuer (OpenID Connect Discovery 1.0, 4.3)."""
    if not isinstance(found, dict) or str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise OAuth2Error("the issuer is another one")
    for name in _ENDPOINTS:
        if not may_ask(str(found.get(name, ""))):
            raise OAuth2Error(f"{name} is missing or not allowed")
    return found


class _Client(OAuth2Client):  # type: ignore[misc]  # the library has no types
    def get_redirect_url(self, authorization_url: str, scope: Any, extra_params: dict[str, str]) -> str:
        extra = {**extra_params, "nonce": _nonce(str(self.state))}
        url: str = super().get_redirect_url(authorization_url, scope, extra)
        return url


def _nonce(state: str) -> str:
    """Bound to the state, which this browser's session holds and gives up once."""
    return hashlib.sha256(f"furka nonce {state}".encode()).hexdigest()


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The library's part that speaks with a provider."""

    client_class = _Client

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_checked_config"):
            found = super().openid_config
            self._checked_config = checked_configuration(found, self.get_provider().app.settings["issuer"])
        return self._checked_config

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            algorithm, _key = jwtkit.fetch_key(
                id_token, self.openid_config["jwks_uri"], jwtkit.lookup_kid_jwk
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error("the ID token can't be read") from error
        if algorithm not in ALGORITHMS:
            raise OAuth2Error("this signature is not accepted")
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        expected = _nonce(self.request.GET.get("state", ""))
        if not same(str(claims.get("nonce", "")), expected):
            raise OAuth2Error("the nonce is another one")
        return claims

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return f"{settings.PORTAL_URL}{reverse('openid_connect_callback', args=(app.provider_id,))}"

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("there is no ID token")
        return super().complete_login(request, app, token, **kwargs)


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """The library's picture of a provider."""

    oauth2_adapter_class = Adapter
