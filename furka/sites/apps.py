"""Registers the room with Django, what sites are found by, and what it keeps for levels."""

from django.apps import AppConfig


class Sites(AppConfig):
    """The room `sites`."""

    name = "furka.sites"
    label = "sites"

    def ready(self) -> None:
        # They register themselves, once all models are loaded.
        from furka.sites import findable, gateway_log, traffic  # noqa: F401, PLC0415
        from furka.sites.belongings import register_all  # noqa: PLC0415
        from furka.sites.spots import KnownDevices  # noqa: PLC0415
        from furka.tree.parts import register as register_devices  # noqa: PLC0415

        register_all()
        register_devices(KnownDevices())
