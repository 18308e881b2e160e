"""A site's own router as its gateway: it runs WireGuard by a configuration that is made here, without our program.

The private key is made by whoever sets the router up and never comes here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE
from furka.errors import Invalid, NotThere
from furka.plan.addressing import PLAN
from furka.plan.render.router import RouterWorld
from furka.plan.render.routers import SYSTEMS
from furka.plan.world import NetworkPair
from furka.sites.models import ClaimCode, Gateway, Network
from furka.sites.serving import gateway_of, has_gateway, must_be_site, part, refuse_too_many, serve
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.samples import refuse_in_sample
from furka.vault import new_token

_REASON = "the right was decided on the site"


@operation(CONFIGURE)
def connect_router(
    work: Work, site: Node, public_key: str, system: str, *, replacing: bool = False
) -> Gateway:
    """Make a router the gateway of the site. Where one serves already it must be said that it is replaced."""
    refuse_in_sample(work)
    must_be_site(site)
    key = checked_key(public_key)
    if system not in SYSTEMS:
        raise Invalid.at("system", "system-unknown", _("There is no configuration for this system."))
    refuse_too_many(site, work.at)
    before = gateway_of(site)
    if before is not None:
        if not replacing:
            raise has_gateway()
        before.node = site
        part(work, before)
    ClaimCode.objects.everything(_REASON).filter(node=site, used_at=None).delete()
    # Nobody has this token: a router asks and reports nothing.
    gateway = serve(work, site, key, new_token(), hostname=SYSTEMS[system].name, system=system)
    gateway.node = site
    gateway.told = digest_of(gateway)
    gateway.save(update_fields=["told"])
    work.record(site, "gateway.router-connected", after={"gateway": gateway.key, "system": system})
    return gateway


@operation(CONFIGURE)
def note_configured(work: Work, site: Node) -> None:
    """Somebody says that the newest configuration is in the router. Raises NotThere if no router serves the site."""
    gateway = router_of(site)
    gateway.told = digest_of(gateway)
    gateway.save(update_fields=["told"])
    work.tell(site, "gateway.report")


def router_of(site: Node) -> Gateway:
    """The router that serves a site, for whoever may configure it. Raises NotThere if there is none."""
    gateway = gateway_of(site)
    if gateway is None or not gateway.system:
        raise NotThere("no-router", _("No router of your own serves this site."))
    return gateway


def configuration(gateway: Gateway) -> str:
    """What is put into the router, with a place for its private key."""
    return SYSTEMS[gateway.system].render(_world_of(gateway))


def is_outdated(gateway: Gateway) -> bool:
    """Whether what the router was told is not what it should have now; our own boxes ask by themselves."""
    return bool(gateway.system) and gateway.told != digest_of(gateway)


def digest_of(gateway: Gateway) -> str:
    """Of what a configuration is made from, whatever the text looks like."""
    world = _world_of(gateway)
    pairs = [[str(pair.real), str(pair.virtual)] for pair in world.pairs]
    facts = [str(world.address), world.hub_key, world.hub_endpoint, world.allowed, pairs]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]


def checked_key(public_key: str) -> str:
    """A public key of WireGuard as it is kept. Raises Invalid."""
    try:
        raw = base64.b64decode(public_key.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32 or not any(raw):
        raise Invalid.at(
            "public_key", "key-wrong", _("This is not a public key of WireGuard (32 bytes in base64).")
        )
    return base64.b64encode(raw).decode()


def _world_of(gateway: Gateway) -> RouterWorld:
    networks = Network.objects.everything(_REASON).filter(node=gateway.node_id)
    return RouterWorld(
        address=gateway.address,
        hub_key=gateway.hub.public_key,
        hub_endpoint=gateway.hub.endpoint,
        sources=(PLAN.hubs, PLAN.profiles, PLAN.pages),
        networks=tuple(NetworkPair(row.real, row.virtual) for row in networks),
    )
