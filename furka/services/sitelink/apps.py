"""Makes the service present."""

from django.apps import AppConfig


class Sitelink(AppConfig):
    """The service `sitelink`."""

    name = "furka.services.sitelink"
    label = "sitelink"

    def ready(self) -> None:
        from furka.catalogue.service import register  # noqa: PLC0415  # only once all models are loaded
        from furka.services.sitelink.manifest import SERVICE  # noqa: PLC0415

        register(SERVICE)
