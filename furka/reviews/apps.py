"""Registers the room with Django."""

from django.apps import AppConfig


class Reviews(AppConfig):
    """The room `reviews`."""

    name = "furka.reviews"
    label = "reviews"

    def ready(self) -> None:
        from furka.reviews.personal_data import register_all  # noqa: PLC0415  # needs its models, which are ready now

        register_all()
