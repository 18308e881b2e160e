"""Named reads of links between sites: what is in them, how it is, and who reaches whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK
from furka.dispatch.link_units import worlds_of
from furka.errors import NotThere
from furka.links.models import Link, LinkMember, LinkRule, MappedDevice
from furka.links.rights import MANAGE_LINKS
from furka.links.worlds import WorldOnHubs
from furka.plan import links as plan
from furka.sites.models import Device, Gateway, Network
from furka.sites.queries import SiteState, states_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import below

_SHOWN = "names of a link that the one who acts may see"


def links_of(by: Acting, level: Node) -> QuerySet[Link]:
    """The links of exactly this level, by name."""
    rows = Link.objects.visible_to(by, LOOK).filter(node=level).select_related("node")
    return rows.order_by("name", "pk")


def link_of_key(by: Acting, level: Node, key: str) -> Link:
    """A link of a level. Raises NotThere."""
    row = Link.objects.visible_to(by, LOOK).filter(node=level, key=key).select_related("node").first()
    if row is None:
        raise NotThere("not-there", _("This link does not exist."))
    return row


def sizes_of(by: Acting, links: Sequence[Link]) -> Mapping[int, int]:
    """How many sites are in these links, by the number of the link; one query."""
    rows = LinkMember.objects.visible_to(by, LOOK).filter(link__in=[link.pk for link in links])
    return Counter(rows.values_list("link_id", flat=True))


@dataclass(frozen=True, slots=True)
class MemberView:
    """A site in a link, and how it is.

    `word` says whether packets can pass: `up`; `paused` (the whole link); `offline`, `unknown` (its hub is silent),
    `without-gateway`, `own-router` (a router without our program), `without-network`, `collides` (the range of the link
    overlaps its networks), `other-hub` (on another hub than most), `not-joined` (its gateway could not join the network
    of a bridge; it says why).
    """

    member: LinkMember
    word: str
    site: SiteState
    networks: tuple[Network, ...]  # those that take part

    @property
    def is_up(self) -> bool:
        """Whether packets can pass."""
        return self.word == "up"


def members_of(by: Acting, link: Link) -> list[MemberView]:
    """The sites in a link, by name, with their states."""
    rows = LinkMember.objects.visible_to(by, LOOK).filter(link=link)
    members = list(rows.select_related("node", "node__customer", "node__reseller", "network", "link"))
    sites = [row.node for row in members]
    states = states_of(by, sites)
    networks: dict[int, list[Network]] = {site.pk: [] for site in sites}
    for network in Network.objects.visible_to(by, LOOK).filter(node__in=sites).order_by("subnet", "pk"):
        networks[network.node_id].append(network)
    systems = dict(
        Gateway.objects.visible_to(by, LOOK)
        .filter(node__in=sites, released_at=None)
        .values_list("node_id", "system")
    )
    world = worlds_of([link.pk], by.at).get(link.pk)
    return [
        MemberView(
            member,
            _word(member, world, states[member.node_id], systems.get(member.node_id, "")),
            states[member.node_id],
            tuple(each for each in networks[member.node_id] if member.whole or each.pk == member.network_id),
        )
        for member in sorted(members, key=lambda each: (each.node.sort_key, each.pk))
    ]


def _word(member: LinkMember, found: WorldOnHubs | None, site: SiteState, system: str) -> str:
    if found is None or found.world.paused:
        return "paused"
    if site.word == "without-gateway":
        return site.word
    if system:
        return "own-router"
    part = found.world.member(member.key)
    if part is None or not part.networks:
        return "without-network"
    if member.central and plan.collides(found.world.range, part.networks):
        return "collides"
    if found.hubs.get(member.key) != main_hub(found):
        return "other-hub"
    if site.word != "online":
        return site.word
    return "not-joined" if member.leg_joined is False else "up"


def main_hub(found: WorldOnHubs) -> int | None:
    """The hub on which most members of a link are; the others can not be joined with them."""
    counted = Counter(found.hubs.values())
    return min(counted, key=lambda hub: (-counted[hub], hub)) if counted else None


@dataclass(frozen=True, slots=True)
class EndView:
    """An end of a rule as people see it. Both None: everybody in the link.

    `counts` is false while the site is not in the link, or the device is gone.
    """

    site: Node | None
    device: Device | None
    counts: bool


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule, with its ends. It counts only while both do."""

    rule: LinkRule
    source: EndView
    destination: EndView

    @property
    def counts(self) -> bool:
        """Whether it is about anybody now."""
        return self.source.counts and self.destination.counts

    @property
    def ports(self) -> str:
        """The ports as they are typed: `502, 5000-5010`; empty: all."""
        return ports_text(self.rule.ports)


