"""Registers the room with Django, and says what it keeps for levels."""

from django.apps import AppConfig


class Tree(AppConfig):
    """The room `tree`."""

    name = "furka.tree"
    label = "tree"

    def ready(self) -> None:
        # Only now are all models loaded.
        from furka.tree import (  # noqa: PLC0415
            absences,  # noqa: F401  # with its rows, as the others
            extending,  # noqa: F401
            hangings,
            level_roles,  # noqa: F401
            personal_data,
            requesting,  # noqa: F401
            second_factor,
            sessions,  # noqa: F401  # with its rows
        )

        hangings.register_all()
        personal_data.register_all()
        second_factor.follow()
