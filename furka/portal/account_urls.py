"""The pages of the account library under `/account/`, each with its declaration of access."""

from __future__ import annotations

from allauth.account import urls as account
from allauth.mfa import urls as mfa
from django.urls import URLPattern, URLResolver, include, path

from furka.gate.declare import Declaration, Entrance, declare
from furka.portal import own_account, own_data, own_email, own_links, sign_in

#: Pages that a stranger must be able to open; all others show a person's own things.
PUBLIC = {
    "account_login": "to log in",
    "account_signup": "to open an account",
    "account_signup_by_passkey": "to open an account",
    "account_logout": "to log out twice is no fault",
    "account_confirm_email": "the link in the mail is the proof",
    "account_email_verification_sent": "says only where to look",
    "account_reset_password": "to ask for a new password",
    "account_reset_password_done": "says only where to look",
    "account_reset_password_from_key": "the link in the mail is the proof",
    "account_reset_password_from_key_done": "says only that it is done",
    "account_inactive": "says only that the account is closed",
    "account_request_login_code": "to log in",
    "account_confirm_login_code": "to log in",
    "mfa_authenticate": "the second step of logging in",
    "mfa_trust": "the second step of logging in",
    "mfa_login_webauthn": "to log in with a passkey",
    "mfa_signup_webauthn": "to open an account",
}


#: Pages of the library that ours stand for.
REPLACED = {"account_email"}


def _declared(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            _declared(pattern.url_patterns)
            continue
        reason = PUBLIC.get(pattern.name or "")
        own = Declaration(Entrance.OWN, "a person's own account; the library asks for a login")
        declare(pattern.callback, Declaration(Entrance.PUBLIC, reason) if reason else own)
    return [pattern for pattern in patterns if getattr(pattern, "name", None) not in REPLACED]


urlpatterns = [
    path("me/", own_account.about_me, name="account-me"),
    path("notifications/", own_account.notifications, name="notifications"),
    path("sessions/", own_account.logins, name="sessions"),
    path("sessions/<str:session>/end/", own_account.end_login, name="session-end"),
    path("email/", own_email.email, name="account_email"),
    path("email/new/", own_email.change, name="account-email-change"),
    path("email/keep/", own_email.take_back, name="account-email-keep"),
    path("email/change/<str:secret>/", own_email.answer, name="account-email-answer"),
    path("organisations/", own_links.links, name="own-links"),
    path("organisations/<str:provider>/undo/", own_links.unlink, name="own-link-undo"),
    path("data/", own_data.data, name="account-data"),
    path("data/export/", own_data.export, name="account-export"),
    path("close/", own_data.close, name="account-close"),
    path("closed/", own_data.closed, name="account-closed"),
    path("closed/reopen/", own_data.reopen, name="account-reopen"),
    path("", include(_declared(account.urlpatterns))),
    path("login/organisation/", sign_in.organisation, name="login-organisation"),
    path("login/<str:key>/", sign_in.of_level, name="login-of-level"),
    path("oidc/link/<str:link>/", sign_in.link, name="identity-link"),
    path("oidc/<str:provider>/", sign_in.go, name="identity-go"),
    path("oidc/<str:provider>/back/", sign_in.back, name="openid_connect_callback"),
    path("factors/", include(_declared(mfa.urlpatterns))),
]
