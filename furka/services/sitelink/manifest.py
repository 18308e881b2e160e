"""What the house knows of this service."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from furka.catalogue.service import NewRight, Service, ServiceSettings
from furka.links.rights import MANAGE_LINKS
from furka.links.rights import SERVICE as KEY
from furka.tree.models import Kind


class SitelinkSettings(ServiceSettings):
    """Links of one level; switched off, nothing passes through any of them, and they stay as they are."""


SERVICE = Service(
    key=KEY,
    title=_("Links between sites"),
    summary=_("Several sites as one network, or one site that reaches devices at many."),
    levels=frozenset({Kind.RESELLER, Kind.CUSTOMER}),
    rights=(NewRight(MANAGE_LINKS, ("owner",)),),
    settings=SitelinkSettings,
    page="level-links",
    api="furka.services.sitelink.api.routes",
)
