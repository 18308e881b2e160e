"""Registers the room with Django, and what it keeps about people."""

from django.apps import AppConfig


class Diagnoses(AppConfig):
    """The room `diagnoses`."""

    name = "furka.diagnoses"
    label = "diagnoses"

    def ready(self) -> None:
        from furka.diagnoses import personal_data  # noqa: PLC0415  # only once all models are loaded

        personal_data.register_all()
