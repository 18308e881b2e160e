"""Registers the room with Django."""

from django.apps import AppConfig


class Sandbox(AppConfig):
    """The room `sandbox`."""

    name = "furka.sandbox"
    label = "sandbox"
