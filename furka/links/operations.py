"""Changes of links and of who is in them, by whoever manages links at the level, as far as owners leave it to them.

Whatever is changed here reaches the hub and the gateways of the members within the same second; the other members are
not disturbed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Any

from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.links import addresses
from furka.links.leaving import part_from, touch_link
from furka.links.letters import tell_left
from furka.links.membership import Why, lock_links, why_not
from furka.links.models import Link, LinkMember, Mode
from furka.links.rights import MANAGE_LINKS
from furka.sites.equipment import checked_vlan
from furka.sites.models import Gateway, Network
from furka.tree.ceilings import ceilings_over
from furka.tree.locking import archived, lock
from furka.tree.models import Kind, Node
from furka.tree.operation import SettingsTouched, Work, operation
from furka.tree.reasons import sentence
from furka.tree.texts import one_line
from furka.tunnel.addresses import draw

MOST_LINKS = 100
MOST_MEMBERS = 250
#: Broadcasts and frames to unknown receivers that may cross a leg within a second.
STORM_LIMITS = range(10, 10_001)
#: Hardware addresses that are learned behind one leg.
MAC_LIMITS = range(1, 4097)
MOST_OWN_ADDRESSES = 16

_DECIDED = "the right was decided on the level of the link"


@dataclass(frozen=True, slots=True)
class LinkTerms:
    """What people say about a link. All but name and purpose is about bridged links.

    `own_addresses` are those that every site has for itself, such as its router: their ARP does not cross.
    """

    name: str
    purpose: str = ""
    dhcp_filter: bool = True
    storm_per_second: int = 500
    most_macs: int = 256
    own_addresses: Sequence[str] = ()


@operation(MANAGE_LINKS)
def create_link(work: Work, node: Node, mode: str, terms: LinkTerms, range_: str = "") -> Link:
    """A new link at a reseller or a customer, without members. The range is for central links; empty: a free one."""
    if node.kind not in (Kind.RESELLER, Kind.CUSTOMER):
        raise Invalid("wrong-level", _("Links are made at a reseller or a customer."))
    if mode not in Mode.values:
        raise Invalid.at("mode", "mode-unknown", _("Please choose one of these."))
    node = _locked_level(node)
    terms = _checked(node, terms, None)
    if Link.objects.everything(_DECIDED).filter(node=node).count() >= MOST_LINKS:
        raise Conflict(
            "too-many-links", _("There are very many links here already. Please remove one first.")
        )
    link = Link(node=node, mode=mode, number=_new_number(), created_at=work.at)
    if mode == Mode.CENTRAL:
        chosen = range_ or str(addresses.free_network(work.by, node))
        link.range = str(addresses.checked_range(chosen, None, None))
    elif range_:
        raise Invalid.at("range", "range-needless", _("Only a link with a central site has a range."))
    _write(link, terms)
    link.save()
    work.record(node, "link.created", after=_told(link))
    return link


@operation(MANAGE_LINKS)
def change_link(work: Work, link: Link, terms: LinkTerms) -> None:
    """Another name or purpose, or other limits of a bridge. The mode stays: the addresses hang on it."""
    link = locked_link(link)
    terms = _checked(link.node, terms, link)
    before = _told(link)
    if link.mode == Mode.BRIDGED and set(terms.own_addresses) != set(link.own_addresses):
        members = LinkMember.objects.everything(_DECIDED).filter(link=link, network__isnull=False)
        rows = list(members.select_related("network"))
        if rows and rows[0].network is not None:
            sites = [row.node_id for row in rows]
            addresses.refuse_doubles(rows[0].network.real, sites, terms.own_addresses, "own_addresses")
    _write(link, terms)
    after = _told(link)
    changed = [key for key in after if before[key] != after[key]]
    if not changed:
        return
    link.save()
    touch_link(work, link)
    work.record(
        link.node,
        "link.changed",
        before={key: before[key] for key in dict.fromkeys(("name", *changed))},
        after={key: after[key] for key in dict.fromkeys(("name", *changed))},
    )


@operation(MANAGE_LINKS)
def pause_link(work: Work, link: Link) -> None:
    """Nothing passes through the link until it is resumed; members and rules stay."""
    link = locked_link(link)
    if link.paused_at is not None:
        return
    link.paused_at = work.at
    link.save(update_fields=["paused_at"])
    touch_link(work, link)
    work.record(link.node, "link.paused", after={"name": link.name})


@operation(MANAGE_LINKS)
def resume_link(work: Work, link: Link) -> None:
    """The link works again as before the pause."""
    link = locked_link(link)
    if link.paused_at is None:
        return
    link.paused_at = None
    link.save(update_fields=["paused_at"])
    touch_link(work, link)
    work.record(link.node, "link.resumed", after={"name": link.name})


@operation(MANAGE_LINKS)
def delete_link(work: Work, link: Link) -> None:
    """Remove a link with its rules; its sites go back to being alone at once."""
    link = locked_link(link)
    sites = LinkMember.objects.everything(_DECIDED).filter(link=link).values_list("node_id", flat=True)
    touch_link(work, link)
    work.touch(*map(SettingsTouched, sites))
    work.record(link.node, "link.deleted", before={**_told(link), "sites": len(sites)})
    link.delete()


@operation(MANAGE_LINKS)
def add_member(
    work: Work,
    link: Link,
    site: Node,
    network: Network | None = None,
    *,
    vlan: int | None = None,
    central: bool = False,
) -> LinkMember:
    """Put a site below the link's level into the link. Without a network all of them take part (not in a bridge).

    `vlan` is the number with which the site tags that network towards its gateway, in a bridge; None: untagged. The
    sites of a bridge may tag differently. `central` is the site from which the devices of a central link are reached.
    Raises NotThere, Refused if the owner of the site does not leave it to the link's level, Invalid, Conflict.
    """
    site = _allowed_site(work, site)
    link, site = _locked_with(link, site)
    _refuse_where_not_left(work, link, site)
    _refuse_own_router(site)
    members = LinkMember.objects.everything(_DECIDED).filter(link=link)
    if members.filter(node=site).exists():
        raise Conflict("already-member", _("This site is in the link already."))
    if members.count() >= MOST_MEMBERS:
        raise Conflict("too-many-members", _("So many sites can not be in one link."))
    if central and members.filter(central=True).exists():
        raise Conflict("has-centre", _("This link has a central site already."))
    row = LinkMember(link=link, node=site, segment=_new_segment(), joined_at=work.at)
    _set_up(row, network, vlan, central)
    row.save()
    touch_link(work, link)
    told = {"site_link": link.name, "level": link.node.name, **_told_of_member(row)}
    work.record(site, "link.joined", after=told)
    return row


@operation(MANAGE_LINKS)
def change_member(
    work: Work, link: Link, member: LinkMember, network: Network | None, *, vlan: int | None = None
) -> None:
    """Another network of the site takes part, or with another VLAN. Whether it is the central site stays."""
    link, site = _locked_with(link, member.node)
    row = _member(link, member)
    row.link, row.node = link, site
    before = _told_of_member(row)
    _set_up(row, network, vlan, row.central)
    if before == _told_of_member(row):
        return
    row.save()
    touch_link(work, link)
    told = {"site_link": link.name, "level": link.node.name}
    work.record(
        site, "link.member-changed", before={**told, **before}, after={**told, **_told_of_member(row)}
    )


@operation(MANAGE_LINKS)
def remove_member(work: Work, link: Link, member: LinkMember) -> None:
    """Take a site out of the link. Rules about it stay: they count again if it comes back."""
    link, site = _locked_with(link, member.node)
    row = _member(link, member)
    row.link, row.node = link, site
    part_from(work, row)


@operation(MANAGE_LINKS)
def leave(work: Work, member: LinkMember) -> None:
    """Take a site out of a link from the side of the site, which is the node of the member. The other side is told."""
    lock_links()
    rows = LinkMember.objects.everything(_DECIDED).filter(pk=member.pk)
    row = rows.select_related(
        "link", "link__node", "link__node__reseller", "link__node__customer", "node"
    ).first()
    if row is None:
        raise _gone()
    row.node = member.node
    part_from(work, row, Why.TAKEN_OUT)
    tell_left(work, row.link, [row.node], Why.TAKEN_OUT)


# --- What they have in common ----------------------------------------------------------------------------------------


def _locked_level(node: Node) -> Node:
    found = lock([node.pk]).get(node.pk)
    if found is None or found.deleted_at is not None:
        raise NotThere("not-there", sentence("not-visible"))
    if found.archived_at is not None:
        raise archived()
    return found


def locked_link(link: Link) -> Link:
    """A link as it is now, locked together with its level, and with it who is in which link."""
    _locked_level(link.node)
    lock_links()
    return _fresh(link)


def _locked_with(link: Link, site: Node) -> tuple[Link, Node]:
    """The link and a site as they are now: both levels are locked, then who is in which link."""
    rows = lock([link.node_id, site.pk])
    if link.node_id not in rows or site.pk not in rows:
        raise _gone()
    lock_links()
    fresh = _fresh(link)
    fresh.node = rows[link.node_id]
    return fresh, rows[site.pk]


def _fresh(link: Link) -> Link:
    rows = Link.objects.everything(_DECIDED).select_for_update(of=("self",))
    found = rows.filter(pk=link.pk).select_related("node", "node__reseller", "node__customer").first()
    if found is None:
        raise _gone()
    return found


def _member(link: Link, member: LinkMember) -> LinkMember:
    rows = LinkMember.objects.everything(_DECIDED).filter(pk=member.pk, link=link)
    found = rows.select_related("network").first()
    if found is None:
        raise NotThere("not-there", _("This site is not in the link."))
    return found


def _gone() -> NotThere:
    return NotThere("not-there", _("This link does not exist any more."))


def _allowed_site(work: Work, site: Node) -> Node:
    """A site at which the one who acts may manage links too; what the owner leaves to the level is asked later."""
    decision = work.by.decide(MANAGE_LINKS, site.place)
    if site.deleted_at is not None or not work.by.may(LOOK, site.place):
        raise NotThere("not-there", sentence("not-visible"))
    if not site.is_site:
        raise Invalid.at("site", "not-a-site", _("Only sites can be in a link."))
    if not decision.allowed:
        raise Refused(decision.reason, sentence(decision.reason, MANAGE_LINKS))
    return site


def _refuse_where_not_left(work: Work, link: Link, site: Node) -> None:
    why = why_not(link.node, site, ceilings_over([site], work.at))
    match why:
        case None:
            return
        case Why.MOVED:
            raise Invalid.at("site", "not-below", _("This site does not stand below the level of the link."))
        case Why.CEILING:
            raise Refused("ceiling", why.label)
        case Why.DELETED:
            raise NotThere("not-there", sentence("not-visible"))
        case _:
            raise archived()


def _refuse_own_router(site: Node) -> None:
    served = Gateway.objects.everything(_DECIDED).filter(node=site, released_at=None)
    if served.exclude(system="").exists():
        text = _("This site has a router of its own as its gateway. A link needs a gateway with our program.")
        raise Conflict("own-router", text)


def _set_up(row: LinkMember, network: Network | None, vlan: int | None, central: bool) -> None:
    """Put into a row which network takes part and how. Raises Invalid."""
    link, site = row.link, row.node
    vlan = checked_vlan(vlan)
    if network is not None and network.node_id != site.pk:
        raise NotThere("not-there", _("This network does not exist."))
    if link.mode == Mode.BRIDGED:
        if network is None:
            raise Invalid.at("network", "network-needed", _("Please choose a network of the site."))
        addresses.check_bridge(link, site, network, link.own_addresses)
    elif vlan is not None:
        raise Invalid.at("vlan", "vlan-needless", _("Only in a bridged link a VLAN is chosen."))
    if central and link.mode != Mode.CENTRAL:
        raise Invalid.at("central", "central-needless", _("Only a link with a central site has one."))
    if central and link.central_range is not None:
        addresses.refuse_range_at(link.central_range, link, site)
    row.network, row.whole, row.vlan, row.central = network, network is None, vlan, central


def _checked(node: Node, terms: LinkTerms, link: Link | None) -> LinkTerms:
    name, purpose = one_line(terms.name), one_line(terms.purpose)
    if not name or len(name) > 60:
        raise Invalid.at("name", "name-wrong", _("Please enter a name of at most 60 characters."))
    if len(purpose) > 300:
        raise Invalid.at("purpose", "too-long", _("This is too long."))
    others = Link.objects.everything(_DECIDED).filter(node=node, name=name)
    if (others.exclude(pk=link.pk) if link is not None else others).exists():
        raise Invalid.at("name", "name-taken", _("Another link of this level has this name."))
    if terms.storm_per_second not in STORM_LIMITS:
        text = _("Please choose a number between 10 and 10'000.")
        raise Invalid.at("storm_per_second", "out-of-range", text)
    if terms.most_macs not in MAC_LIMITS:
        raise Invalid.at("most_macs", "out-of-range", _("Please choose a number between 1 and 4'096."))
    return replace(terms, name=name, purpose=purpose, own_addresses=_checked_own(terms.own_addresses))


def _checked_own(texts: Sequence[str]) -> list[str]:
    try:
        found = sorted({IPv4Address(text.strip()) for text in texts if text.strip()})
    except ValueError:
        raise Invalid.at(
            "own_addresses", "address-wrong", _("Please enter an address such as 192.168.1.1.")
        ) from None
    if len(found) > MOST_OWN_ADDRESSES:
        raise Invalid.at("own_addresses", "too-many", _("So many addresses are not possible."))
    return list(map(str, found))


def _write(link: Link, terms: LinkTerms) -> None:
    link.name, link.purpose = terms.name, terms.purpose
    link.dhcp_filter, link.own_addresses = terms.dhcp_filter, list(terms.own_addresses)
    link.storm_per_second, link.most_macs = terms.storm_per_second, terms.most_macs


def _new_number() -> int:
    """A number that no link has; those that went out last come again last."""
    while True:
        number = (draw("links") - 1) % 0xFFFF + 1
        if not Link.objects.everything(_DECIDED).filter(number=number).exists():
            return number


def _new_segment() -> int:
    while True:
        number = (draw("segments") - 1) % 0xFFFFFF + 1
        if not LinkMember.objects.everything(_DECIDED).filter(segment=number).exists():
            return number


def _told(link: Link) -> dict[str, Any]:
    """What the journal says of a link."""
    told: dict[str, Any] = {"name": link.name, "purpose": link.purpose, "mode": link.mode}
    if link.mode == Mode.BRIDGED:
        told |= {
            "dhcp_filter": link.dhcp_filter,
            "storm_per_second": link.storm_per_second,
            "most_macs": link.most_macs,
            "own_addresses": list(link.own_addresses),
        }
    if link.range:
        told["range"] = link.range
    return told


def _told_of_member(row: LinkMember) -> dict[str, Any]:
    told: dict[str, Any] = {"network": row.network.subnet if row.network is not None else ""}
    if row.vlan is not None:
        told["vlan"] = row.vlan
    if row.central:
        told["central"] = True
    return told
