"""What makes a box, or a router, the gateway of a site; for operations that have their own proof."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.errors import Conflict, Invalid
from furka.sites.gateway_log import Change, note
from furka.sites.models import ClaimCode, Gateway
from furka.sites.replacing import make_way
from furka.tree.models import Node
from furka.tree.operation import SiteTouched, Work
from furka.tree.texts import one_line
from furka.tunnel.addresses import draw
from furka.tunnel.models import Hub, Profile
from furka.vault import fingerprint

#: So many gateways can be claimed under one top-level node within a day.
MOST_GATEWAYS_A_DAY = 1000

_PROOF = "the right was decided on the site, or the code is the proof"


def serve(
    work: Work,
    site: Node,
    public_key: str,
    token: str,
    *,
    hostname: str,
    version: str = "",
    system: str = "",
    serial: str = "",
    replaces: Gateway | None = None,
) -> Gateway:
    """Make whoever has that key the gateway of a site that has none, or only the one that it replaces."""
    rows = Gateway.objects.everything(_PROOF).filter(public_key=public_key, released_at=None)
    serving = rows.select_related("node").first()
    if serving is not None and serving.node.deleted_at is not None:
        # The box begins anew; should the deleted site be restored, it needs another one.
        serving.released_at = work.at
        serving.save(update_fields=["released_at"])
        serving = None
    if serving is not None:
        raise Conflict(
            "gateway-serves-other", _("This gateway already serves a site. It must be released there first.")
        )
    if ends_elsewhere(public_key):
        raise Conflict("key-taken", _("This key is already in use. Please make a new one."))
    if gateway_of(site) != replaces:
        raise has_gateway()
    hub = home_hub() if replaces is None else replaces.hub
    if hub is None:
        raise Conflict("no-hub", _("No hub is ready yet. Please try again in a moment."))
    try:
        with transaction.atomic():
            number = draw("gateways") if replaces is None else make_way(work, replaces)
            gateway = Gateway.objects.create(
                node=site,
                hub=hub,
                number=number,
                public_key=public_key,
                token_hash=fingerprint(token),
                hostname=one_line(hostname)[:100],
                version=one_line(version)[:40],
                system=system,
                serial=one_line(serial)[:60],
                claimed_at=work.at,
            )
    except IntegrityError:  # another gateway was quicker, with another code
        raise has_gateway() from None
    work.touch(SiteTouched(site.pk))
    note(gateway, Change.LINKED, gateway.hostname, work.at)
    return gateway


def part(work: Work, gateway: Gateway) -> None:
    """Its tunnel ends at once, and the box forgets everything when it next asks."""
    gateway.released_at, gateway.online = work.at, False
    gateway.save(update_fields=["released_at", "online"])
    ClaimCode.objects.everything(_PROOF).filter(Q(gateway=gateway) | Q(replaces=gateway)).delete()
    note(gateway, Change.UNLINKED, gateway.hostname, work.at)
    work.touch(SiteTouched(gateway.node_id))
    work.news.append((gateway.topic, "released"))
    told = {"gateway": gateway.key, "hostname": gateway.hostname}
    work.record(gateway.node, "gateway.released", before=told)


def refuse_too_many(site: Node, at: datetime) -> None:
    """A number is never given out twice: raises Conflict where many gateways were claimed lately."""
    lately = Gateway.objects.everything(_PROOF).filter(beside(site), claimed_at__gt=at - timedelta(days=1))
    if lately.count() >= MOST_GATEWAYS_A_DAY:
        raise Conflict(
            "too-many-gateways", _("Many gateways were claimed here today. Please go on tomorrow.")
        )


def beside(site: Node) -> Q:
    """The condition on rows of sites under the same top-level node."""
    if site.reseller_id is not None:
        return Q(node__reseller_id=site.reseller_id)
    return Q(node__customer_id=site.customer_id)


def home_hub() -> Hub | None:
    """The hub that new tunnels end at."""
    return Hub.objects.exclude(public_key="").exclude(endpoint="").order_by("number").first()


def ends_elsewhere(public_key: str) -> bool:
    """Whether a key is that of another kind of end: a hub knows its peers by their keys alone."""
    profiles = Profile.objects.filter(public_key=public_key, revoked_at=None)
    has_it = Q(public_key=public_key) | Q(next_public_key=public_key)
    gateways = Gateway.objects.everything(_PROOF).filter(has_it, released_at=None)
    return profiles.exists() or gateways.exists() or Hub.objects.filter(public_key=public_key).exists()


def has_gateway() -> Conflict:
    return Conflict("has-gateway", _("This site already has a gateway. Release it first, or replace it."))


def gateway_of(site: Node) -> Gateway | None:
    return Gateway.objects.everything(_PROOF).filter(node=site, released_at=None).first()


def must_be_site(node: Node) -> None:
    if not node.is_site:
        raise Invalid("not-a-site", _("This exists at sites only."))
