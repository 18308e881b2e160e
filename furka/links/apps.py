"""Registers the room with Django; has sites leave links at the end of every operation; says what hangs on levels."""

from django.apps import AppConfig


class Links(AppConfig):
    """The room `links`."""

    name = "furka.links"
    label = "links"

    def ready(self) -> None:
        from furka.links.belongings import register_all  # noqa: PLC0415  # only once all models are loaded
        from furka.links.leaving import leave_where_due  # noqa: PLC0415
        from furka.tree.operation import settle_with  # noqa: PLC0415

        register_all()
        settle_with(leave_where_due)
