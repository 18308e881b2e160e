"""To which part of a site an access leads: chosen in a form, and said in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.access.narrowing import WHOLE, Narrowing, PortNumber, port_of
from furka.portal.once import OnceForm
from furka.portal.people_fields import Card
from furka.sites.equipment import ports_of
from furka.sites.labels import device_labels_in_use
from furka.sites.models import Device
from furka.sites.queries import devices_of
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.parts import devices_known
from furka.tree.texts import folded

#: What devices of plants are usually asked on: key → (name, ports).
PRESETS: Mapping[str, tuple[str | Promise, tuple[str, ...]]] = {
    "web": (_("Web pages"), ("tcp/80", "tcp/443")),
    "ssh": ("SSH", ("tcp/22",)),
    "modbus": ("Modbus", ("tcp/502",)),
    "bacnet": ("BACnet", ("udp/47808",)),
    "knx": ("KNX", ("tcp/3671", "udp/3671")),
    "opcua": ("OPC UA", ("tcp/4840",)),
}
#: So many ports of the devices themselves are offered beside these.
MOST_OWN = 12

_BETWEEN = re.compile(r"[\s,;]+")
_TYPED = re.compile(r"(?:(tcp|udp)/)?([0-9]{1,5})(?:/(tcp|udp))?", re.IGNORECASE)


class PartForm(OnceForm):
    """The whole site, chosen devices or devices with a label; perhaps some ports only."""

    part = forms.ChoiceField(label=_("Reaches"), required=False, widget=forms.RadioSelect)
    devices = forms.MultipleChoiceField(
        label=_("Devices"), required=False, widget=forms.CheckboxSelectMultiple
    )
    labels = forms.MultipleChoiceField(
        label=_("Labels"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Whatever carries one of these labels, also later. Without it the access closes at once."
        ),
    )
    ports = forms.MultipleChoiceField(
        label=_("Only these ports"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: all ports."),
    )
    other_ports = forms.CharField(
        label=_("Other ports"),
        required=False,
        max_length=200,
        help_text=_("Such as tcp/8080, udp/161."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def offer_parts(self, by: Acting, node: Node, was: Narrowing = WHOLE) -> None:
        """Offer what the one who acts sees here; what an access leads to already stays."""
        devices = [view.device for view in devices_of(by, node)] if node.is_site else []
        labels = {folded(name): name for name in device_labels_in_use(by, node)}
        chosen_labels = sorted(label for clause in was.labels for label in clause)
        for label in chosen_labels:
            labels.setdefault(label, label)
        chosen = was.devices or frozenset()
        gone = sorted(chosen - {device.key for device in devices})
        whole = _("All devices") if not node.is_site else _("The whole site")
        parts = [("", Card(whole))]
        if devices or gone:
            parts.append(("devices", Card(_("Chosen devices"))))
        if labels:
            parts.append(("labels", Card(_("Devices with a label"))))
        self._choices("part", parts)
        names = [(device.key, f"{device.name} ({device.address})") for device in devices]
        self._choices("devices", [*names, *((key, gettext("removed device")) for key in gone)])
        self._choices("labels", list(labels.items()))
        presets = [(key, f"{name} ({', '.join(ports)})") for key, (name, ports) in PRESETS.items()]
        self._choices("ports", [*presets, *_own_ports(devices)])
        self.narrows = len(parts) > 1
        part = "devices" if was.devices is not None else "labels" if was.labels else ""
        ticked, typed = _as_ticked(was.ports or (), dict(self.fields["ports"].choices))  # type: ignore[attr-defined]
        self.initial = {
            **self.initial,
            "part": part,
            "devices": sorted(chosen),
            "labels": chosen_labels,
            "ports": ticked,
            "other_ports": ", ".join(typed),
        }

    def _choices(self, field: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]  # it is a choice field

    def clean_other_ports(self) -> tuple[PortNumber, ...]:
        """Ports as they are typed: `tcp/8080`, `161/udp`, or a number alone for tcp."""
        found = []
        for text in filter(None, _BETWEEN.split(self.cleaned_data["other_ports"])):
            read = _TYPED.fullmatch(text)
            try:
                if read is None or (read[1] and read[3]):
                    raise ValueError(text)
                found.append(PortNumber((read[1] or read[3] or "tcp").lower(), int(read[2])))
            except ValueError:
                wrong = gettext("“%(said)s” is no port. Write it such as tcp/8080 or udp/161.")
                raise ValidationError(wrong % {"said": text[:40]}) from None
        return tuple(found)

    def narrowing(self) -> Narrowing:
        """What was chosen."""
        chosen = self.cleaned_data
        part = chosen.get("part", "")
        ports = {port_of(text) for key in chosen["ports"] for text in _ports_behind(key)}
        ports |= set(chosen["other_ports"])
        return Narrowing(
            frozenset(chosen["devices"]) if part == "devices" else None,
            frozenset({frozenset(chosen["labels"])}) if part == "labels" else frozenset(),
            frozenset(ports) if ports else None,
        )


def _ports_behind(key: str) -> tuple[str, ...]:
    return PRESETS[key][1] if key in PRESETS else (key,)


def _own_ports(devices: Iterable[Device]) -> list[tuple[str, str]]:
    """The ports that devices have and no preset names, each once, with what they are called there."""
    known = {text for _name, ports in PRESETS.values() for text in ports}
    found: dict[str, str] = {}
    for device in devices:
        for port in ports_of(device):
            key = f"{port.protocol}/{port.number}"
            if key not in known:
                found.setdefault(key, f"{port.name} ({key})" if port.name else key)
    return sorted(found.items())[:MOST_OWN]


def _as_ticked(ports: Iterable[PortNumber], offered: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Ports as boxes to tick, and the rest as it is typed."""
    left = {str(port) for port in ports}
    ticked = []
    for key in offered:
        behind = set(_ports_behind(key))
        if behind and behind <= left:
            ticked.append(key)
            left -= behind
    return ticked, sorted(left)


def in_words(narrowings: Iterable[Narrowing]) -> dict[Narrowing, str]:
    """What several accesses lead to, each in words; "" for all of it. One query."""
    asked = set(narrowings)
    keys = {key for each in asked for key in each.devices or ()}
    names = devices_known().names(keys) if keys else {}
    return {each: _words(each, names) for each in asked}


def _words(narrowing: Narrowing, names: Mapping[str, str]) -> str:
    found = []
    if narrowing.devices is not None:
        called = sorted(names.get(key, gettext("removed device")) for key in narrowing.devices)
        found.append(gettext("only %(names)s") % {"names": ", ".join(called) or "–"})
    for clause in sorted(narrowing.labels, key=sorted):
        found.append(gettext("only devices labelled %(labels)s") % {"labels": ", ".join(sorted(clause))})
    if narrowing.ports is not None:
        ports = ", ".join(map(str, sorted(narrowing.ports)))
        found.append(gettext("only ports %(ports)s") % {"ports": ports or "–"})
    return "; ".join(found)
