"""A profile as a file to save, for a person and for the script that fills in the private key."""

from __future__ import annotations

from furka.plan.names import label_of
from furka.portal.key_files import KeyFile
from furka.services.connect.operations import MadeProfile, configuration

#: How long the name of an interface may be (Linux: IFNAMSIZ less its closing zero).
LONGEST_FILE_NAME = 15


def config_of(made: MadeProfile) -> KeyFile:
    """The file of a profile whose secrets were just made."""
    return KeyFile(f"{_file_name(made.profile.name)}.conf", configuration(made.profile, made.preshared_key))


def _file_name(name: str) -> str:
    """A name that WireGuard takes as that of an interface: at most 15 letters, digits and hyphens."""
    plain = label_of(name, "")
    whole = f"furka-{plain}" if len(plain) <= LONGEST_FILE_NAME - len("furka-") else plain
    return whole[:LONGEST_FILE_NAME].rstrip("-")
