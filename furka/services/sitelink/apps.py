"""Makes the service present."""

from django.apps import AppConfig


class Sitelink(AppConfig):
    """The service `sitelink`."""

    name = "furka.services.sitelink"
    label = "sitelink"

    def ready(self) -> None:
        from furka.catalogue.service import register  # noqa: PLC0415  # only once all models are loaded
        from furka.portal.site_cards import SiteCard, show_at_sites  # noqa: PLC0415
        from furka.services.sitelink.manifest import SERVICE  # noqa: PLC0415
        from furka.services.sitelink.site_card import links_at  # noqa: PLC0415

        register(SERVICE)
        show_at_sites(SiteCard("sitelink/_site_card.html", links_at))
