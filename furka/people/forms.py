"""What is asked of somebody who opens an account, beyond e-mail and password."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from furka.people.models import Person


class SignupForm(forms.Form):
    """The name under which others see this person."""

    name = forms.CharField(
        label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    field_order = ("name", "email", "password1")

    def signup(self, request: HttpRequest, user: Person) -> None:
        """Called by the account library after the account was saved; nothing is left to do."""
