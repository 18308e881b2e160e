"""Keys of gateways, made anew without a visit: the old one counts until the new one was seen at work.

The gateway makes the new key, and says its public half over the channel that it has. The hub then takes both. Once a
handshake with the new one is seen, the old one goes; if none is seen within a while, the new one does.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE
from furka.errors import Conflict
from furka.sites.models import Gateway
from furka.sites.serving import ends_elsewhere
from furka.tree.models import Node
from furka.tree.operation import SiteTouched, Work, operation, own_operation

#: Within which the new key must be seen at work; the gateway gives up a little earlier.
TRIAL = timedelta(minutes=10)

_REASON = "the keys of all gateways run their trial"


@operation(CONFIGURE)
def want_new_key(work: Work, site: Node) -> None:
    """Have the gateway make a new key as soon as it hears of it."""
    rows = Gateway.objects.everything("the right was decided on the site").select_for_update()
    gateway = rows.filter(node=site, released_at=None).first()
    if gateway is None:
        raise Conflict("no-gateway", _("The site has no gateway yet."))
    if gateway.system:
        raise Conflict("own-router", _("A router of your own gets a new key with a new configuration."))
    if gateway.system:
        raise Conflict("no-program", _("A router without our program can not be told to make a new key."))
    gateway.key_wanted_at = work.at
    gateway.save(update_fields=["key_wanted_at"])
    work.touch(SiteTouched(site.pk))
    work.record(site, "gateway.key-wanted", after={"gateway": gateway.key})


@own_operation("the gateway's token is the proof")
def offer_key(work: Work, gateway: Gateway, public_key: str) -> None:
    """The gateway has made a new key. Said again, nothing happens."""
    rows = Gateway.objects.everything("the token is the proof").select_for_update(of=("self",))
    row = rows.select_related("node").get(pk=gateway.pk)
    if row.released_at is not None or public_key in (row.public_key, row.next_public_key):
        return
    if ends_elsewhere(public_key):
        raise Conflict("key-taken", _("This key is already in use. Please make a new one."))
    row.next_public_key, row.next_until = public_key, work.at + TRIAL
    row.save(update_fields=["next_public_key", "next_until"])
    work.touch(SiteTouched(row.node_id))


def take_over(work: Work, gateway: Gateway) -> None:
    """A handshake with the new key was seen: from now on it is the only one. Part of an operation, on a locked row."""
    gateway.public_key, gateway.next_public_key = gateway.next_public_key, ""
    gateway.next_until, gateway.key_wanted_at, gateway.key_made_at = None, None, work.at
    gateway.save(
        update_fields=["public_key", "next_public_key", "next_until", "key_wanted_at", "key_made_at"]
    )
    work.touch(SiteTouched(gateway.node_id))
    work.record(gateway.node, "gateway.key-renewed", after={"gateway": gateway.key})


@own_operation("time has passed; nobody has to allow that")
def end_trials(work: Work) -> int:
    """Keys that were not seen at work in time go; the gateway has gone back to the old one by itself."""
    rows = Gateway.objects.everything(_REASON).select_for_update(of=("self",)).select_related("node")
    late = list(rows.filter(next_until__lte=work.at)[:500])
    for gateway in late:
        gateway.next_public_key, gateway.next_until = "", None
        gateway.save(update_fields=["next_public_key", "next_until"])
        work.touch(SiteTouched(gateway.node_id))
        work.record(gateway.node, "gateway.key-not-renewed", after={"gateway": gateway.key})
    return len(late)
