"""Registers the room with Django, and what it keeps about people."""

from django.apps import AppConfig


class Trials(AppConfig):
    """The room `trials`."""

    name = "furka.trials"
    label = "trials"

    def ready(self) -> None:
        from furka.trials import personal_data  # noqa: PLC0415  # only once all models are loaded

        personal_data.register_all()
