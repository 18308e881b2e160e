"""What one can do at a level, and where one can go from there: for the palette and the page of the search."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE, LOOK, PEOPLE, STRUCTURE, Right
from furka.portal.level_page import ABOVE_SITES, TABS, level_url
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.texts import findable, folded


@dataclass(frozen=True, slots=True)
class ActionOfLevel:
    """Something that can be begun at some kinds of levels with a right: the name of its address, its text, its icon."""

    name: str
    text: Promise
    icon: str
    kinds: tuple[Kind, ...]
    needs: Right


#: Addresses that this installation does not have are left out.
ACTIONS = (
    ActionOfLevel(
        "level-invite", _("Invite a supporter"), "user-plus", (*ABOVE_SITES[1:], Kind.SITE), PEOPLE
    ),
    ActionOfLevel("level-site-new", _("New site"), "plus", (Kind.RESELLER, Kind.CUSTOMER), STRUCTURE),
    ActionOfLevel("level-customer-new", _("New customer"), "plus", (Kind.RESELLER,), STRUCTURE),
    ActionOfLevel("level-import", _("Import sites"), "upload", (Kind.RESELLER, Kind.CUSTOMER), STRUCTURE),
    ActionOfLevel("level-device-new", _("New device"), "plus", (Kind.SITE,), CONFIGURE),
    ActionOfLevel("level-network-new", _("New network"), "plus", (Kind.SITE,), CONFIGURE),
    ActionOfLevel("level-document-new", _("Add documents"), "upload", (Kind.SITE,), CONFIGURE),
)


@dataclass(frozen=True, slots=True)
class ActionShown:
    """An action as a page offers it."""

    text: str
    level: str
    icon: str
    url: str


def actions_at(by: Acting, node: Node, text: str = "") -> list[ActionShown]:
    """What the one who acts may do at a level and which of its pages they may open; those that hold every word."""
    offered = [
        ActionShown(str(each.text), node.name, each.icon, url)
        for each in ACTIONS
        if node.kind in each.kinds and by.may(each.needs, node.place) and (url := level_url(node, each.name))
    ]
    offered += [
        ActionShown(str(tab.text), node.name, tab.icon, url)
        for tab in TABS
        if node.kind in tab.kinds
        and any(by.may(right, node.place) for right in tab.needs)
        and (url := level_url(node, tab.name))
    ]
    words = folded(text).split()
    return [each for each in offered if all(word in findable(each.text) for word in words)]


def level_of_key(by: Acting, key: str) -> Node | None:
    """The level that somebody is at, if they may see it."""
    return Node.objects.visible_to(by, LOOK).filter(key=key).first() if key else None
