"""How the account library is fitted to this house: links, names and sealed second factors."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from furka.people.languages import follow_person, in_language_of
from furka.people.models import Person
from furka.vault import seal, unseal


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library has no types
    """Accounts begin with a name and the language of the page; mails speak that of whoever gets them."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed."),
        "cannot_remove_primary_email": _("The main address can not be removed."),
        "duplicate_email": _("This address is already one of yours."),
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "email_taken": _("This address already belongs to an account."),
        "enter_current_password": _("Please enter your current password."),
        "incorrect_code": _("The code is not right."),
        "incorrect_password": _("The password is not right."),
        "invalid_or_expired_key": _("This link no longer works."),
        "invalid_login": _("This login is not right."),
        "invalid_password_reset": _("This link no longer works."),
        "max_email_addresses": _("An account has at most %d addresses."),
        "too_many_login_attempts": _("Too many attempts. Please try again in a few minutes."),
        "unknown_email": _("There is no account with this address."),
        "unverified_primary_email": _("The main address has to be confirmed first."),
        "select_only_one": _("Please choose only one."),
        "same_as_current": _("The new value is the same as the old one."),
        "rate_limited": _("Too many attempts. Please try again in a few minutes."),
    }

    def save_user(self, request: HttpRequest, user: Person, form: Any, commit: bool = True) -> Person:
        user.name = _one_line(form.cleaned_data["name"])
        user.language = getattr(request, "LANGUAGE_CODE", "de")[:5]
        return super().save_user(request, user, form, commit=commit)  # type: ignore[no-any-return]

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        with in_language_of(email if isinstance(email, str) else email[0]):
            mail: EmailMessage = super().render_mail(template_prefix, email, context, headers)
            return mail

    def post_login(self, request: HttpRequest, user: Person, **details: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().post_login(request, user, **details)
        follow_person(request, response, user)
        return response

    def populate_username(self, request: HttpRequest, user: Person) -> None:
        """People log in with their e-mail address; there is no user name."""


def _one_line(text: str) -> str:
    """A name stands in mails to others: no lines of its own, nothing that hides or turns round what is shown."""
    return " ".join("".join(each for each in text if each.isprintable() or each.isspace()).split())


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library has no types
    """Secrets of second factors are sealed at rest; what is wrong is said in our own words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": _("With two-factor login no address can be added."),
        "cannot_delete_authenticator": _("Two-factor login can not be switched off."),
        "cannot_generate_recovery_codes": _("Recovery codes need an app or a key first."),
        "incorrect_code": _("The code is not right."),
        "unverified_email": _("First confirm all your e-mail addresses."),
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)