def rules_of(by: Acting, link: Link) -> list[RuleView]:
    """The rules of a link in their order."""
    rows = LinkRule.objects.visible_to(by, LOOK).filter(link=link).order_by("place")
    rules = list(rows.select_related("source_site", "destination_site"))
    inside = set(LinkMember.objects.visible_to(by, LOOK).filter(link=link).values_list("node_id", flat=True))
    keys = {key for rule in rules for key in (rule.source_device, rule.destination_device) if key}
    devices = {row.key: row for row in Device.objects.everything(_SHOWN).filter(key__in=keys)} if keys else {}

    def end(site: Node | None, key: str) -> EndView:
        device = devices.get(key)
        there = site is None or (site.pk in inside and (not key or device is not None))
        return EndView(site, device, there)

    return [
        RuleView(
            rule,
            end(rule.source_site, rule.source_device),
            end(rule.destination_site, rule.destination_device),
        )
        for rule in rules
    ]


def ports_text(ports: Sequence[Sequence[int]]) -> str:
    """Ports as people type them."""
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ports)


def mapped_of(by: Acting, link: Link) -> list[MappedDevice]:
    """The devices that the central site reaches, by their addresses there; with device and site."""
    rows = MappedDevice.objects.visible_to(by, LOOK).filter(link=link).select_related("device", "node")
    return sorted(rows, key=lambda row: row.reached_at)


def sites_to_add(by: Acting, link: Link) -> QuerySet[Node]:
    """Sites that the one who acts could put into a link: below its level, not in it yet. Owners may still refuse."""
    inside = LinkMember.objects.visible_to(by, LOOK).filter(link=link).values("node_id")
    rows = Node.objects.visible_to(by, MANAGE_LINKS).filter(below(link.node), kind=Kind.SITE)
    return rows.exclude(pk__in=inside).filter(archived_at=None).order_by("sort_key", "id")


@dataclass(frozen=True, slots=True)
class Membership:
    """A link that a site is in, as the people of the site see it."""

    member: LinkMember
    others: int  # so many other sites

    @property
    def link(self) -> Link:
        """The link; its node is the level that manages it."""
        return self.member.link


def memberships_of(by: Acting, site: Node) -> list[Membership]:
    """The links that a site is in, whoever manages them."""
    rows = LinkMember.objects.visible_to(by, LOOK).filter(node=site)
    members = list(rows.select_related("link", "link__node", "network", "node").order_by("link__name", "pk"))
    others = LinkMember.objects.everything("how many others there are is told, not which")
    counted = Counter(
        others.filter(link__in=[each.link_id for each in members])
        .exclude(node=site)
        .values_list("link_id", flat=True)
    )
    return [Membership(each, counted[each.link_id]) for each in members]


# --- May A reach B? --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class End:
    """One end of a question: a site of the link, and there a device, an address, or neither (any device)."""

    site: Node
    device: Device | None = None
    address: IPv4Address | None = None

    @property
    def real(self) -> IPv4Address | None:
        """The real address, if one is meant."""
        return IPv4Address(self.device.address) if self.device is not None else self.address


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer; with the rule that says so, if one does."""

    answer: plan.Answer
    rule: RuleView | None
    states: Mapping[str, str]  # word of each end's member, as in `MemberView`

    @property
    def allowed(self) -> bool:
        """Whether the link lets it through, whatever is offline at the moment."""
        return self.answer.allowed


def may_reach(
    by: Acting, link: Link, source: End, destination: End, protocol: str, port: int | None
) -> Verdict:
    """Whether a device may open a connection to another in a link, and because of what. The same function says what is
    put on the hub."""
    found = worlds_of([link.pk], by.at).get(link.pk)
    views = members_of(by, link)
    keys = {view.member.node_id: view.member.key for view in views}
    kind: plan.Protocol = "udp" if protocol == "udp" else "icmp" if protocol == "icmp" else "tcp"
    if found is None:
        answer = plan.Answer(False, plan.Because.PAUSED)
    else:
        hub = main_hub(found)
        world = found.on(hub) if hub is not None else replace(found.world, members=())
        answer = plan.may_reach(
            world,
            plan.Spot(keys.get(source.site.pk, ""), source.real),
            plan.Spot(keys.get(destination.site.pk, "-"), destination.real),
            kind,
            None if kind == "icmp" else port,
        )
    rule = next((view for view in rules_of(by, link) if view.rule.key == answer.rule), None)
    return Verdict(answer, rule, {view.member.node.key: view.word for view in views})
