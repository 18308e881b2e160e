"""The ready-made sets of rights, as one table, so that whoever widens a role changes one line."""

from __future__ import annotations

from dataclasses import dataclass

from furka.access.rights import (
    CONFIGURE,
    CORE,
    DIAGNOSE,
    JOURNAL,
    LOOK,
    RESTART,
    RIGHTS,
    SUPPORT,
    Register,
    Right,
    RoleKey,
)
from furka.access.words import marked as _


class UnknownRole(LookupError):
    """Somebody asked for a role that does not exist."""


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of core rights (the title is an English msgid); services add theirs when they start."""

    key: RoleKey
    title: str
    rights: tuple[Right, ...]
    for_site_users: bool = False  # who use one site, without administering it


ROLES = (
    Role(RoleKey.OWNER, _("Owner"), CORE),
    Role(RoleKey.TECHNICIAN, _("Technician"), (LOOK, CONFIGURE, DIAGNOSE, RESTART, SUPPORT)),
    Role(RoleKey.VIEWER, _("Viewer"), (LOOK, JOURNAL)),
    Role(RoleKey.SUPPORTER, _("Supporter"), (LOOK,)),
    Role(RoleKey.SITE_OPERATOR, _("Operating user"), (LOOK,), for_site_users=True),
    Role(RoleKey.SITE_USER, _("User"), (LOOK,), for_site_users=True),
)


def role(role_key: str) -> Role:
    """The role of that key. Raises UnknownRole."""
    for each in ROLES:
        if each.key == role_key:
            return each
    raise UnknownRole(f"there is no role {role_key!r}")


def rights_of(role_key: str, register: Register = RIGHTS) -> frozenset[str]:
    """The keys of all rights that the role holds, those of services included. Raises UnknownRole."""
    found = role(role_key)
    return register.normalised(right.key for right in found.rights) | register.added_to(found.key)


def table(register: Register = RIGHTS) -> str:
    """Roles × rights as text, one line per right, for a golden file."""
    held = {each.key: rights_of(each.key, register) for each in ROLES}
    rights = register.all()
    width = max(len(right.key) for right in rights)
    lines = ["  ".join(["right".ljust(width), *(key.value for key in held)])]
    for right in rights:
        marks = (("x" if right.key in keys else ".").ljust(len(key)) for key, keys in held.items())
        lines.append("  ".join([right.key.ljust(width), *marks]).rstrip())
    return "\n".join(lines) + "\n"
