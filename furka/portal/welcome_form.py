"""The first step of somebody new: what they look after."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from furka.portal.once import OnceForm
from furka.portal.people_fields import Card
from furka.tree.models import Kind


class LevelForm(OnceForm):
    """How somebody begins."""

    kind = forms.ChoiceField(
        label=_("I look after"),
        choices=(
            (
                Kind.RESELLER,
                Card(
                    _("plants of customers (reseller)"),
                    _("You administer several customers and their sites in one place."),
                ),
            ),
            (
                Kind.CUSTOMER,
                Card(
                    _("my own plants (customer)"),
                    _("You administer your own sites, and let in whoever services them."),
                ),
            ),
        ),
        initial=Kind.RESELLER,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=_("Name of the company"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
