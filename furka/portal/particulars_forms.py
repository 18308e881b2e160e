"""Forms for what people note about levels."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from furka.particulars.models import Contact, Particulars
from furka.particulars.operations import LONGEST_NOTE, Noted, Reached
from furka.portal.once import OnceForm

_OWN = ("company", "phone", "email")
_ADDRESS = ("street", "postcode", "town", "country")
_TEXTS = (*_OWN, *_ADDRESS)


def _phone(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )


class ParticularsForm(forms.Form):
    """Address, place, labels, note; and how the owner is reached."""

    company = forms.CharField(label=_("Company or person"), max_length=120, required=False)
    phone = _phone(_("Phone"))
    email = forms.EmailField(label=_("E-mail"), required=False)
    street = forms.CharField(label=_("Street and number"), max_length=120, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=20, required=False)
    town = forms.CharField(label=_("Town"), max_length=80, required=False)
    country = forms.CharField(label=_("Country"), max_length=60, required=False)
    latitude = forms.DecimalField(
        label=_("Latitude"),
        required=False,
        localize=False,
        help_text=_("In degrees, such as 46.9480. Maps show it for a chosen point."),
    )
    longitude = forms.DecimalField(
        label=_("Longitude"), required=False, localize=False, help_text=_("In degrees, such as 7.4474.")
    )
    labels = forms.CharField(
        label=_("Labels"),
        required=False,
        max_length=700,
        help_text=_("Words to find and group levels by, with commas between them."),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, row: Particulars | None, labels: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if row is not None:
            names = (*_TEXTS, "latitude", "longitude", "note")
            self.initial = {name: getattr(row, name) for name in names}
        self.initial = {**self.initial, "labels": ", ".join(labels)}

    def noted(self) -> Noted:
        """What was filled in."""
        given = self.cleaned_data
        texts = {name: given[name] for name in _TEXTS}
        return Noted(**texts, latitude=given["latitude"], longitude=given["longitude"], note=given["note"])

    def chosen_labels(self) -> list[str]:
        """The labels, one by one."""
        return str(self.cleaned_data["labels"]).split(",")


class ContactForm(OnceForm):
    """Somebody to call."""

    name = forms.CharField(label=_("Name"), max_length=80)
    role = forms.CharField(
        label=_("What for"), max_length=80, required=False, help_text=_("Such as caretaker, or on call.")
    )
    phone = _phone(_("Phone"))
    email = forms.EmailField(label=_("E-mail"), required=False)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(self, row: Contact | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if row is not None:
            names = ("name", "role", "phone", "email", "note")
            self.initial = {**self.initial, **{name: getattr(row, name) for name in names}}

    def reached(self) -> Reached:
        """What was filled in."""
        names = ("name", "role", "phone", "email", "note")
        return Reached(**{name: self.cleaned_data[name] for name in names})
