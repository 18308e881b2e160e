"""Registers the room with Django, with its check of all operations."""

from django.apps import AppConfig


class Api(AppConfig):
    """The room `api`."""

    name = "furka.api"
    label = "api"

    def ready(self) -> None:
        from furka.api import checks  # noqa: F401, PLC0415  # registers itself, once all models are loaded
