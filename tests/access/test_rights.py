"""Rights and roles: a closed vocabulary, and one table of who holds what."""

from __future__ import annotations

import pytest

from furka.access.rights import (
    CONFIGURE,
    CORE,
    LOOK,
    PEOPLE,
    RIGHTS,
    Register,
    RegisterClosed,
    Right,
    RoleKey,
    UnknownRight,
    normalised,
)
from furka.access.roles import ROLES, UnknownRole, rights_of, role, table

USE = Right("connect.use", "Use remote access")


def test_register_knows_the_core_rights() -> None:
    assert [right.key for right in CORE] == [
        "look",
        "structure",
        "people",
        "configure",
        "services",
        "diagnose",
        "restart",
        "journal",
        "support",
    ]
    assert set(RIGHTS.all()) >= set(CORE)
    assert [right.key for right in CORE if right.looks_only] == ["look", "journal"]


def test_register_gives_a_right_by_its_key_or_by_itself() -> None:
    register = Register(CORE)
    assert register.get("people") is PEOPLE
    assert register.get(PEOPLE) is PEOPLE


def test_register_refuses_what_nobody_registered() -> None:
    register = Register(CORE)
    for unknown in ("peopel", "", USE, Right("people", "Another right with the same key")):
        with pytest.raises(UnknownRight):
            register.get(unknown)


def test_register_refuses_a_second_right_with_the_same_key() -> None:
    register = Register(CORE)
    with pytest.raises(ValueError, match="registered already"):
        register.register(Right("people", "People"))


def test_register_takes_nothing_after_the_start() -> None:
    register = Register(CORE)
    register.close()
    with pytest.raises(RegisterClosed):
        register.register(USE)
    with pytest.raises(UnknownRight):
        register.get(USE)


def test_register_adds_nothing_if_a_role_is_unknown() -> None:
    register = Register(CORE)
    with pytest.raises(ValueError, match="janitor"):
        register.register(USE, roles=("owner", "janitor"))
    assert register.all() == CORE
    assert register.added_to("owner") == frozenset()


@pytest.mark.parametrize("key", ["", "Look", "look.", ".use", "a.b.c", "look out"])
def test_right_refuses_a_key_that_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        Right(key, "Something")


def test_right_needs_a_title() -> None:
    with pytest.raises(ValueError, match="no title"):
        Right("look", "")


def test_any_right_brings_look() -> None:
    assert normalised([CONFIGURE, "people"]) == {"look", "configure", "people"}
    assert normalised([LOOK]) == {"look"}
    assert normalised([]) == frozenset()


def test_normalised_refuses_one_key_and_unknown_keys() -> None:
    with pytest.raises(TypeError):
        normalised("look")
    with pytest.raises(UnknownRight):
        normalised(["look", "lock"])


def test_every_role_is_in_the_table() -> None:
    assert [each.key for each in ROLES] == list(RoleKey)
    assert role("viewer").title == "Viewer"


def test_role_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownRole):
        rights_of("administrator")


def test_service_hands_its_right_to_roles() -> None:
    register = Register(CORE)
    register.register(USE, roles=("owner", RoleKey.SUPPORTER))
    assert rights_of("supporter", register) == {"look", "connect.use"}
    assert rights_of("viewer", register) == {"look", "journal"}


def test_table_of_roles_and_rights() -> None:
    register = Register(CORE)
    register.register(USE, roles=("owner", "technician", "supporter"))
    assert table(register) == (
        "right        owner  technician  viewer  supporter  site-operator  site-user\n"
        "look         x      x           x       x          x              x\n"
        "structure    x      .           .       .          .              .\n"
        "people       x      .           .       .          .              .\n"
        "configure    x      x           .       .          .              .\n"
        "services     x      .           .       .          .              .\n"
        "diagnose     x      x           .       .          .              .\n"
        "restart      x      x           .       .          .              .\n"
        "journal      x      .           x       .          .              .\n"
        "support      x      x           .       .          .              .\n"
        "connect.use  x      x           .       x          .              .\n"
    )
