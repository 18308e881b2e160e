"""What hubs and gateways get when they ask: the plan since a revision, the settings of a gateway."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from ipaddress import IPv4Network

from furka.dispatch.link_units import task_of
from furka.dispatch.models import PlanEntry
from furka.plan.addressing import PLAN
from furka.plan.entries import ENTRY, Entry, Peer, TunnelEnd
from furka.relay import tickets
from furka.sites.models import Gateway, Network
from furka.tree.models import Node
from furka.tunnel.addresses import hub_address
from furka.tunnel.models import Hub
from furka.vault import signing_seeds, unseal
from furka.wire.gateway import GatewaySettings, HubToReach, RelayToReach, TranslatedNetwork
from furka.wire.hub import HubWelcome, PlanAnswer

_REASON = "a gateway asks for itself"
_TICKETS = "relay tickets"


def welcome(hub: Hub, at: datetime) -> HubWelcome:
    """What a hub needs before any plan."""
    return HubWelcome(
        now=at,
        name=hub.name,
        address=hub_address(hub.number),
        routes=PLAN.behind_hub(),
        gateways=PLAN.gateways,
        profiles=PLAN.profiles,
        plants=PLAN.plants,
        key=hub.key,
        ticket_keys=tuple(tickets.key_of(seed) for seed in signing_seeds(_TICKETS)),
        pages=PLAN.pages,
    )


def revision_of(hub: Hub) -> int:
    """The newest revision that is visible."""
    return Hub.objects.values_list("revision", flat=True).get(pk=hub.pk)


def plan_since(hub: Hub, since: int, at: datetime) -> PlanAnswer:
    """What changed after a revision; everything, for a hub that knows nothing, too little, or more than there is.

    The revision is read before the entries: what is committed between the two is told twice, never missed.
    """
    row = Hub.objects.only("revision", "complete_before").get(pk=hub.pk)
    complete = since <= 0 or since < row.complete_before or since > row.revision
    entries = PlanEntry.objects.filter(hub=hub)
    # Entries that changed meanwhile carry a later revision: told now, and once more with the next answer.
    changed = entries.filter(gone=False) if complete else entries.filter(revision__gt=since)
    rows = list(changed.order_by("revision", "key"))
    return PlanAnswer(
        now=at,
        revision=row.revision,
        complete=complete,
        entries=tuple(told(ENTRY.validate_python(each.body)) for each in rows if not each.gone),
        gone=tuple(each.key for each in rows if each.gone),
    )


def told(entry: Entry) -> Entry:
    """An entry as the hub gets it: what is sealed where it is stored is open."""
    if not isinstance(entry, Peer) or not entry.sealed_preshared:
        return entry
    return entry.model_copy(update={"sealed_preshared": "", "preshared_key": unseal(entry.sealed_preshared)})


def gateway_settings(gateway: Gateway, at: datetime) -> GatewaySettings:
    """Everything that a gateway has to have configured now."""
    row = Gateway.objects.everything(_REASON).select_related("hub", "node").get(pk=gateway.pk)
    if row.released_at is not None:
        return GatewaySettings(now=at, etag="released", site=row.node.name, released=True)
    if row.node.deleted_at is not None:
        # It may be restored: the gateway takes its tunnel down and goes on asking.
        return GatewaySettings(now=at, etag="stopped", site=row.node.name)
    networks = Network.objects.everything(_REASON).filter(node=row.node).order_by("subnet")
    task = task_of(row, row.node, at)
    settings = GatewaySettings(
        now=at,
        etag="",
        site=row.node.name,
        address=row.address,
        hub=HubToReach(
            public_key=row.hub.public_key,
            endpoint=row.hub.endpoint,
            allowed=(PLAN.hubs, PLAN.profiles, PLAN.pages),
            address=hub_address(row.hub.number),
        ),
        relay=_relay(row, at),
        public_key=row.public_key,
        key_wanted_at=row.key_wanted_at,
        next_key_known=row.next_public_key if _hub_has_next_key(row) else None,
        networks=tuple(TranslatedNetwork(real=each.real, virtual=each.virtual) for each in networks),
        legs=task.legs,
        link_peers=task.peers,
        link_callers=task.callers,
    )
    # A new ticket comes with the next answer; it is no reason to wake a gateway.
    told = settings.model_dump(mode="json", exclude={"now": True, "etag": True, "relay": {"ticket"}})
    content = json.dumps(told, sort_keys=True)
    return settings.model_copy(update={"etag": hashlib.sha256(content.encode()).hexdigest()[:24]})


def linked_with(site: Node, at: datetime) -> tuple[IPv4Network, ...]:
    """The ranges to which the links of a site let its devices open connections, as its gateway is told."""
    gateway = Gateway.objects.everything(_REASON).filter(node=site, released_at=None).first()
    return gateway_settings(gateway, at).link_peers if gateway is not None else ()


def _hub_has_next_key(gateway: Gateway) -> bool:
    """Whether the hub has said that it has the part of its plan in which the new key stands."""
    if not gateway.next_public_key:
        return False
    key = f"peer/{TunnelEnd.GATEWAY}/{gateway.key}/next"
    entries = PlanEntry.objects.filter(hub=gateway.hub, key=key, gone=False)
    return entries.filter(revision__lte=gateway.hub.applied_revision).exists()


def _relay(gateway: Gateway, at: datetime) -> RelayToReach | None:
    """The relay of its hub, with a ticket of its own."""
    hub = gateway.hub
    if not hub.relay_endpoint:
        return None
    return RelayToReach(
        endpoint=hub.relay_endpoint,
        certificate=hub.relay_certificate,
        ticket=tickets.sign(signing_seeds(_TICKETS)[0], hub.key, gateway.public_key, at),
    )
