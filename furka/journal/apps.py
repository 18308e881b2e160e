"""Registers the room with Django."""

from django.apps import AppConfig


class Journal(AppConfig):
    """The room `journal`."""

    name = "furka.journal"
    label = "journal"

    def ready(self) -> None:
        from furka.journal.personal_data import register_all  # noqa: PLC0415  # needs its models, which are ready now

        register_all()
