"""Registers the room with Django, and what it keeps about people."""

from django.apps import AppConfig


class Connections(AppConfig):
    """The room `connections`."""

    name = "furka.connections"
    label = "connections"

    def ready(self) -> None:
        from furka.connections import letters  # noqa: F401, PLC0415  # makes its kind of mail known
        from furka.connections.personal_data import register_all  # noqa: PLC0415  # only once all models are loaded

        register_all()
