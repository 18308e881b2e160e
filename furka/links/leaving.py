"""Sites leave links at once: at the end of every operation, whatever was touched is looked at, in its transaction.

So it makes no difference why a site can no longer be in a link: a move, a ceiling, the archive, the bin, a network that
is gone. Coming back is done by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q

from furka.links.letters import tell_left
from furka.links.membership import Why, lapsed, lock_links
from furka.links.models import Link, LinkMember, MappedDevice
from furka.tree.models import Node
from furka.tree.operation import (
    AccessTouched,
    LinkTouched,
    SettingsTouched,
    SiteTouched,
    SubtreeTouched,
    Touched,
    Work,
)

_REASON = "whoever can no longer be in a link leaves it, whoever it was that changed something"


def leave_where_due(work: Work) -> None:
    """Take sites out of links that they can no longer be in, and tell both sides. Before the plan is settled."""
    where = _where(work.touched)
    if where is None:
        return
    members = LinkMember.objects.everything(_REASON).filter(where)
    if not members.exists():
        return
    lock_links()
    rows = members.select_related(
        "link", "link__node", "link__node__reseller", "link__node__customer", "network"
    ).select_related("node", "node__reseller", "node__customer")
    left: dict[tuple[int, Why], list[LinkMember]] = defaultdict(list)
    for member, why in lapsed(rows.order_by("pk"), work.at):
        left[member.link_id, why].append(member)
    for (_link, why), those in left.items():
        for member in those:
            part_from(work, member, why)
        tell_left(work, those[0].link, [member.node for member in those], why)


def part_from(work: Work, member: LinkMember, why: Why | None = None) -> None:
    """Take a site out of a link; with a reason if nobody at the link's level did it. Part of an operation."""
    link, site = member.link, member.node
    mapped = MappedDevice.objects.everything(_REASON).filter(link=link, node=site)
    mapped.delete()
    member.delete()
    touch_link(work, link)
    work.touch(SettingsTouched(site.pk))
    told = {"site_link": link.name, "level": link.node.name}
    after = {"why": why.value} if why is not None else {}
    work.record(site, "link.left", before=told, after=after)
    if why is Why.MOVED:  # those who had the site before do not read its events any more
        work.record(link.node, "link.lost", before={"site_link": link.name, "site": site.name}, after=after)


def touch_link(work: Work, link: Link) -> None:
    """What the hub and the gateways of all members have to do may be different now."""
    work.touch(LinkTouched(link.pk))


def _where(touched: Iterable[Touched]) -> Q | None:
    """The condition on members that may have to leave; None if nothing of that sort was touched."""
    ids = set()
    for each in touched:
        match each:
            case SubtreeTouched(node_id) | SiteTouched(node_id):
                ids.add(node_id)
            case AccessTouched(None, int() as node_id):
                ids.add(node_id)
    if not ids:
        return None
    return Q(node_id__in=ids) | Q(node__reseller_id__in=ids) | Q(node__customer_id__in=ids)


def sites_of(link: Link) -> list[Node]:
    """The sites in a link, for whoever was let in at its level."""
    rows = LinkMember.objects.everything(_REASON).filter(link=link).select_related("node")
    return [row.node for row in rows]
