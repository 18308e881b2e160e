"""Registers the room with Django."""

from django.apps import AppConfig


class Inventory(AppConfig):
    """The room `inventory`."""

    name = "furka.inventory"
    label = "inventory"

    def ready(self) -> None:
        from furka.inventory.personal_data import register_all  # noqa: PLC0415  # needs its models, which are ready now

        register_all()
