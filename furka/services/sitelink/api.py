"""Links between sites in the API: what is in them, their rules, the devices of a central site, and addresses."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from ninja import Query

from furka.access.rights import LOOK
from furka.api.paging import Page, Paging, items_of, rows_of
from furka.api.routes import Key, Routes, at_node
from furka.errors import Invalid, NotThere
from furka.links import addresses, mapping, operations, rules
from furka.links.models import Link, LinkMember, LinkRule, MappedDevice
from furka.links.operations import LinkTerms
from furka.links.rights import MANAGE_LINKS
from furka.links.rules import RuleTerms
from furka.services.sitelink import queries, schemas
from furka.services.sitelink.queries import End
from furka.sites.models import Device, Network
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

routes = Routes("sitelink")

M = TypeVar("M", bound=Model)

_AT = (Kind.RESELLER, Kind.CUSTOMER)


@routes.get("/levels/{key}/site-links", at_node(LOOK, *_AT))
def list_site_links(by: Acting, level: Node, page: Query[Paging]) -> Page[schemas.SiteLink]:
    """The links that this level manages."""
    rows, following = rows_of(queries.links_of(by, level), page, ("name", "id"))
    sizes = queries.sizes_of(by, rows)
    return Page[schemas.SiteLink](
        items=[schemas.link(row, sizes.get(row.pk, 0)) for row in rows], next=following
    )


@routes.post("/levels/{key}/site-links", at_node(MANAGE_LINKS, *_AT))
def create_site_link(by: Acting, level: Node, body: schemas.NewSiteLink) -> schemas.SiteLink:
    """A new link, without sites."""
    given = body.model_dump(exclude={"mode", "range"})
    return _link(by, operations.create_link(by, level, body.mode, LinkTerms(**given), body.range))


@routes.get("/levels/{key}/site-links/{site_link}", at_node(LOOK, *_AT))
def read_site_link(by: Acting, level: Node, site_link: Key) -> schemas.SiteLink:
    """One link."""
    return _link(by, queries.link_of_key(by, level, site_link))


@routes.patch("/levels/{key}/site-links/{site_link}", at_node(MANAGE_LINKS, *_AT))
def change_site_link(
    by: Acting, level: Node, site_link: Key, body: schemas.SiteLinkChanges
) -> schemas.SiteLink:
    """Change, pause or resume a link; what is not named stays."""
    row = queries.link_of_key(by, level, site_link)
    given = body.model_dump(exclude_unset=True)
    paused = given.pop("paused", None)
    if given:
        names = ("name", "purpose", "dhcp_filter", "storm_per_second", "most_macs", "own_addresses")
        operations.change_link(
            by, row, LinkTerms(**{name: given.get(name, getattr(row, name)) for name in names})
        )
    if paused is not None:
        (operations.pause_link if paused else operations.resume_link)(by, row)
    return _link(by, queries.link_of_key(by, level, site_link))


@routes.delete("/levels/{key}/site-links/{site_link}", at_node(MANAGE_LINKS, *_AT))
def delete_site_link(by: Acting, level: Node, site_link: Key) -> None:
    """Remove a link; its sites are alone again at once."""
    operations.delete_link(by, queries.link_of_key(by, level, site_link))


# --- Members ---------------------------------------------------------------------------------------------------------


@routes.get("/levels/{key}/site-links/{site_link}/members", at_node(LOOK, *_AT))
def list_link_members(
    by: Acting, level: Node, site_link: Key, page: Query[Paging]
) -> Page[schemas.MemberOfLink]:
    """The sites in a link, with their states."""
    views = queries.members_of(by, queries.link_of_key(by, level, site_link))
    found, following = items_of(views, page, lambda view: (view.member.node.sort_key, view.member.key))
    return Page[schemas.MemberOfLink](items=[schemas.member(view) for view in found], next=following)


@routes.post("/levels/{key}/site-links/{site_link}/members", at_node(MANAGE_LINKS, *_AT))
def add_link_member(
    by: Acting, level: Node, site_link: Key, body: schemas.NewMemberOfLink
) -> schemas.MemberOfLink:
    """Put a site into a link; packets pass within the second."""
    row = queries.link_of_key(by, level, site_link)
    sites = Node.objects.visible_to(by, LOOK).filter(key=body.site)
    site = sites.select_related("customer", "reseller").first()
    if site is None:
        raise Invalid.at("site", "site-unknown", _("There is no such site."))
    made = operations.add_member(
        by, row, site, _network(by, site, body.network), vlan=body.vlan, central=body.central
    )
    return _member(by, row, made.key)


@routes.patch("/levels/{key}/site-links/{site_link}/members/{member}", at_node(MANAGE_LINKS, *_AT))
def change_link_member(
    by: Acting, level: Node, site_link: Key, member: Key, body: schemas.MemberOfLinkChanges
) -> schemas.MemberOfLink:
    """Another network of a site takes part, or with another VLAN."""
    row = queries.link_of_key(by, level, site_link)
    found = _of_link(LinkMember.objects.visible_to(by, LOOK).select_related("node", "network"), row, member)
    given = body.model_dump(exclude_unset=True)
    network = _network(by, found.node, given["network"]) if "network" in given else found.network
    operations.change_member(by, row, found, network, vlan=given.get("vlan", found.vlan))
    return _member(by, row, member)


@routes.delete("/levels/{key}/site-links/{site_link}/members/{member}", at_node(MANAGE_LINKS, *_AT))
def remove_link_member(by: Acting, level: Node, site_link: Key, member: Key) -> None:
    """Take a site out of a link; the others go on undisturbed."""
    row = queries.link_of_key(by, level, site_link)
    rows = LinkMember.objects.visible_to(by, LOOK).select_related("node")
    operations.remove_member(by, row, _of_link(rows, row, member))


@routes.get("/sites/{key}/site-links", at_node(LOOK, Kind.SITE))
def list_links_of_site(by: Acting, site: Node) -> schemas.SiteInLinks:
    """The links that a site is in, whoever manages them."""
    return schemas.SiteInLinks(
        items=[schemas.site_in_link(each) for each in queries.memberships_of(by, site)]
    )


@routes.delete("/sites/{key}/site-links/{member}", at_node(MANAGE_LINKS, Kind.SITE))
def leave_site_link(by: Acting, site: Node, member: Key) -> None:
    """Take a site out of a link from its own side; whoever manages the link is told."""
    rows = LinkMember.objects.visible_to(by, LOOK).filter(node=site, key=member)
    operations.leave(by, _there(rows.select_related("node__customer", "node__reseller").first()))


# --- Rules -----------------------------------------------------------------------------------------------------------


@routes.get("/levels/{key}/site-links/{site_link}/rules", at_node(LOOK, *_AT))
def list_link_rules(by: Acting, level: Node, site_link: Key) -> schemas.RulesOfLink:
    """The rules of a link."""
    return _rules(by, queries.link_of_key(by, level, site_link))


@routes.post("/levels/{key}/site-links/{site_link}/rules", at_node(MANAGE_LINKS, *_AT))
def add_link_rule(by: Acting, level: Node, site_link: Key, body: schemas.NewRuleOfLink) -> schemas.RuleOfLink:
    """One more rule; what it forbids is cut within the second."""
    row = queries.link_of_key(by, level, site_link)
    made = rules.add_rule(by, row, _terms(by, body))
    return next(each for each in _rules(by, row).items if each.key == made.key)


@routes.post("/levels/{key}/site-links/{site_link}/rules/all", at_node(MANAGE_LINKS, *_AT), status=200)
def set_link_rules(
    by: Acting, level: Node, site_link: Key, body: schemas.NewRulesOfLink
) -> schemas.RulesOfLink:
    """These rules instead of those that the link has, in one step."""
    row = queries.link_of_key(by, level, site_link)
    rules.set_rules(by, row, [_terms(by, each) for each in body.rules])
    return _rules(by, row)


@routes.delete("/levels/{key}/site-links/{site_link}/rules/{rule}", at_node(MANAGE_LINKS, *_AT))
def remove_link_rule(by: Acting, level: Node, site_link: Key, rule: Key) -> None:
    """Remove a rule."""
    row = queries.link_of_key(by, level, site_link)
    rules.remove_rule(by, row, _of_link(LinkRule.objects.visible_to(by, LOOK).all(), row, rule))


@routes.get("/levels/{key}/site-links/{site_link}/may-reach", at_node(LOOK, *_AT))
def may_reach(
    by: Acting, level: Node, site_link: Key, asked: Query[schemas.MayReachQuery]
) -> schemas.MayReach:
    """Whether a device may open a connection to another one in a link, and because of which rule."""
    row = queries.link_of_key(by, level, site_link)
    source = _end_asked(by, "source", asked.source, asked.source_device)
    destination = _end_asked(by, "destination", asked.destination, asked.destination_device)
    verdict = queries.may_reach(by, row, source, destination, asked.protocol, asked.port)
    return schemas.may_reach(verdict, asked.source, asked.destination)


# --- Devices of a central link ---------------------------------------------------------------------------------------


@routes.get("/levels/{key}/site-links/{site_link}/mapped", at_node(LOOK, *_AT))
def list_mapped_devices(
    by: Acting, level: Node, site_link: Key, page: Query[Paging]
) -> Page[schemas.MappedDevice]:
    """The devices that the central site reaches, and where."""
    rows = queries.mapped_of(by, queries.link_of_key(by, level, site_link))
    found, following = items_of(rows, page, lambda row: (f"{int(row.reached_at):010}",))
    return Page[schemas.MappedDevice](items=[schemas.mapped(row) for row in found], next=following)


@routes.post("/levels/{key}/site-links/{site_link}/mapped", at_node(MANAGE_LINKS, *_AT))
def map_device(by: Acting, level: Node, site_link: Key, body: schemas.NewMapped) -> schemas.MappedDevice:
    """Have the central site reach a device of a site in the link."""
    row = queries.link_of_key(by, level, site_link)
    made = mapping.map_device(by, row, _device(by, "device", body.device), body.address)
    return next(schemas.mapped(each) for each in queries.mapped_of(by, row) if each.pk == made.pk)


@routes.delete("/levels/{key}/site-links/{site_link}/mapped/{mapped}", at_node(MANAGE_LINKS, *_AT))
def unmap_device(by: Acting, level: Node, site_link: Key, mapped: Key) -> None:
    """The central site no longer reaches a device."""
    row = queries.link_of_key(by, level, site_link)
    mapping.unmap_device(by, row, _of_link(MappedDevice.objects.visible_to(by, LOOK).all(), row, mapped))


@routes.post("/levels/{key}/site-links/{site_link}/range", at_node(MANAGE_LINKS, *_AT), status=200)
def renumber_site_link(
    by: Acting, level: Node, site_link: Key, body: schemas.NewRange
) -> schemas.NewAddresses:
    """Another range for a central link: say what changes, or do it."""
    row = queries.link_of_key(by, level, site_link)
    found = (mapping.renumbering if body.preview else mapping.renumber)(by, row, body.range)
    return schemas.new_addresses(found, done=not body.preview)


# --- Addresses -------------------------------------------------------------------------------------------------------


@routes.get("/levels/{key}/subnets", at_node(LOOK, *_AT))
def list_subnets(
    by: Acting, level: Node, asked: Query[schemas.SubnetsQuery], page: Query[Paging]
) -> Page[schemas.SubnetOfSite]:
    """All networks of all sites at a level and below, and how many overlap."""
    rows, following = rows_of(addresses.subnets_of(by, level, asked.text), page, ("subnet", "id"))
    found = addresses.register_of(by, level, rows)
    return Page[schemas.SubnetOfSite](items=[schemas.subnet(each) for each in found], next=following)


@routes.get("/levels/{key}/subnets/free", at_node(LOOK, *_AT))
def propose_subnet(by: Acting, level: Node, asked: Query[schemas.FreeQuery]) -> schemas.FreeSubnet:
    """A private network that nothing at a level uses."""
    return schemas.FreeSubnet(subnet=str(addresses.free_network(by, level, asked.length)))


# --- What they have in common ----------------------------------------------------------------------------------------


def _link(by: Acting, row: Link) -> schemas.SiteLink:
    return schemas.link(row, queries.sizes_of(by, [row]).get(row.pk, 0))


def _member(by: Acting, row: Link, key: str) -> schemas.MemberOfLink:
    return next(schemas.member(each) for each in queries.members_of(by, row) if each.member.key == key)


def _rules(by: Acting, row: Link) -> schemas.RulesOfLink:
    return schemas.RulesOfLink(items=[schemas.rule(view) for view in queries.rules_of(by, row)])


def _terms(by: Acting, body: schemas.NewRuleOfLink) -> RuleTerms:
    source, source_device = _rule_end(by, "source", body.source)
    destination, destination_device = _rule_end(by, "destination", body.destination)
    ports = [(first, last) for first, last in body.ports]
    return RuleTerms(
        body.allow,
        source,
        source_device,
        destination,
        destination_device,
        body.protocol or "",
        ports,
        body.note,
    )


def _rule_end(by: Acting, field: str, end: schemas.NewLinkRuleEnd) -> tuple[Node | None, Device | None]:
    device = _device(by, field, end.device) if end.device is not None else None
    return (_site(by, field, end.site) if end.site is not None else None), device


def _end_asked(by: Acting, field: str, site: str, device: str) -> End:
    found = _device(by, f"{field}_device", device) if device else None
    node = _site(by, field, site)
    if found is not None and found.node_id != node.pk:
        raise Invalid.at(f"{field}_device", "device-elsewhere", _("This device is at another site."))
    return End(node, found)


def _site(by: Acting, field: str, key: str) -> Node:
    found = Node.objects.visible_to(by, LOOK).filter(key=key, kind=Kind.SITE).first()
    if found is None:
        raise Invalid.at(field, "site-unknown", _("There is no such site."))
    return found


def _device(by: Acting, field: str, key: str) -> Device:
    rows = Device.objects.visible_to(by, LOOK).filter(key=key)
    found = rows.select_related("node", "node__customer", "node__reseller").first()
    if found is None:
        raise Invalid.at(field, "device-unknown", _("There is no such device."))
    return found


def _network(by: Acting, site: Node, key: str | None) -> Network | None:
    if key is None:
        return None
    found = Network.objects.visible_to(by, LOOK).filter(node=site, key=key).first()
    if found is None:
        raise Invalid.at("network", "network-unknown", _("There is no such network at this site."))
    return found


def _of_link(rows: QuerySet[M], link: Link, key: str) -> M:
    return _there(rows.filter(link=link, key=key).first())


def _there(row: M | None) -> M:
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    return row
