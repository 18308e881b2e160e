"""What people and programs wish, read into a probe; what is wrong is said at its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from furka.diagnoses.models import DiagnosisKind
from furka.errors import Invalid
from furka.wire.probes import PROBE, Probe

_WRONG: Mapping[str, Promise] = {
    "target": _("Enter an address such as 192.168.1.10."),
    "server": _("Enter an address such as 192.168.1.10."),
    "port": _("Enter a port from 1 to 65535."),
    "network": _("Choose a network of this site."),
    "count": _("Between 1 and 20."),
    "name": _("Enter a name such as www.example.org."),
    "path": _("Enter a path such as /login."),
}

#: What each kind can be asked with.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "ping": ("target", "network", "count"),
    "tcp": ("target", "port"),
    "route": ("target",),
    "name": ("name", "record", "server"),
    "http": ("target", "port", "secure", "path"),
    "duplicate": ("target",),
    "scan": ("network", "mdns", "knx", "bacnet", "modbus"),
    "macs": ("network",),
    "size": (),
    "line": (),
    "state": (),
}


def probe_of(kind: str, given: Mapping[str, Any]) -> Probe:
    """A probe of that kind; values that were left out (None, "") are not given. Raises Invalid."""
    if kind not in FIELDS:
        raise Invalid.at("kind", "kind-unknown", _("This kind of diagnosis does not exist."))
    values = {name: value for name, value in given.items() if value not in (None, "")}
    for name in values:
        if name not in FIELDS[kind]:
            raise Invalid.at(name, "not-for-this-kind", _("This does not belong to this kind of diagnosis."))
    try:
        return PROBE.validate_python({**values, "kind": kind})
    except ValidationError as error:
        [*_rest, field] = error.errors()[0]["loc"]
        name = str(field)
        raise Invalid.at(name, f"{name}-wrong", _WRONG.get(name, _("This is not right."))) from None


def kinds_to_ask() -> list[DiagnosisKind]:
    """Every kind that can be asked for, in the order in which it is offered."""
    return [each for each in DiagnosisKind if each in FIELDS]
