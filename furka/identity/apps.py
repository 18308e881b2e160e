"""Registers the room with Django."""

from django.apps import AppConfig


class Identity(AppConfig):
    """The room `identity`."""

    name = "furka.identity"
    label = "identity"

    def ready(self) -> None:
        from furka.identity.personal_data import register_all  # noqa: PLC0415  # needs models, which are ready now

        register_all()
