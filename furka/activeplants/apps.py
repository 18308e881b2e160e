"""Registers the room with Django, and what it keeps about people."""

from django.apps import AppConfig


class ActivePlants(AppConfig):
    """The room `activeplants`."""

    name = "furka.activeplants"
    label = "activeplants"

    def ready(self) -> None:
        from furka.activeplants.personal_data import register_all  # noqa: PLC0415  # once all models are loaded

        register_all()
