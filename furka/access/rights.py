"""The vocabulary of the policy: every right is an object that exists once, so a typo raises."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from furka.access.words import marked as _

#: `look`, or `connect.use`: a service's rights begin with the key of the service.
_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")


class UnknownRight(LookupError):
    """Somebody asked for a right that nobody registered."""


class RegisterClosed(RuntimeError):
    """Somebody registered a right after the start."""


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that a grant allows. The title is an English msgid; `looks_only` rights change nothing."""

    key: str
    title: str
    looks_only: bool = False

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"{self.key!r} is no key of a right")
        if not self.title:
            raise ValueError(f"the right {self.key} has no title")

    def __str__(self) -> str:
        return self.key


class RoleKey(StrEnum):
    """The names of the ready-made sets of rights; `roles.py` says what is in them."""

    OWNER = "owner"
    TECHNICIAN = "technician"
    VIEWER = "viewer"
    SUPPORTER = "supporter"
    SITE_OPERATOR = "site-operator"
    SITE_USER = "site-user"


class Register:
    """All rights there are. Services add theirs at the start; then it is closed and stays as it is."""

    def __init__(self, rights: Iterable[Right] = ()) -> None:
        self._rights: dict[str, Right] = {}
        self._added: dict[RoleKey, set[str]] = {role: set() for role in RoleKey}
        self._closed = False
        for right in rights:
            self.register(right)

    def register(self, right: Right, roles: Iterable[str] = ()) -> Right:
        """Add a right and hand it to these roles. Raises if closed, known already, or a role is unknown."""
        if self._closed:
            raise RegisterClosed(f"the right {right.key} comes too late: rights are registered at the start")
        if right.key in self._rights:
            raise ValueError(f"the right {right.key} is registered already")
        holders = [RoleKey(role) for role in roles]
        self._rights[right.key] = right
        for role in holders:
            self._added[role].add(right.key)
        return right

    def close(self) -> None:
        """From now on nothing is added."""
        self._closed = True

    def get(self, right: Right | str) -> Right:
        """The right of that key. Raises UnknownRight."""
        key = right.key if isinstance(right, Right) else right
        found = self._rights.get(key)
        if found is None or (isinstance(right, Right) and found != right):
            raise UnknownRight(f"there is no right {key!r}")
        return found

    def all(self) -> tuple[Right, ...]:
        """Every right, in the order in which they were registered."""
        return tuple(self._rights.values())

    def added_to(self, role: str) -> frozenset[str]:
        """What services gave to that role."""
        return frozenset(self._added[RoleKey(role)])

    def normalised(self, rights: Iterable[Right | str]) -> frozenset[str]:
        """The keys of these rights, with LOOK if there is any: who may do something may see where.

        This is the only place that knows of that rule. Raises UnknownRight.
        """
        if isinstance(rights, str):
            raise TypeError("rights are a collection of rights, not one key")
        keys = frozenset(self.get(right).key for right in rights)
        return keys | {LOOK.key} if keys else keys


LOOK = Right("look", _("See it"), looks_only=True)
STRUCTURE = Right("structure", _("Administer customers and sites"))
PEOPLE = Right("people", _("Administer people"))
CONFIGURE = Right("configure", _("Configure gateway, networks and devices"))
SERVICES = Right("services", _("Configure services"))
DIAGNOSE = Right("diagnose", _("Use diagnostics"))
RESTART = Right("restart", _("Restart the gateway"))
JOURNAL = Right("journal", _("Read the journal"), looks_only=True)
SUPPORT = Right("support", _("Handle support cases"))

#: The rights of the house itself.
CORE = (LOOK, STRUCTURE, PEOPLE, CONFIGURE, SERVICES, DIAGNOSE, RESTART, JOURNAL, SUPPORT)

#: The register of this process.
RIGHTS = Register(CORE)


def normalised(rights: Iterable[Right | str]) -> frozenset[str]:
    """`Register.normalised` of the register of this process."""
    return RIGHTS.normalised(rights)
