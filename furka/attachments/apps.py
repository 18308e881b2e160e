"""Registers the room with Django, what sites are found by, and what it keeps for levels and about people."""

from django.apps import AppConfig


class Attachments(AppConfig):
    """The room `attachments`."""

    name = "furka.attachments"
    label = "attachments"

    def ready(self) -> None:
        from furka.attachments import findable  # noqa: F401, PLC0415  # registers itself, once all models are loaded
        from furka.attachments.belongings import register_all as register_belongings  # noqa: PLC0415
        from furka.attachments.personal_data import register_all as register_personal  # noqa: PLC0415

        register_belongings()
        register_personal()
