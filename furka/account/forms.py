"""Our parts of the account library's forms: with a new password the API tokens end, unless somebody keeps them."""

from __future__ import annotations

from allauth.account.forms import ChangePasswordForm as LibraryChangePasswordForm
from allauth.account.forms import ResetPasswordKeyForm as LibraryResetPasswordKeyForm
from allauth.account.forms import SetPasswordForm as LibrarySetPasswordForm
from django import forms
from django.utils.translation import gettext_lazy as _

from furka import clock
from furka.account.tokens import end_tokens
from furka.people.models import Person
from furka.tree import holdings


class _EndsTokens(forms.Form):
    """Asks whether API tokens end too; by default they do: whoever knew the password may have made one."""

    user: Person
    end_tokens = forms.BooleanField(
        label=_("End my API tokens, too"),
        help_text=_(
            "Programs that use one then need a new one. "
            "Keep them only if you are sure that nobody else had your password."
        ),
        required=False,
        initial=True,
    )

    def save(self) -> None:
        super().save()  # type: ignore[misc]  # the library's form, beside this one
        if self.cleaned_data["end_tokens"]:
            end_tokens(holdings.of_person(self.user, clock.now(), via="page"))


class ChangePasswordForm(_EndsTokens, LibraryChangePasswordForm):  # type: ignore[misc]  # the library has no types
    """A new password instead of the old one."""


class SetPasswordForm(_EndsTokens, LibrarySetPasswordForm):  # type: ignore[misc]
    """The first password of an account that had none."""


class ResetPasswordKeyForm(_EndsTokens, LibraryResetPasswordKeyForm):  # type: ignore[misc]
    """A new password by the link of a mail."""
