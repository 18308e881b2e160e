"""What hangs on levels, in words: each sort with its name, its icon, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from furka.tree.belongings import Hanging

#: In the order in which they are shown.
NAMES: Mapping[str, Promise] = {
    "customers": _("Customers"),
    "sites": _("Sites"),
    "gateways": _("Gateways"),
    "prepared": _("Prepared gateways"),
    "networks": _("Networks"),
    "devices": _("Devices"),
    "attachments": _("Documents"),
    "links": _("Links between sites"),
    "people": _("People with access"),
    "invitations": _("Open invitations"),
    "offers": _("Open offers"),
}


@dataclass(frozen=True, slots=True)
class HangingShown:
    """How many things of a sort there are."""

    name: str
    number: int


def shown(hanging: Iterable[Hanging]) -> list[HangingShown]:
    """What there is at least one of, in the order in which people expect it."""
    numbers = {each.key: each.number for each in hanging if each.number}
    order = [*NAMES, *(key for key in numbers if key not in NAMES)]
    return [HangingShown(str(NAMES.get(key, key)), numbers[key]) for key in order if key in numbers]
