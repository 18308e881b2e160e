"""Registers the room with Django."""

from django.apps import AppConfig


class Outbox(AppConfig):
    """The room `outbox`."""

    name = "furka.outbox"
    label = "outbox"

    def ready(self) -> None:
        from furka.outbox.personal_data import register_all  # noqa: PLC0415  # needs its models, which are ready now

        register_all()
