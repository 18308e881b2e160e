"""Says in words what somebody may do: the names of roles, one sentence about each, and the rights behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK, RIGHTS, RoleKey
from furka.access.roles import UnknownRole, role

_SENTENCES: Mapping[str, Promise] = {
    RoleKey.SITE_USER: _("Sees the site and its devices."),
    RoleKey.SITE_OPERATOR: _("Sees the site, and reaches its devices through the tunnel."),
    RoleKey.SUPPORTER: _("Reaches the devices through the tunnel and changes nothing in the portal."),
    RoleKey.VIEWER: _("Sees how things are and what happened, and reaches no device."),
    RoleKey.TECHNICIAN: _("Reaches the devices, and looks after gateway, networks and devices."),
    RoleKey.OWNER: _("May do everything here: also let people in, and end their access."),
}


def title(role_key: str, rights: Collection[str], names: Mapping[str, str] | None = None) -> str:
    """What somebody is called by their role; without a role, the rights they hold.

    `names` are those of roles that levels define (`furka.tree.level_roles.names_of`).
    """
    try:
        return gettext(role(role_key).title)
    except UnknownRole:
        return (names or {}).get(role_key) or ", ".join(rights_in_words(rights))


def sentence(role_key: str) -> str:
    """What a role means, in one sentence; nothing for a role that has none."""
    return str(_SENTENCES.get(role_key, ""))


def rights_in_words(rights: Collection[str]) -> list[str]:
    """The titles of rights, in the order of the register; to see is said only where there is nothing else."""
    titles = [gettext(right.title) for right in RIGHTS.all() if right.key in rights and right != LOOK]
    return titles or [gettext(LOOK.title)]
