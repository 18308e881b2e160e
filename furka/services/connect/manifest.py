"""What the house knows of this service."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from furka.access.rights import Right
from furka.catalogue.service import NewRight, Service, ServiceSettings, Visit
from furka.plan.entries import Entry
from furka.plan.world import VisitWorld
from furka.services.connect.compile import compile_visit
from furka.tree.models import Kind

USE_REMOTE_ACCESS = Right("connect.use", gettext_noop("Use remote access"))


class ConnectSettings(ServiceSettings):
    """Remote access at one site; on from the start, since nobody may use it without a right of their own."""


def _compile(world: VisitWorld, settings: ServiceSettings) -> tuple[Entry, ...]:
    return compile_visit(world, settings.enabled)


SERVICE = Service(
    key="connect",
    title=_("Connect Basic"),
    summary=_("Remote access to the devices of this site through a tunnel."),
    levels=frozenset({Kind.SITE}),
    rights=(NewRight(USE_REMOTE_ACCESS, ("owner", "technician", "supporter", "site-operator")),),
    settings=ConnectSettings,
    visit=Visit(USE_REMOTE_ACCESS, _compile),
    page="connect",
    api="furka.services.connect.api.routes",
)
