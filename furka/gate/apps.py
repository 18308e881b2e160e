"""Registers the room with Django, with its check of all addresses."""

from django.apps import AppConfig


class Gate(AppConfig):
    """The room `gate`."""

    name = "furka.gate"
    label = "gate"

    def ready(self) -> None:
        from furka.gate import checks  # noqa: F401, PLC0415  # registers itself, once all models are loaded
