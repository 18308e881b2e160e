"""The services of a level: those configured here, and where the others are."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.access.rights import LOOK
from furka.catalogue.operations import settings_at
from furka.catalogue.service import Service, services
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_page import (
    level_url,
    render_level,
)
from furka.tree.models import Kind, Node


@dataclass(frozen=True, slots=True)
class ServiceShown:
    """A service as a level shows it."""

    service: Service
    url: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A service that is configured at other kinds of levels."""

    service: Service
    where: str


_KINDS_IN_WORDS: dict[frozenset[Kind], Promise] = {
    frozenset({Kind.SITE}): gettext_lazy("It is configured at each site."),
    frozenset({Kind.CUSTOMER}): gettext_lazy("It is configured at the customer."),
    frozenset({Kind.RESELLER}): gettext_lazy("It is configured at the reseller."),
    frozenset({Kind.RESELLER, Kind.CUSTOMER}): gettext_lazy(
        "It is configured at the reseller or the customer."
    ),
}


@at_node(LOOK)
def level_services(request: FurkaRequest, node: Node) -> HttpResponse:
    """The services that are configured at this level, and where the others are."""
    kind = Kind(node.kind)
    here = [
        ServiceShown(
            each,
            level_url(node, each.page) if each.page else "",
            settings_at(request.by, node, each.key).enabled,
        )
        for each in services()
        if kind in each.levels
    ]
    elsewhere = [
        Elsewhere(each, str(_KINDS_IN_WORDS.get(each.levels, _("It is configured at other levels."))))
        for each in services()
        if kind not in each.levels
    ]
    context = {
        "here": here,
        "elsewhere": elsewhere,
        "sites_url": level_url(node, "level-sites") if kind != Kind.SITE else "",
    }
    return render_level(request, node, "levels/services.html", context, here="level-services")
