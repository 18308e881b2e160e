"""Registers the room with Django, and has the plan settled at the end of every operation."""

from django.apps import AppConfig


class Dispatch(AppConfig):
    """The room `dispatch`."""

    name = "furka.dispatch"
    label = "dispatch"

    def ready(self) -> None:
        from furka.dispatch.settle import settle  # noqa: PLC0415  # only once all models are loaded
        from furka.tree.operation import settle_with  # noqa: PLC0415

        settle_with(settle)
