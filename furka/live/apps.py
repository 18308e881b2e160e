"""Registers the room with Django."""

from django.apps import AppConfig


class Live(AppConfig):
    """The room `live`."""

    name = "furka.live"
    label = "live"
