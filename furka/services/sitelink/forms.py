"""Forms of links; what is right is checked by the operations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK
from furka.links.models import Link, LinkMember, Mode
from furka.links.operations import LinkTerms
from furka.links.rules import RuleTerms
from furka.portal.once import OnceForm
from furka.portal.people_fields import Card
from furka.services.sitelink.queries import End, MemberView
from furka.services.sitelink.words import MEANINGS, MODES
from furka.sites.models import Device, Network
from furka.tree.acting import Acting
from furka.tree.models import Node

#: So many devices are offered in a list.
MOST_DEVICES = 500

_AS_TYPED = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
_NUMBER = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
_PORTS = re.compile(r"(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?")

PROTOCOLS = (("", _("Everything")), ("tcp", "TCP"), ("udp", "UDP"), ("icmp", _("Ping (ICMP)")))


class LinkForm(OnceForm):
    """A new link."""

    name = forms.CharField(
        label=_("Name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    purpose = forms.CharField(
        label=_("What is it for?"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    mode = forms.ChoiceField(label=_("How are the sites joined?"), widget=forms.RadioSelect)
    range = forms.CharField(
        label=_("Range of addresses"),
        max_length=18,
        required=False,
        help_text=_(
            "Under these addresses the central site reaches the devices. Empty: a free range is chosen."
        ),
        widget=forms.TextInput(attrs={**_AS_TYPED, "placeholder": "10.64.0.0/24"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cards = [
            (mode.value, Card(MODES[mode], MEANINGS[mode], picture=f"sitelink/_mode_{mode.value}.html"))
            for mode in (Mode.ROUTED, Mode.BRIDGED, Mode.CENTRAL)
        ]
        self.fields["mode"].choices = cards  # type: ignore[attr-defined]  # it is a choice field


class SettingsForm(forms.Form):
    """Name, purpose and limits of a link."""

    name = forms.CharField(
        label=_("Name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    purpose = forms.CharField(
        label=_("What is it for?"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    dhcp_filter = forms.BooleanField(
        label=_("Keep DHCP within each site"),
        required=False,
        help_text=_("So devices get their addresses from their own site, and never from another one."),
    )
    storm_per_second = forms.IntegerField(
        label=_("Broadcasts per second"),
        help_text=_("What a site sends to all beyond that does not pass. Usual: 500."),
        widget=_NUMBER,
    )
    most_macs = forms.IntegerField(
        label=_("Devices per site"),
        help_text=_("So many hardware addresses are learned behind one site. Usual: 256."),
        widget=_NUMBER,
    )
    own_addresses = forms.CharField(
        label=_("Addresses that every site has for itself"),
        required=False,
        max_length=400,
        help_text=_("Such as the router of each site. They do not pass through the link."),
        widget=forms.TextInput(attrs={**_AS_TYPED, "placeholder": "192.168.1.1"}),
    )

    def __init__(self, link: Link, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.link = link
        self.initial = {
            "name": link.name,
            "purpose": link.purpose,
            "dhcp_filter": link.dhcp_filter,
            "storm_per_second": link.storm_per_second,
            "most_macs": link.most_macs,
            "own_addresses": ", ".join(link.own_addresses),
        }
        if link.mode != Mode.BRIDGED:
            for name in ("dhcp_filter", "storm_per_second", "most_macs", "own_addresses"):
                del self.fields[name]

    def terms(self) -> LinkTerms:
        """What was said; what is not asked for in this mode stays."""
        said = {**self.initial, **self.cleaned_data}
        own = [each for each in re.split(r"[\s,;]+", said["own_addresses"]) if each]
        return LinkTerms(
            name=said["name"],
            purpose=said["purpose"],
            dhcp_filter=said["dhcp_filter"],
            storm_per_second=said["storm_per_second"],
            most_macs=said["most_macs"],
            own_addresses=own,
        )


class MemberForm(OnceForm):
    """Which network of a site takes part, and how."""

    network = forms.ChoiceField(label=_("Network"), required=False)
    vlan = forms.IntegerField(
        label=_("VLAN"),
        required=False,
        help_text=_(
            "The number with which the site tags this network. Empty: untagged. Sites may tag differently."
        ),
        widget=_NUMBER,
    )
    central = forms.BooleanField(
        label=_("This is the central site"),
        required=False,
        help_text=_("From here the devices of the others are reached."),
    )

    def __init__(
        self, link: Link, networks: Sequence[Network], has_centre: bool, member: LinkMember | None, data: Any
    ) -> None:
        super().__init__(data)
        names = [(each.key, f"{each.subnet} {each.name}".strip()) for each in networks]
        if link.mode != Mode.BRIDGED:
            names.insert(0, ("", gettext("All networks of the site")))
        self.fields["network"].choices = names  # type: ignore[attr-defined]  # it is a choice field
        self.networks = {each.key: each for each in networks}
        known: dict[str, Any]
        if member is not None:
            known = {"network": member.network.key if member.network else "", "vlan": member.vlan}
        elif link.mode == Mode.BRIDGED and networks:
            known = {"network": networks[0].key, "vlan": networks[0].vlan}
        else:
            known = {}
        self.initial = {**self.initial, **known}
        if link.mode != Mode.BRIDGED:
            del self.fields["vlan"]
        if link.mode != Mode.CENTRAL or has_centre or member is not None:
            del self.fields["central"]

    def network_chosen(self) -> Network | None:
        """The one that was chosen; None: all of them."""
        return self.networks.get(self.cleaned_data["network"])


@dataclass(frozen=True, slots=True)
class Ends:
    """The sites of a link and their devices, as ends that can be chosen."""

    sites: dict[str, Node]
    devices: dict[str, Device]
    choices: list[tuple[str, Any]]

    def site_of(self, key: str) -> Node | None:
        """The site that was meant; None: everybody."""
        kind, _colon, key = key.partition(":")
        if kind == "device":
            return self.sites[self.devices[key].node.key]
        return self.sites.get(key)

    def device_of(self, key: str) -> Device | None:
        """The device that was meant, if one was."""
        kind, _colon, key = key.partition(":")
        return self.devices.get(key) if kind == "device" else None

    def end(self, key: str) -> End:
        """The end of a question."""
        site = self.site_of(key)
        assert site is not None  # questions have no "everybody"
        return End(site, self.device_of(key))


def ends_of(by: Acting, views: Sequence[MemberView]) -> Ends:
    """What can be chosen in a link; one query."""
    sites = {view.member.node.key: view.member.node for view in views}
    by_site: dict[int, list[Device]] = {site.pk: [] for site in sites.values()}
    rows = Device.objects.visible_to(by, LOOK).filter(node__in=by_site or [0]).select_related("node")
    for device in rows.order_by("name", "pk")[:MOST_DEVICES]:
        by_site[device.node_id].append(device)
    choices = [
        (
            site.name,
            [
                (f"site:{site.key}", gettext("All of %(site)s") % {"site": site.name}),
                *((f"device:{each.key}", f"{each.name} ({each.address})") for each in by_site[site.pk]),
            ],
        )
        for site in sites.values()
    ]
    return Ends(sites, {each.key: each for those in by_site.values() for each in those}, choices)


class RuleForm(OnceForm):
    """Who may, or may not, open connections to whom."""

    allow = forms.ChoiceField(
        label=_("What should happen?"),
        choices=(("allow", _("Allow")), ("deny", _("Forbid"))),
        widget=forms.RadioSelect,
    )
    source = forms.ChoiceField(label=_("From whom"), required=False)
    destination = forms.ChoiceField(label=_("Towards whom"), required=False)
    protocol = forms.ChoiceField(label=_("What"), required=False, choices=PROTOCOLS)
    ports = forms.CharField(
        label=_("Ports"),
        required=False,
        max_length=200,
        help_text=_("Such as 502, 5000-5010. Empty: all ports."),
        widget=forms.TextInput(attrs=_AS_TYPED),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, link: Link, ends: Ends, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ends = ends
        choices = [("", gettext("Everybody in the link")), *ends.choices]
        for name in ("source", "destination"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # they are choice fields
        self.initial.setdefault("allow", "allow" if link.mode == Mode.ROUTED else "deny")

    def clean_ports(self) -> list[tuple[int, int]]:
        """Numbers and ranges, as they are typed."""
        found = []
        for text in filter(None, (each.strip() for each in re.split(r"[,;]", self.cleaned_data["ports"]))):
            read = _PORTS.fullmatch(text)
            if read is None:
                raise ValidationError(
                    gettext("“%(said)s” is no port. Write it such as 502 or 5000-5010.") % {"said": text[:40]}
                )
            found.append((int(read[1]), int(read[2] or read[1])))
        return found

    def terms(self) -> RuleTerms:
        """The rule that was said."""
        said = self.cleaned_data
        return RuleTerms(
            allow=said["allow"] == "allow",
            source_site=self.ends.site_of(said["source"]),
            source_device=self.ends.device_of(said["source"]),
            destination_site=self.ends.site_of(said["destination"]),
            destination_device=self.ends.device_of(said["destination"]),
            protocol=said["protocol"],
            ports=said["ports"],
            note=said["note"],
        )


class ReachForm(forms.Form):
    """May this one reach that one?"""

    use_required_attribute = False

    source = forms.ChoiceField(label=_("From whom"))
    destination = forms.ChoiceField(label=_("Towards whom"))
    protocol = forms.ChoiceField(label=_("Protocol"), choices=PROTOCOLS[1:], required=False)
    port = forms.IntegerField(label=_("Port"), required=False, min_value=1, max_value=65_535, widget=_NUMBER)

    def __init__(self, ends: Ends, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ends = ends
        choices = [("", gettext("choose")), *ends.choices]
        for name in ("source", "destination"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # they are choice fields

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("protocol") != "icmp" and not cleaned.get("port") and "port" not in self.errors:
            self.add_error("port", gettext("Please enter a port from 1 to 65535."))
        return cleaned


class MapForm(OnceForm):
    """Which devices the central site reaches."""

    devices = forms.MultipleChoiceField(label=_("Devices"), widget=forms.CheckboxSelectMultiple)
    address = forms.CharField(
        label=_("Address in the link"),
        max_length=15,
        required=False,
        help_text=_("For a single device only. Empty: the next free ones."),
        widget=forms.TextInput(attrs=_AS_TYPED),
    )

    def __init__(self, devices: Sequence[Device], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {each.key: each for each in devices}
        self.fields["devices"].choices = [  # type: ignore[attr-defined]  # it is a choice field
            (each.key, f"{each.name} ({each.address}), {each.node.name}") for each in devices
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("address") and len(cleaned.get("devices", ())) > 1:
            self.add_error("address", gettext("An address of your choice is for one device only."))
        return cleaned

    def chosen(self) -> list[Device]:
        """Those that were ticked."""
        return [self.offered[key] for key in self.cleaned_data["devices"]]


class RangeForm(forms.Form):
    """Another range for a central link."""

    range = forms.CharField(
        label=_("New range of addresses"), max_length=18, widget=forms.TextInput(attrs=_AS_TYPED)
    )


class CheckForm(forms.Form):
    """A subnet that somebody wants to use."""

    use_required_attribute = False

    check = forms.CharField(
        label=_("Is this network free?"),
        max_length=18,
        required=False,
        widget=forms.TextInput(attrs={**_AS_TYPED, "placeholder": "192.168.40.0/24"}),
    )


class FreeForm(forms.Form):
    """How large a free network should be."""

    size = forms.TypedChoiceField(
        label=_("Propose a free network for"),
        coerce=int,
        choices=(
            (29, _("6 devices (/29)")),
            (27, _("30 devices (/27)")),
            (24, _("254 devices (/24)")),
            (22, _("1'022 devices (/22)")),
            (20, _("4'094 devices (/20)")),
        ),
        initial=24,
    )
