"""Registers the room with Django."""

from django.apps import AppConfig


class Portal(AppConfig):
    """The room `portal`."""

    name = "furka.portal"
    label = "portal"
