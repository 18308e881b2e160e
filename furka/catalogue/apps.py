"""Registers the room with Django."""

from django.apps import AppConfig


class Catalogue(AppConfig):
    """The room `catalogue`."""

    name = "furka.catalogue"
    label = "catalogue"
