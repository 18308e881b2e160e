"""The list of links of a level, a new one, one of them with its picture, and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from furka.access.rights import LOOK, SERVICES
from furka.catalogue.operations import configure, settings_at
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.links.models import Link, Mode
from furka.links.operations import (
    LinkTerms,
    change_link,
    create_link,
    delete_link,
    pause_link,
    resume_link,
)
from furka.links.rights import MANAGE_LINKS, SERVICE
from furka.portal.level_page import level_url, render_level
from furka.portal.once import once
from furka.portal.refusals import errors_on
from furka.services.sitelink.forms import LinkForm, SettingsForm
from furka.services.sitelink.frame import link_at, link_url, render_link
from furka.services.sitelink.picture import MOST_DRAWN, Drawn, Spot, draw
from furka.services.sitelink.queries import MemberView, links_of, members_of, rules_of, sizes_of
from furka.services.sitelink.words import HINTS, MODES, STATES, flow_words, network_words, trouble_of
from furka.tree.models import Kind, Node

LEVELS = (Kind.RESELLER, Kind.CUSTOMER)


@dataclass(frozen=True, slots=True)
class MemberShown:
    """A site in a link as the table shows it."""

    view: MemberView
    kind: str
    word: str
    hint: str
    networks: list[str]
    flows: str
    url: str


@require_safe
@at_node(LOOK, *LEVELS)
def links(request: FurkaRequest, node: Node) -> HttpResponse:
    """The links of a level."""
    by = request.by
    found = list(links_of(by, node))
    sizes = sizes_of(by, found)
    context = {
        "rows": [(link, link_url(link), MODES[link.mode], sizes.get(link.pk, 0)) for link in found],
        "enabled": settings_at(by, node, SERVICE).enabled,
        "may_manage": by.may(MANAGE_LINKS, node.place),
        "may_switch": by.may(SERVICES, node.place),
        "new_url": level_url(node, "level-link-new"),
        "addresses_url": level_url(node, "level-addresses"),
    }
    return render_level(request, node, "sitelink/links.html", context, here="level-services")


@require_POST
@at_node(SERVICES, *LEVELS)
def switch(request: FurkaRequest, node: Node) -> HttpResponse:
    """Switch the service on or off for all links of the level; they stay as they are."""
    enabled = request.POST.get("enabled") == "on"
    configure(request.by, node, SERVICE, {"enabled": enabled})
    if enabled:
        messages.success(request, _("Links between sites are switched on here."))
    else:
        messages.success(request, _("Links between sites are switched off here. Nothing passes."))
    return redirect(level_url(node, "level-links"))


@at_node(MANAGE_LINKS, *LEVELS)
def new(request: FurkaRequest, node: Node) -> HttpResponse:
    """A new link: what it is called and how the sites are joined."""
    form = LinkForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data

        def make() -> str:
            terms = LinkTerms(given["name"], given["purpose"])
            range_ = given["range"].strip() if given["mode"] == Mode.CENTRAL else ""
            link = create_link(request.by, node, given["mode"], terms, range_)
            messages.success(request, _("The link has been created. Now add the sites."))
            return link_url(link)

        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node, "level-links"))
    status = 422 if form.is_bound else 200
    return render_level(
        request, node, "sitelink/new.html", {"form": form}, here="level-services", status=status
    )


@require_safe
@at_node(LOOK, *LEVELS)
def link(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """One link: its picture, and the same as a table."""
    row = link_at(request, node, site_link)
    by = request.by
    views = members_of(by, row)
    rules = rules_of(by, row)
    has_centre = any(view.member.central for view in views)
    context = {
        "members": [shown(row, view) for view in views],
        "narrow": _picture(row, views, len(rules), wide=False) if views else None,
        "wide": _picture(row, views, len(rules), wide=True) if views else None,
        "up_count": sum(1 for view in views if view.is_up),
        "trouble": trouble_of(views),
        "enabled": settings_at(by, node, SERVICE).enabled,
        "without_centre": row.mode == Mode.CENTRAL and bool(views) and not has_centre,
        "needs_rules": row.mode == Mode.ROUTED and len(views) > 1 and not rules,
        "needs_devices": row.mode == Mode.CENTRAL and len(views) > 1 and has_centre,
        "rule_count": len(rules),
    }
    template = "sitelink/_link.html" if request.GET.get("part") else "sitelink/link.html"
    return render_link(request, row, template, context)


def shown(link: Link, view: MemberView) -> MemberShown:
    """A site in a link with its state in colour, shape and word."""
    kind, word = STATES[view.word]
    url = link_url(link, "link-member", member=view.member.key)
    return MemberShown(
        view,
        kind,
        str(word),
        str(HINTS.get(view.word, "")),
        network_words(link, view),
        flow_words(view.member),
        url,
    )


def _picture(link: Link, views: Sequence[MemberView], rules: int, *, wide: bool) -> Drawn:
    centre = next((view for view in views if view.member.central), None)
    others = [view for view in views if view is not centre]
    # Where not all fit, those that need somebody come first.
    if len(others) > MOST_DRAWN:
        others.sort(key=lambda view: view.is_up)
    left_out = len(others) - MOST_DRAWN
    more = ngettext("and %(number)s more site", "and %(number)s more sites", left_out) if left_out > 0 else ""
    return draw(
        [_spot(link, view) for view in others[:MOST_DRAWN]],
        head=_head(link, views, rules),
        centre=_spot(link, centre) if centre is not None else None,
        more=more % {"number": left_out} if more else "",
        wide=wide,
    )


def _spot(link: Link, view: MemberView) -> Spot:
    kind, word = STATES[view.word]
    url = link_url(link, "link-member", member=view.member.key)
    lines = network_words(link, view)
    if view.member.central:
        lines = [_("Central site"), *lines]
    return Spot(view.member.node.name, url, tuple(lines), kind, str(word), flow_words(view.member))


def _head(link: Link, views: Sequence[MemberView], rules: int) -> str:
    if link.mode == Mode.CENTRAL:
        return _("No central site yet")
    if link.mode == Mode.BRIDGED:
        subnets = {str(network.subnet) for view in views for network in view.networks}
        return _("One network %(subnet)s") % {"subnet": min(subnets)} if subnets else _("One network")
    if not rules:
        return _("Closed: no rule yet")
    return ngettext("%(number)s rule decides", "%(number)s rules decide", rules) % {"number": rules}


@at_node(MANAGE_LINKS, *LEVELS)
def settings(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """Name, purpose and limits; pause and delete."""
    row = link_at(request, node, site_link)
    form = SettingsForm(row, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        with errors_on(form):
            change_link(request.by, row, form.terms())
            messages.success(request, _("Saved."))
            return redirect(link_url(row))
    context: dict[str, Any] = {"form": form, "size": len(members_of(request.by, row))}
    status = 422 if form.is_bound else 200
    return render_link(request, row, "sitelink/settings.html", context, here="link-settings", status=status)


@require_POST
@at_node(MANAGE_LINKS, *LEVELS)
def pause(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """Nothing passes until it is resumed."""
    row = link_at(request, node, site_link)
    pause_link(request.by, row)
    messages.success(request, _("The link is paused. Nothing passes through it."))
    return redirect(link_url(row))


@require_POST
@at_node(MANAGE_LINKS, *LEVELS)
def resume(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """As before the pause."""
    row = link_at(request, node, site_link)
    resume_link(request.by, row)
    messages.success(request, _("The link works again as before the pause."))
    return redirect(link_url(row))


@require_POST
@at_node(MANAGE_LINKS, *LEVELS)
def delete(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """Remove it, asked once."""
    row = link_at(request, node, site_link)
    delete_link(request.by, row)
    messages.success(
        request, _("The link “%(name)s” has been deleted. Its sites are alone again.") % {"name": row.name}
    )
    return redirect(reverse("level-links", kwargs={"key": node.key}))
