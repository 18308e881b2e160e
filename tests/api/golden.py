"""Writes the document of the API into tests/golden; run it when the API was changed on purpose:

DJANGO_SETTINGS_MODULE=furka.config.settings python -m tests.api.golden
"""

from __future__ import annotations

import json
from pathlib import Path

import django

GOLDEN = Path(__file__).parent.parent / "golden" / "openapi.json"

RENEW = "if the change is wanted: DJANGO_SETTINGS_MODULE=furka.config.settings python -m tests.api.golden"


def text() -> str:
    """The document as it is now."""
    from furka.api.assembly import api  # noqa: PLC0415  # once Django is set up

    return json.dumps(api.get_openapi_schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    django.setup()
    GOLDEN.write_text(text(), encoding="utf-8")
