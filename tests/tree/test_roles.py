"""Roles of a level: what may stand in them, where they can be given, what follows when they change or go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.translation import override

from furka.access.rights import CONFIGURE, DIAGNOSE, JOURNAL, LOOK
from furka.access.roles import rights_of
from furka.errors import Conflict, FurkaError, Invalid, Refused
from furka.journal.models import Event
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import granting, queries, roles
from furka.tree.granting import Terms
from furka.tree.level_roles import LevelRole, roles_at, roles_of
from tests.world import NOW, World, by, let_in, person

LATER = NOW + timedelta(minutes=1)


def a_role(world: World, *rights: str) -> LevelRole:
    return roles.create_role(by(world.rita), world.ours.reseller, "Pikett", rights or ("connect.use",))


def test_role_is_usable_there_and_below_and_nowhere_else(world: World) -> None:
    role = a_role(world)
    let_in(world.ours.depot, world.fremd, Terms(role=role.key), world.rita)
    assert by(world.fremd).may(USE_REMOTE_ACCESS, world.ours.depot.place)
    assert [view.name for view in roles_at(by(world.karl), world.ours.school)] == ["Pikett"]
    assert roles_at(by(world.nora), world.ours.school) == []
    assert roles_at(by(world.nora), world.theirs.school) == []
    with pytest.raises(Invalid) as refusal:
        granting.invite(by(world.nora), world.theirs.school, "x@example.org", Terms(role=role.key))
    assert refusal.value.code == "role-unknown"


def test_nobody_puts_a_right_into_a_role_that_they_do_not_hold_there(world: World) -> None:
    anna = person("Anna")
    let_in(world.ours.customer, anna, Terms(rights=("people", "connect.use"), depth=None), world.rita)
    with pytest.raises(Invalid) as refusal:
        roles.create_role(by(anna), world.ours.customer, "Zuviel", ["configure"])
    assert refusal.value.code == "rights"
    with override("en"):
        assert "only pass on rights that you hold yourself" in str(refusal.value.fields["rights"])
    roles.create_role(by(anna), world.ours.customer, "Geht", ["connect.use"])
    role = a_role(world, "configure")
    with pytest.raises(FurkaError):
        roles.change_role(by(anna), role, "Anders", ["connect.use"])  # of a level above


def test_nobody_defines_roles_who_holds_the_rights_for_a_while_only(world: World) -> None:
    lead = person("Lead")
    terms = Terms(role="owner", valid_until=NOW + timedelta(days=1), depth=1)
    let_in(world.ours.customer, lead, terms, world.rita)
    with pytest.raises(Refused):
        roles.create_role(by(lead), world.ours.customer, "Immer", ["connect.use"])
    let_in(world.ours.customer, world.fremd, Terms(role="owner", depth=1), world.rita)
    with pytest.raises(Refused):
        roles.create_role(by(world.fremd), world.ours.customer, "Immer", ["connect.use"])


@pytest.mark.parametrize(
    ("name", "rights", "code"),
    [
        ("", ["look"], "name-missing"),
        ("x" * 61, ["look"], "name-too-long"),
        (" pikett ", ["look"], "name-taken"),
        ("Leer", [], "no-rights"),
        ("Fliegen", ["fly"], "right-unknown"),
    ],
)
def test_role_that_makes_no_sense_is_refused(world: World, name: str, rights: list[str], code: str) -> None:
    a_role(world)
    with pytest.raises(Invalid) as refusal:
        roles.create_role(by(world.rita), world.ours.reseller, name, rights)
    assert refusal.value.code == code


def test_roles_are_defined_above_sites_only(world: World) -> None:
    with pytest.raises(Invalid):
        roles.create_role(by(world.rita), world.ours.school, "Hier", ["look"])


def test_changing_a_role_changes_every_access_that_uses_it(world: World) -> None:
    role = a_role(world)
    let_in(world.ours.depot, world.fremd, Terms(role=role.key), world.rita)

    roles.change_role(by(world.rita, LATER), role, "Nachtdienst", ["diagnose"])

    depot = world.ours.depot.place
    assert by(world.fremd, NOW).may(USE_REMOTE_ACCESS, depot)
    assert not by(world.fremd, LATER).may(USE_REMOTE_ACCESS, depot)
    assert by(world.fremd, LATER).may(DIAGNOSE, depot)
    told = Event.objects.filter(at=LATER).order_by("id").values_list("action", flat=True)
    assert list(told) == ["role.changed", "grant.changed"]
    assert [view.used for view in roles_of(by(world.rita), world.ours.reseller)] == [1]


def test_changed_role_gives_nobody_more_than_those_hold_who_let_them_in(world: World) -> None:
    role = a_role(world, "connect.use")
    lead, helper = person("Lead"), person("Helper")
    until = NOW + timedelta(days=1)
    terms = Terms(rights=("people", "connect.use", "journal"), valid_until=until, depth=1)
    let_in(world.ours.depot, lead, terms, world.rita)
    let_in(world.ours.depot, helper, Terms(role=role.key, valid_until=until), lead)

    roles.change_role(by(world.rita, LATER), role, "Pikett", ["connect.use", "journal", "configure"])

    depot = world.ours.depot.place
    assert by(helper, LATER).may(JOURNAL, depot)
    assert not by(helper, LATER).may(CONFIGURE, depot)


def test_those_in_a_chain_all_follow(world: World) -> None:
    role = a_role(world, "people", "connect.use")
    lead, helper = person("Lead"), person("Helper")
    until = NOW + timedelta(days=1)
    let_in(world.ours.depot, lead, Terms(role=role.key, valid_until=until, depth=2), world.rita)
    let_in(world.ours.depot, helper, Terms(role=role.key, valid_until=until, depth=1), lead)

    roles.change_role(by(world.rita, LATER), role, "Pikett", ["people", "connect.use", "journal"])
    assert by(helper, LATER).may(JOURNAL, world.ours.depot.place)


def test_role_in_use_goes_with_a_replacement_only(world: World) -> None:
    role = a_role(world)
    let_in(world.ours.depot, world.fremd, Terms(role=role.key), world.rita)
    with pytest.raises(Conflict) as refusal:
        roles.remove_role(by(world.rita), role)
    assert refusal.value.code == "role-in-use"
    for wrong in (role.key, "king"):
        with pytest.raises(Invalid):
            roles.remove_role(by(world.rita), role, wrong)

    roles.remove_role(by(world.rita, LATER), role, "viewer")

    assert by(world.fremd, LATER).may(JOURNAL, world.ours.depot.place)
    assert not by(world.fremd, LATER).may(USE_REMOTE_ACCESS, world.ours.depot.place)
    [view] = queries.grants_of(by(world.fremd, LATER))
    assert view.role == "viewer"
    with pytest.raises(Conflict):
        roles.change_role(by(world.rita), role, "Wieder", ["look"])
    a_role(world)  # the name is free again


def test_last_owner_does_not_lose_the_level_by_a_role(world: World) -> None:
    everything = sorted(rights_of("owner"))
    role = a_role(world, *everything)
    [rita] = [view for view in queries.grants_on(by(world.rita), world.ours.reseller) if view.name == "Rita"]
    anna = person("Anna")
    let_in(world.ours.reseller, anna, Terms(role=role.key, depth=None), world.rita)
    granting.leave(by(world.rita), rita.key)
    with pytest.raises(Conflict) as refusal:
        roles.change_role(by(anna), role, "Wenig", ["look"])
    assert refusal.value.code == "last-owner"
    assert not by(world.rita).may(LOOK, world.ours.reseller.place)


def test_journal_tells_the_name_of_the_role(world: World) -> None:
    role = a_role(world)
    granting.invite(by(world.rita), world.ours.depot, "x@example.org", Terms(role=role.key))
    assert Event.objects.filter(action="grant.invited").latest("id").after["role"] == "Pikett"
