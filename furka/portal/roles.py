"""The roles of a level: what each allows, and defining one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from furka.access.rights import LOOK, PEOPLE, RIGHTS
from furka.access.roles import ROLES, UnknownRole, rights_of
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal.level_page import level_url, render_level
from furka.portal.once import OnceForm, once
from furka.portal.people_forms import rights_to_offer
from furka.portal.refusals import errors_on
from furka.tree import roles
from furka.tree.acting import Acting
from furka.tree.level_roles import rights_at, role_of_key, roles_at, roles_of
from furka.tree.models import Kind, Node


@dataclass(frozen=True, slots=True)
class RoleShown:
    """A role with a mark for each right; `key` is empty for those that can not be changed here."""

    key: str
    name: str
    origin: str
    used: int
    marks: tuple[tuple[str, bool], ...]
    copy_of: str


class RoleForm(OnceForm):
    """A name, and what it stands for."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    rights = forms.MultipleChoiceField(
        label=gettext_lazy("Rights"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one right.")},
    )

    def __init__(self, by: Acting, node: Node, held: frozenset[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = dict(rights_to_offer(by, node))
        for right in RIGHTS.all():
            if right.key in held and right != LOOK:
                offered.setdefault(right.key, _(right.title))
        self.fields["rights"].choices = list(offered.items())  # type: ignore[attr-defined]  # it is a choice field


@at_node(PEOPLE, Kind.RESELLER, Kind.CUSTOMER)
def level_roles(request: FurkaRequest, node: Node) -> HttpResponse:
    """All roles that can be given here, each with its rights in a table."""
    by = request.by
    rights = [right for right in RIGHTS.all() if right != LOOK]

    def shown(key: str, name: str, held: frozenset[str], origin: str, used: int, copy_of: str) -> RoleShown:
        return RoleShown(
            key, name, origin, used, tuple((_(right.title), right.key in held) for right in rights), copy_of
        )

    ready = [
        shown("", _(role.title), rights_of(role.key), _("ready-made"), 0, role.key)
        for role in reversed(ROLES)
        if not role.for_site_users
    ]
    used = {view.key: view.used for view in roles_of(by, node)}
    own = [
        shown(
            view.key if view.key in used else "",
            view.name,
            view.rights,
            "" if view.key in used else view.node.name,
            used.get(view.key, 0),
            view.key,
        )
        for view in roles_at(by, node)
    ]
    context = {
        "roles": [*own, *ready],
        "own": [each for each in own if each.key],
        "titles": [_(right.title) for right in rights],
        "people_url": level_url(node, "level-people"),
    }
    return render_level(request, node, "people/roles.html", context, here="level-people")


@at_node(PEOPLE, Kind.RESELLER, Kind.CUSTOMER)
def new_role(request: FurkaRequest, node: Node) -> HttpResponse:
    """Define a role, from nothing or as a copy of another one."""
    held = _of_copied(node, request.GET.get("from", "")[:30])
    data = request.POST if request.method == "POST" else None
    form = RoleForm(request.by, node, frozenset(), data, initial={"rights": sorted(held)})

    def make() -> str:
        role = roles.create_role(request.by, node, form.cleaned_data["name"], form.cleaned_data["rights"])
        messages.success(request, _("The role “%(name)s” is there.") % {"name": role.name})
        return level_url(node, "level-roles")

    if form.is_bound and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or level_url(node, "level-roles"))
    return _form(request, node, form, None, 0)


def _of_copied(node: Node, key: str) -> frozenset[str]:
    try:
        return rights_at(node, key) if key else frozenset()
    except UnknownRole:
        return frozenset()


@at_node(PEOPLE, Kind.RESELLER, Kind.CUSTOMER)
def edit_role(request: FurkaRequest, node: Node, role: str) -> HttpResponse:
    """Another name or other rights; whoever has the role follows at once."""
    row = role_of_key(request.by, node, role)
    if row is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    initial = {"name": row.name, "rights": row.rights}
    form = RoleForm(request.by, node, frozenset(row.rights), data, initial=initial)
    if form.is_bound and form.is_valid():
        with errors_on(form):
            roles.change_role(request.by, row, form.cleaned_data["name"], form.cleaned_data["rights"])
            messages.success(request, _("The role is changed, and with it every access that uses it."))
            return redirect("level-roles", node.key)
    used = next((view.used for view in roles_of(request.by, node) if view.key == role), 0)
    return _form(request, node, form, role, used)


def _form(request: FurkaRequest, node: Node, form: RoleForm, role: str | None, used: int) -> HttpResponse:
    replacements = [(each.key.value, _(each.title)) for each in reversed(ROLES) if not each.for_site_users]
    replacements += [(view.key, view.name) for view in roles_at(request.by, node) if view.key != role]
    context = {
        "form": form,
        "role": role,
        "used": used,
        "replacements": replacements,
        "roles_url": level_url(node, "level-roles"),
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "people/role.html", context, here="level-people", status=status)


@at_node(PEOPLE, Kind.RESELLER, Kind.CUSTOMER)
@require_POST
def remove_role(request: FurkaRequest, node: Node, role: str) -> HttpResponse:
    """Take a role away; whoever has it gets another one."""
    row = role_of_key(request.by, node, role)
    if row is None:
        raise Http404
    roles.remove_role(request.by, row, request.POST.get("replacement", "")[:30])
    messages.success(request, _("The role “%(name)s” is removed.") % {"name": row.name})
    return redirect("level-roles", node.key)
