"""What hubs and gateways tell of links: what passed, and whether a gateway has joined the network of a bridge."""

from __future__ import annotations

from collections.abc import Sequence

from furka.links.models import LinkMember, Mode
from furka.sites.models import Gateway
from furka.tree.operation import Work, own_operation
from furka.tree.texts import one_line
from furka.tunnel.models import Hub
from furka.wire.gateway import LegSeen
from furka.wire.hub import LinkSeen

_REASON = "a hub and a gateway tell what they see themselves"


@own_operation("the hub's token is the proof")
def take_counted(work: Work, hub: Hub, seen: Sequence[LinkSeen]) -> None:
    """What members have moved. A hub is believed about sites whose gateway is on it; open pages are told."""
    if not seen:
        return
    told = {each.member: each for each in seen}
    here = Gateway.objects.everything(_REASON).filter(hub=hub, released_at=None).values("node_id")
    rows = LinkMember.objects.everything(_REASON).filter(key__in=told, node__in=here)
    for row in rows.select_related("link", "link__node").order_by("pk"):
        each = told[row.key]
        if each.link != row.link.key:
            continue
        was_still = row.sent_bytes == each.sent_bytes and row.got_bytes == each.got_bytes
        row.seen_at = min(each.at, work.at)
        row.sent_bytes, row.got_bytes = each.sent_bytes, each.got_bytes
        row.refused_packets, row.macs = each.refused_packets, each.macs
        row.save(update_fields=["seen_at", "sent_bytes", "got_bytes", "refused_packets", "macs"])
        if not was_still:
            work.tell(row.link.node, "link")


@own_operation("the gateway's token is the proof")
def take_legs(work: Work, gateway: Gateway, legs: Sequence[LegSeen]) -> None:
    """How the legs of a gateway's own site are; what it says of others is ignored."""
    told = {each.segment: each for each in legs}
    rows = LinkMember.objects.everything(_REASON).filter(node=gateway.node_id, link__mode=Mode.BRIDGED)
    for row in rows.select_related("link", "link__node", "node").order_by("pk"):
        each = told.get(row.segment)
        joined, trouble = (each.joined, one_line(each.trouble)[:200]) if each is not None else (None, "")
        if (row.leg_joined, row.leg_trouble) == (joined, trouble):
            continue
        row.leg_joined, row.leg_trouble = joined, trouble
        row.save(update_fields=["leg_joined", "leg_trouble"])
        work.tell(row.link.node, "link")
        work.tell(row.node, "link")
