"""Parts of sites that an access is narrowed to: checked when somebody is let in, and said in names for the journal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

from django.utils.translation import gettext_lazy as _

from furka.access.narrowing import NEEDS_WHOLE, WHOLE, Narrowing, narrowing_from_json
from furka.errors import Invalid
from furka.tree.acting import Acting
from furka.tree.models import Node

MOST_DEVICES = 100
MOST_LABELS = 10
MOST_PORTS = 20


class Devices(Protocol):
    """What the room of devices knows of them; it registers itself when the program starts."""

    def visible(self, by: Acting, site: Node, keys: Collection[str]) -> Collection[str]:
        """Those of these devices of a site that the one who acts may see."""
        ...

    def names(self, keys: Collection[str]) -> Mapping[str, str]:
        """What devices are called, by key; one that is gone has no name."""
        ...


_known: Final[list[Devices]] = []


def register(devices: Devices) -> None:
    """Have devices checked and named by this."""
    _known[:] = [devices]


def check_rights(narrowing: Narrowing, rights: frozenset[str]) -> None:
    """Raises Invalid for rights that count on whole levels only."""
    if not narrowing.is_whole and rights & NEEDS_WHOLE:
        text = _("Whoever configures a site or reads its events needs the whole site. Choose a smaller role.")
        raise Invalid.at("rights", "needs-whole", text)


def check_part(by: Acting, node: Node, narrowing: Narrowing, was: Narrowing = WHOLE) -> None:
    """Raises Invalid for a part that says nothing, too much, or what is not there. Devices of `was` may be gone."""
    devices, clauses, ports = narrowing.devices, narrowing.labels, narrowing.ports
    if devices is not None and not node.is_site:
        raise Invalid.at(
            "part", "devices-at-sites", _("Single devices are chosen at a site. Choose a label here.")
        )
    if devices is not None and not 1 <= len(devices) <= MOST_DEVICES:
        raise Invalid.at("devices", "devices-chosen", _("Choose at least one device, and at most 100."))
    if any(not 1 <= len(clause) <= MOST_LABELS for clause in clauses) or len(clauses) > MOST_LABELS:
        raise Invalid.at("labels", "labels-chosen", _("Choose at least one label, and at most 10."))
    if ports is not None and not 1 <= len(ports) <= MOST_PORTS:
        raise Invalid.at("ports", "ports-chosen", _("Enter at least one port, and at most 20."))
    new = (devices or frozenset()) - (was.devices or frozenset())
    if new and new != set(devices_known().visible(by, node, new)):
        raise Invalid.at("devices", "device-unknown", _("This device does not exist at this site."))


def devices_known() -> Devices:
    """Who knows devices."""
    return _known[0]


def told_part(kept: Mapping[str, Any] | None) -> dict[str, list[str]] | None:
    """The part of a grant's row as the journal keeps it, with the names that devices have now; None for everything."""
    narrowing = narrowing_from_json(kept)
    if narrowing.is_whole:
        return None
    names = devices_known().names(narrowing.devices) if narrowing.devices else {}
    found: dict[str, list[str]] = {}
    if narrowing.devices is not None:
        found["devices"] = sorted(names.get(key, key) for key in narrowing.devices)
    if narrowing.labels:
        found["labels"] = [" / ".join(sorted(clause)) for clause in sorted(narrowing.labels, key=sorted)]
    if narrowing.ports is not None:
        found["ports"] = [str(port) for port in sorted(narrowing.ports)]
    return found
