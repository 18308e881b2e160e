"""Opening a device's page in a browser: the same right as for every other way into the site, and the same end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address

from django.utils.translation import gettext_lazy as _

from furka.access.policy import open_intervals
from furka.catalogue.operations import settings_at
from furka.devicepages.operations import Opened, begin
from furka.errors import Conflict
from furka.services.connect.manifest import SERVICE, USE_REMOTE_ACCESS
from furka.services.connect.queries import reachable_among
from furka.sites.models import Device, Gateway, Network
from furka.sites.web import ways_of
from furka.tree.acting import Acting
from furka.tree.holdings import held_from
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.samples import refuse_in_sample


@dataclass(frozen=True, slots=True)
class Openable:
    """A device whose page can be opened now: through which gateway, and until when (None: until revoked)."""

    device: Device
    gateway: Gateway
    until: datetime | None


def openable(by: Acting, device: Device) -> Openable:
    """How the page of a device can be opened by the one who acts. Raises Conflict with what is missing."""
    site = device.node
    if not settings_at(by, site, SERVICE.key).enabled:
        raise Conflict("service-off", _("Remote access is switched off at this site."))
    gateways = Gateway.objects.visible_to(by, USE_REMOTE_ACCESS).filter(node=site, released_at=None)
    gateway = gateways.select_related("hub").first()
    if gateway is None:
        raise Conflict("no-gateway", _("The site has no gateway yet."))
    if gateway.cut_by:
        raise Conflict(
            "cut-at-the-plant",
            _("Somebody at the plant has cut remote access. It can only be allowed again there."),
        )
    networks = Network.objects.visible_to(by, USE_REMOTE_ACCESS).filter(node=site)
    if not any(IPv4Address(device.address) in network.real for network in networks):
        raise Conflict(
            "in-no-network", _("The device lies in no network of this site, so it is not reached.")
        )
    if not ways_of(device):
        raise Conflict("no-page", _("As far as is known this device has no page of its own."))
    if not gateway.hub.pages:
        raise Conflict("no-pages-here", _("The hub of this site opens no pages in browsers."))
    reached = next(iter(reachable_among(by, [site])), None)
    if reached is None or not any(each.opens for each in reached.devices if each.device.pk == device.pk):
        raise Conflict("not-reached", _("Your access does not lead to this device."))
    return Openable(device, gateway, _until(by, site))


@operation(USE_REMOTE_ACCESS)
def open_page(work: Work, device: Device, login_key: str, language: str) -> Opened:
    """Open the page of a device for the one who acts, in the browser with that login ("": a program asks)."""
    refuse_in_sample(work)
    way = openable(work.by, device)
    return begin(work, device, way.gateway, way.until, login_key, language)


def _until(by: Acting, site: Node) -> datetime | None:
    """When the access that runs now ends; what begins when it ends belongs to it, here as in the plan."""
    held = held_from(by.person_id, by.at) if by.person_id is not None else ()
    intervals = open_intervals(
        held,
        USE_REMOTE_ACCESS,
        site.place,
        datetime.max.replace(tzinfo=UTC),
        ceilings=by.ceilings_over(site.place),
    )
    return next((each.ends_at for each in intervals if each.covers(by.at)), by.at)
