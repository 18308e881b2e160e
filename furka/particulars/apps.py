"""Registers the room with Django, and what levels are found by."""

from django.apps import AppConfig


class Particulars(AppConfig):
    """The room `particulars`."""

    name = "furka.particulars"
    label = "particulars"

    def ready(self) -> None:
        from furka.particulars import findable  # noqa: F401, PLC0415  # registers itself, once all models are there
