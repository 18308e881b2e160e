"""What every page of one link has around it: its name, its parts, what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from furka.gate.request import FurkaRequest
from furka.links.models import Link, Mode
from furka.links.rights import MANAGE_LINKS
from furka.portal.level_page import render_level
from furka.services.sitelink.queries import link_of_key
from furka.services.sitelink.words import MODES
from furka.tree.models import Node


@dataclass(frozen=True, slots=True)
class PartShown:
    """A page of a link."""

    text: str
    url: str
    icon: str
    here: bool


def link_url(link: Link, name: str = "level-link", **words: str) -> str:
    """The address of a page of a link."""
    return reverse(name, kwargs={"key": link.node.key, "site_link": link.key, **words})


def link_at(request: FurkaRequest, node: Node, key: str) -> Link:
    """The link of that key at this level. Raises NotThere."""
    link = link_of_key(request.by, node, key)
    link.node = node
    return link


def render_link(
    request: FurkaRequest,
    link: Link,
    template: str,
    context: Mapping[str, Any],
    *,
    here: str = "level-link",
    status: int = 200,
) -> HttpResponse:
    """A page of a link; its template extends `sitelink/base.html`. `here` is the part that it belongs to."""
    may_manage = request.by.may(MANAGE_LINKS, link.node.place)
    parts = [("level-link", _("Overview"), "sitemap")]
    if link.mode == Mode.CENTRAL:
        parts.append(("link-devices", _("Devices that are reached"), "device-desktop"))
    parts.append(("link-rules", _("Rules"), "shield-check"))
    if may_manage:
        parts.append(("link-settings", _("Settings of the link"), "settings"))
    around = {
        "link": link,
        "mode": MODES[link.mode],
        "may_manage": may_manage,
        "parts": [PartShown(text, link_url(link, name), icon, name == here) for name, text, icon in parts],
    }
    return render_level(
        request, link.node, template, {**around, **context}, here="level-services", status=status
    )
