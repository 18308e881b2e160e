"""Registers the room with Django."""

from django.apps import AppConfig


class Viewing(AppConfig):
    """The room `viewing`."""

    name = "furka.viewing"
    label = "viewing"

    def ready(self) -> None:
        from furka.viewing.personal_data import register_all  # noqa: PLC0415  # needs its models, which are ready now

        register_all()
