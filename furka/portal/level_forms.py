"""Forms for levels, sites and what sites are made of; what is right is checked by the operations."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from furka.portal import words
from furka.portal.once import OnceForm
from furka.sites.equipment import LONGEST_LINK, LONGEST_NOTE, DeviceFacts, ports_in, ports_of
from furka.sites.models import Device, DeviceKind, Network
from furka.tree.many import LONGEST_REFERENCE
from furka.tree.models import Node

#: So many customers are offered when a site is made; beyond that one begins at the customer.
MOST_CUSTOMERS = 200

#: For what is typed letter by letter.
_AS_TYPED = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}


@cache
def _zones() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """All time zones that people live in, by continent."""
    continents: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        continent, slash, place = name.partition("/")
        if slash and continent not in ("Etc", "SystemV", "US", "Canada", "Brazil", "Chile", "Mexico"):
            continents.setdefault(continent, []).append((name, place.replace("_", " ").replace("/", ", ")))
    first = ["Europe"]
    order = [*first, *(name for name in continents if name not in first)]
    return tuple((name, tuple(continents[name])) for name in order)


class ZoneField(forms.ChoiceField):
    """A choice of a time zone."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Time zone"))
        super().__init__(choices=_zones, **kwargs)


class CustomerForm(OnceForm):
    """A new customer."""

    name = forms.CharField(label=_("Name"), max_length=120)


class SiteForm(OnceForm):
    """A new site."""

    name = forms.CharField(label=_("Name"), max_length=120)
    owner = forms.ChoiceField(label=_("Belongs to"), required=False)
    time_zone = ZoneField()

    def __init__(self, node: Node, customers: list[Node], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("time_zone", node.time_zone)
        if customers:
            self.fields["owner"].choices = [  # type: ignore[attr-defined]  # it is a choice field
                ("", node.name),
                *((customer.key, customer.name) for customer in customers),
            ]
        else:
            del self.fields["owner"]


class NameForm(forms.Form):
    """Another name for a level."""

    name = forms.CharField(label=_("Name"), max_length=120)


class ReferenceForm(forms.Form):
    """What a level is called in the books of whoever looks after it."""

    reference = forms.CharField(
        label=_("Number in your books"),
        max_length=LONGEST_REFERENCE,
        required=False,
        help_text=_(
            "Such as A-20417. It is found by the search, and tells sites apart when a table is imported."
        ),
        widget=forms.TextInput(attrs=_AS_TYPED),
    )


class ZoneForm(forms.Form):
    """Where the clocks of a level stand."""

    time_zone = ZoneField(help_text=_("Times on the pages of this level and hours of access are read there."))


class LeaseForm(forms.Form):
    """How long access goes on when a hub hears nothing from the portal."""

    CHOICES = (15, 60, 240, 1440)

    lease_minutes = forms.TypedChoiceField(
        label=_("If the connection to the portal is lost"),
        coerce=lambda text: int(text) or None,
        widget=forms.RadioSelect,
    )

    def __init__(self, minutes: int | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["lease_minutes"] = minutes or 0
        offered = sorted({*self.CHOICES, *([minutes] if minutes else [])})
        field = self.fields["lease_minutes"]
        field.choices = [  # type: ignore[attr-defined]  # it is a choice field
            ("0", _("running access lasts until its own end")),
            *(
                (
                    str(each),
                    _("running access ends after %(span)s at the latest")
                    % {"span": words.span(each * 60, after_preposition=True)},
                )
                for each in offered
            ),
        ]


class NetworkForm(OnceForm):
    """A network of the plant."""

    subnet = forms.CharField(
        label=_("Network"),
        max_length=40,
        help_text=_("As the gateway sees it, for example 192.168.1.0/24."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=_("Name"), max_length=60, required=False, help_text=_("For example: building services.")
    )
    vlan = forms.IntegerField(
        label=_("VLAN"),
        required=False,
        help_text=_("Its number, if the switches of the plant know one (1 to 4094)."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    note = forms.CharField(label=_("Note"), max_length=LONGEST_NOTE, required=False)


class NetworkChangeForm(NetworkForm):
    """A network that is there; its subnet stays, for the way to its devices hangs on it."""

    subnet = None  # type: ignore[assignment]  # Django leaves out what is None

    def __init__(self, row: Network, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**self.initial, "name": row.name, "vlan": row.vlan, "note": row.note}


class DeviceForm(OnceForm):
    """A device in one of the networks."""

    name = forms.CharField(label=_("Name"), max_length=80)
    address = forms.CharField(
        label=_("Address in the plant"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=DeviceKind.choices, initial=DeviceKind.CONTROLLER)
    web = forms.BooleanField(
        label=_("It has a page for the browser"),
        required=False,
        help_text=_("Whoever may enter gets a link to it (port 80)."),
    )
    mac = forms.CharField(
        label=_("MAC address"), max_length=40, required=False, widget=forms.TextInput(attrs=_AS_TYPED)
    )
    ports = forms.CharField(
        label=_("Ports"),
        max_length=2000,
        required=False,
        help_text=_("One a line, such as 502/tcp Modbus."),
        widget=forms.Textarea(attrs={"rows": 3, **_AS_TYPED}),
    )
    link = forms.CharField(
        label=_("Link"),
        max_length=LONGEST_LINK,
        required=False,
        help_text=_("A web address, or a path on the device such as /login."),
        widget=forms.TextInput(attrs=_AS_TYPED),
    )
    labels = forms.CharField(
        label=_("Labels"),
        max_length=700,
        required=False,
        help_text=_("Separated by commas. An access can lead to all devices with a label."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    note = forms.CharField(label=_("Note"), max_length=LONGEST_NOTE, required=False)

    def chosen_labels(self) -> list[str]:
        """The labels, one by one."""
        return str(self.cleaned_data["labels"]).split(",")

    def facts(self) -> DeviceFacts:
        """What was filled in beside name, kind and address. Raises Invalid."""
        given = self.cleaned_data
        return DeviceFacts(given["mac"], ports_in(given["ports"]), given["link"], given["note"])


class DeviceChangeForm(DeviceForm):
    """A device that is there."""

    def __init__(self, row: Device, labels: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["labels"] = ", ".join(labels)
        names = ("name", "address", "kind", "web", "mac", "link", "note")
        known = {name: getattr(row, name) for name in names}
        self.initial = {**self.initial, **known, "ports": "\n".join(map(str, ports_of(row)))}


class SearchForm(forms.Form):
    """The words that a list is searched for; only to be shown, the list reads them itself."""

    use_required_attribute = False

    q = forms.CharField(
        label=_("Search"),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
