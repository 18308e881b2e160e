"""Pages about a site in a link: add, look at, change, remove; and to leave, from the site's side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from furka.access.rights import CONFIGURE, DIAGNOSE, LOOK
from furka.diagnoses.models import DiagnosisKind
from furka.errors import NotThere, Refused
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.links.models import Link, LinkMember, Mode
from furka.links.operations import add_member, change_member, leave, remove_member
from furka.links.rights import MANAGE_LINKS
from furka.portal.level_forms import SearchForm
from furka.portal.level_page import level_url
from furka.portal.level_page import shown as state_shown
from furka.portal.once import once
from furka.portal.refusals import errors_on
from furka.services.sitelink.forms import MemberForm
from furka.services.sitelink.frame import link_at, link_url, render_link
from furka.services.sitelink.pages import LEVELS, shown
from furka.services.sitelink.queries import MemberView, members_of, sites_to_add
from furka.sites.queries import networks_of, states_of
from furka.tree.models import Kind, Node

#: What helps where a link does not do what it should, in the order in which one tries it.
DIAGNOSES = ("ping", "duplicate", "macs", "size")

#: So many sites are offered at once; the others are searched for.
MOST_OFFERED = 30


@at_node(MANAGE_LINKS, *LEVELS)
def add(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """Put a site into the link: first it is chosen, then its network."""
    link = link_at(request, node, site_link)
    key = request.POST.get("site", "") if request.method == "POST" else request.GET.get("site", "")
    if not key:
        return _choose(request, link)
    rows = sites_to_add(request.by, link).filter(key=key)
    site = rows.select_related("customer", "reseller", "parent").first()
    if site is None:
        raise NotThere("not-there", _("This site is not among those that can be added."))
    networks = networks_of(request.by, site)
    form = MemberForm(
        link, networks, _has_centre(link), None, request.POST if request.method == "POST" else None
    )
    if form.is_bound and form.is_valid():
        given = form.cleaned_data

        def make() -> str:
            add_member(
                request.by,
                link,
                site,
                form.network_chosen(),
                vlan=given.get("vlan"),
                central=given.get("central", False),
            )
            messages.success(request, _("%(site)s is in the link.") % {"site": site.name})
            return link_url(link)

        with errors_on(form):
            try:
                return redirect(once(request, form, make) or link_url(link))
            except Refused as refused:  # the owner of the site does not leave it to this level
                form.add_error(None, str(refused))
    context = {"form": form, "site": site, "networks": networks, "site_url": level_url(site)}
    context["network_url"] = (
        level_url(site, "level-network-new") if request.by.may(CONFIGURE, site.place) else ""
    )
    status = 422 if form.is_bound else 200
    return render_link(request, link, "sitelink/member_new.html", context, status=status)


def _choose(request: FurkaRequest, link: Link) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:80]
    rows = sites_to_add(request.by, link).select_related("customer", "reseller")
    if text:
        rows = rows.filter(name__icontains=text) | rows.filter(customer__name__icontains=text)
    found = list(rows[: MOST_OFFERED + 1])
    offered = found[:MOST_OFFERED]
    states = states_of(request.by, offered)
    context = {
        "rows": [(site, state_shown(states[site.pk])) for site in offered],
        "is_cut": len(found) > MOST_OFFERED,
        "q": text,
        "search": SearchForm(initial={"q": text}),
    }
    return render_link(request, link, "sitelink/member_choose.html", context)


def _has_centre(link: Link) -> bool:
    rows = LinkMember.objects.everything("whether there is one is told, not which")
    return rows.filter(link=link, central=True).exists()


@dataclass(frozen=True, slots=True)
class RouteNeeded:
    """A network that devices of a site reach through its gateway: to where, and what lies there."""

    to: str
    what: str


@require_safe
@at_node(LOOK, *LEVELS)
def member(request: FurkaRequest, node: Node, site_link: str, member: str) -> HttpResponse:
    """A site in a link: how it is, its addresses, and which routes its router needs."""
    link = link_at(request, node, site_link)
    views = members_of(request.by, link)
    view = _view(views, member)
    site = view.member.node
    diagnosis = level_url(site, "level-diagnosis") if request.by.may(DIAGNOSE, site.place) else ""
    context = {
        "member": shown(link, view),
        "site": site,
        "site_url": level_url(site),
        "networks": view.networks,
        "routes": _routes(link, view, views),
        "diagnoses": [
            (DiagnosisKind(kind).label, f"{diagnosis}?kind={kind}") for kind in DIAGNOSES if diagnosis
        ],
    }
    template = "sitelink/_member.html" if request.GET.get("part") else "sitelink/member.html"
    return render_link(request, link, template, context)


def _routes(link: Link, view: MemberView, views: Sequence[MemberView]) -> list[RouteNeeded]:
    if link.mode == Mode.CENTRAL:
        return [RouteNeeded(link.range, _("Devices of the other sites"))] if view.member.central else []
    if link.mode == Mode.BRIDGED:
        return []
    return [
        RouteNeeded(network.virtual_subnet, f"{other.member.node.name}, {network.subnet}")
        for other in views
        if other is not view
        for network in other.networks
    ]


@at_node(MANAGE_LINKS, *LEVELS)
def change(request: FurkaRequest, node: Node, site_link: str, member: str) -> HttpResponse:
    """Another network of the site takes part, or with another VLAN."""
    link = link_at(request, node, site_link)
    row = _member(request, link, member)
    networks = networks_of(request.by, row.node)
    form = MemberForm(link, networks, True, row, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        with errors_on(form):
            change_member(request.by, link, row, form.network_chosen(), vlan=form.cleaned_data.get("vlan"))
            messages.success(request, _("Saved."))
            return redirect(link_url(link))
    context = {"form": form, "site": row.node, "networks": networks, "member_key": member}
    status = 422 if form.is_bound else 200
    return render_link(request, link, "sitelink/member_change.html", context, status=status)


@require_POST
@at_node(MANAGE_LINKS, *LEVELS)
def remove(request: FurkaRequest, node: Node, site_link: str, member: str) -> HttpResponse:
    """Take a site out of the link."""
    link = link_at(request, node, site_link)
    row = _member(request, link, member)
    remove_member(request.by, link, row)
    messages.success(request, _("%(site)s is not in the link any more.") % {"site": row.node.name})
    return redirect(link_url(link))


@require_POST
@at_node(MANAGE_LINKS, Kind.SITE)
def leave_link(request: FurkaRequest, node: Node, member: str) -> HttpResponse:
    """Take the site out of a link that somebody above manages."""
    rows = LinkMember.objects.visible_to(request.by, LOOK).filter(node=node, key=member)
    row = rows.select_related("link").first()
    if row is None:
        raise NotThere("not-there", _("This site is not in the link."))
    row.node = node
    leave(request.by, row)
    messages.success(request, _("The site has left the link “%(name)s”.") % {"name": row.link.name})
    return redirect("level", node.key)


def _member(request: FurkaRequest, link: Link, key: str) -> LinkMember:
    rows = LinkMember.objects.visible_to(request.by, LOOK).filter(link=link, key=key)
    row = rows.select_related("network", "node", "node__customer", "node__reseller").first()
    if row is None:
        raise NotThere("not-there", _("This site is not in the link."))
    return row


def _view(views: Sequence[MemberView], key: str) -> MemberView:
    found = next((view for view in views if view.member.key == key), None)
    if found is None:
        raise NotThere("not-there", _("This site is not in the link."))
    return found
