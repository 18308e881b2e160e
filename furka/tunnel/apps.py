"""Registers the room with Django."""

from django.apps import AppConfig


class Tunnel(AppConfig):
    """The room `tunnel`."""

    name = "furka.tunnel"
    label = "tunnel"

    def ready(self) -> None:
        from furka.tunnel.personal_data import register_all  # noqa: PLC0415  # needs its models, which are ready now

        register_all()
