"""Registers the room with Django."""

from django.apps import AppConfig


class Releases(AppConfig):
    """The room `releases`."""

    name = "furka.releases"
    label = "releases"

    def ready(self) -> None:
        from furka.releases.personal_data import register_all  # noqa: PLC0415  # needs its models, which are ready now

        register_all()
