"""A profile as a file to save, for a person and for the script that fills in the private key."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from furka.plan.names import label_of
from furka.services.connect.operations import MadeProfile, configuration

#: How long the name of an interface may be (Linux: IFNAMSIZ less its closing zero).
LONGEST_FILE_NAME = 15


@dataclass(frozen=True, slots=True)
class Config:
    """A profile as a file: its name, its text with a place for the private key, and both for the script."""

    name: str
    text: str

    def as_json(self) -> SafeString:
        """For a script block of the page, which it can't end."""
        text = json.dumps({"name": self.name, "config": self.text})
        return mark_safe(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S308  # nothing can end it


def config_of(made: MadeProfile) -> Config:
    """The file of a profile whose secrets were just made."""
    return Config(f"{_file_name(made.profile.name)}.conf", configuration(made.profile, made.preshared_key))


def _file_name(name: str) -> str:
    """A name that WireGuard takes as that of an interface: at most 15 letters, digits and hyphens."""
    plain = label_of(name, "")
    whole = f"furka-{plain}" if len(plain) <= LONGEST_FILE_NAME - len("furka-") else plain
    return whole[:LONGEST_FILE_NAME].rstrip("-")
