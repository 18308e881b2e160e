"""Registers the room with Django."""

from django.apps import AppConfig


class Status(AppConfig):
    """The room `status`."""

    name = "furka.status"
    label = "status"
