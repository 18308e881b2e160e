"""Roles of a level: defining, changing and removing them; what uses them follows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from furka.access.delegation import Offer
from furka.access.rights import PEOPLE, RIGHTS, UnknownRight, normalised
from furka.access.roles import UnknownRole
from furka.errors import Conflict, Invalid, Refused
from furka.tree.changing import give_rights
from furka.tree.grant_rows import ANY_ROW, is_last_owner, locked, locked_rows
from furka.tree.granting import allowed_by
from furka.tree.grants import Grant
from furka.tree.level_roles import LevelRole, rights_at
from furka.tree.models import Kind, Node
from furka.tree.operation import Work, operation
from furka.tree.queries import rows_below
from furka.tree.texts import one_line

#: More than that nobody tells apart.
MOST_ROLES = 50


@operation(PEOPLE)
def create_role(work: Work, node: Node, name: str, rights: Sequence[str]) -> LevelRole:
    """Define a role at a reseller or a customer, out of rights that one holds there for good."""
    if node.kind not in (Kind.RESELLER, Kind.CUSTOMER):
        raise Invalid("wrong-kind", _("Roles are defined at a reseller or a customer."))
    if LevelRole.objects.visible_to(work.by, PEOPLE).filter(node=node, removed_at=None).count() >= MOST_ROLES:
        raise Conflict("too-many-roles", _("At most 50 roles at one level."))
    wanted = _allowed_rights(work, node, rights)
    role = LevelRole.objects.create(
        node=node,
        name=_free_name(work, node, name, None),
        rights=sorted(wanted),
        created_at=work.at,
        created_by_id=work.by.person_id,
        changed_at=work.at,
    )
    work.record(node, "role.created", after=_told(role))
    return role


@operation(PEOPLE)
def change_role(work: Work, role: LevelRole, name: str, rights: Sequence[str]) -> LevelRole:
    """Give a role another name or other rights; every access that uses it has these from now on."""
    live = _locked_role(role)
    wanted = _allowed_rights(work, live.node, rights)
    before = _told(live)
    live.name, live.rights, live.changed_at = _free_name(work, live.node, name, live), sorted(wanted), work.at
    if _told(live) == before:
        return live
    live.save(update_fields=["name", "rights", "changed_at"])
    work.record(live.node, "role.changed", before=before, after=_told(live))
    _give_to_all(work, live, live.key, frozenset(live.rights))
    return live


@operation(PEOPLE)
def remove_role(work: Work, role: LevelRole, replacement: str = "") -> None:
    """Take a role away; accesses that use it get the other one. Raises Conflict if there are any and no other one."""
    live = _locked_role(role)
    grants = Grant.objects.everything(ANY_ROW).filter(rows_below(live.node), role=live.key, ended_at=None)
    used = grants.count()
    if used and not replacement:
        text = ngettext(
            "%(count)d access uses this role. Choose another role for it.",
            "%(count)d accesses use this role. Choose another role for them.",
            used,
        )
        raise Conflict("role-in-use", text % {"count": used})
    if used:
        if replacement == live.key:
            raise Invalid.at("replacement", "role-unknown", _("Choose another role."))
        try:
            rights = rights_at(live.node, replacement)
        except UnknownRole:
            raise Invalid.at("replacement", "role-unknown", _("This role does not exist.")) from None
        _allowed_rights(work, live.node, sorted(rights))
        _give_to_all(work, live, replacement, rights)
    live.removed_at = work.at
    live.save(update_fields=["removed_at"])
    work.record(live.node, "role.removed", before=_told(live))


def _allowed_rights(work: Work, node: Node, rights: Sequence[str]) -> frozenset[str]:
    """What may stand in a role: only whoever could give it without end and for good decides for all who get it."""
    try:
        wanted = normalised(RIGHTS.get(key) for key in rights)
    except UnknownRight:
        raise Invalid.at("rights", "right-unknown", _("This right does not exist.")) from None
    if not wanted:
        raise Invalid.at("rights", "no-rights", _("Choose at least one right."))
    try:
        source = allowed_by(work, Offer(wanted, node.place, work.at, None))
    except Invalid as error:
        if "valid_until" in error.fields:
            raise _owners_only() from None
        raise
    if source.depth is not None:
        raise _owners_only()
    return wanted


def _owners_only() -> Refused:
    return Refused("owner", _("Only whoever holds these rights here without end may define roles with them."))


def _give_to_all(work: Work, role: LevelRole, becomes: str, rights: frozenset[str]) -> None:
    """Every live access with that role gets these rights, as far as what it falls with has them.

    A level that has moved away keeps what was given there; it is no longer for this one to decide.
    """
    rows = locked_rows().filter(rows_below(role.node), role=role.key)
    waiting = {row.series: row for row in rows}
    while waiting:
        # What falls with another one that changes too comes after that one.
        ready = [row for row in waiting.values() if row.source_series not in waiting] or list(
            waiting.values()
        )
        for row in ready:
            del waiting[row.series]
            _give(work, row.series, role.key, becomes, rights)


def _give(work: Work, series: str, key: str, becomes: str, rights: frozenset[str]) -> None:
    live = locked(series)
    if live is None or live.role != key:
        return  # it changed with the one that it falls with
    has = rights
    if live.source_series:
        source = locked(live.source_series)
        has = rights & frozenset(source.rights) if source is not None else rights & frozenset(live.rights)
    if PEOPLE.key not in has and is_last_owner(live, work.at):
        raise Conflict("last-owner", _("This is the last owner. Somebody must own this level."))
    changes: dict[str, Any] = {"rights": sorted(has), "role": becomes}
    if live.rights != changes["rights"] or live.role != becomes:
        give_rights(work, live, "grant.changed", **changes)


def _locked_role(role: LevelRole) -> LevelRole:
    rows = LevelRole.objects.everything(ANY_ROW).select_for_update(of=("self",)).select_related("node")
    live = rows.filter(pk=role.pk, removed_at=None).first()
    if live is None:
        raise Conflict("role-gone", _("This role was removed meanwhile."))
    return live


def _free_name(work: Work, node: Node, name: str, own: LevelRole | None) -> str:
    name = one_line(name)
    if not name:
        raise Invalid.at("name", "name-missing", _("Please enter a name."))
    if len(name) > 60:
        raise Invalid.at("name", "name-too-long", _("At most 60 characters."))
    others = LevelRole.objects.visible_to(work.by, PEOPLE).filter(
        node=node, removed_at=None, name__iexact=name
    )
    if others.exclude(pk=own.pk if own else 0).exists():
        raise Invalid.at("name", "name-taken", _("There is already a role of this name here."))
    return name


def _told(role: LevelRole) -> dict[str, Any]:
    return {"key": role.key, "name": role.name, "rights": list(role.rights)}
