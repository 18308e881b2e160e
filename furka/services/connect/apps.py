"""Makes the service present."""

from django.apps import AppConfig


class Connect(AppConfig):
    """The service `connect`."""

    name = "furka.services.connect"
    label = "connect"

    def ready(self) -> None:
        from furka.catalogue.service import register  # noqa: PLC0415  # only once all models are loaded
        from furka.services.connect.manifest import SERVICE  # noqa: PLC0415

        register(SERVICE)
