"""Files that hold a private key which is made in the browser: their text has a place for it, and a script fills it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file: its name, its text with a place for the private key, and both for the script."""

    name: str
    text: str

    def as_json(self) -> SafeString:
        """For a script block of the page, which it can't end."""
        text = json.dumps({"name": self.name, "config": self.text})
        return mark_safe(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S308  # nothing can end it
