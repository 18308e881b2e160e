"""What the page of a site says about the links that it is in."""

from __future__ import annotations

from typing import Any

from furka.access.rights import LOOK
from furka.gate.request import FurkaRequest
from furka.links.rights import MANAGE_LINKS
from furka.services.sitelink.frame import link_url
from furka.services.sitelink.queries import memberships_of
from furka.services.sitelink.words import MODES
from furka.tree.models import Node


def links_at(request: FurkaRequest, site: Node) -> dict[str, Any]:
    """The links that a site is in, for its page."""
    found = memberships_of(request.by, site)
    return {
        "memberships": [
            (
                each,
                MODES[each.link.mode],
                link_url(each.link) if request.by.may(LOOK, each.link.node.place) else "",
            )
            for each in found
        ],
        "may_leave_links": bool(found) and request.by.may(MANAGE_LINKS, site.place),
    }
