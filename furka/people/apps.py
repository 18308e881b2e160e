"""Registers the room with Django."""

from django.apps import AppConfig


class People(AppConfig):
    """The room `people`."""

    name = "furka.people"
    label = "people"

    def ready(self) -> None:
        from furka.people.personal_data import register_all  # noqa: PLC0415  # needs its models, which are ready now

        register_all()
