"""Roles of a level, and extensions that people ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from furka.api.schemas.base import Answer, Input, Moment, Text
from furka.api.schemas.levels import LevelName, level_name
from furka.tree import extensions as extension_rows
from furka.tree.level_roles import RoleView


class RoleOfLevel(Answer):
    """A named set of rights, defined at `level` and usable there and below."""

    key: str
    name: str
    rights: list[str]
    level: LevelName


class NewRole(Input):
    """A role: its name and the keys of its rights."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=60)]
    rights: Annotated[
        list[Annotated[str, StringConstraints(max_length=80)]], Field(min_length=1, max_length=50)
    ]


class RoleRemoval(Input):
    """Which role takes its place where it is used."""

    replacement: Annotated[str, StringConstraints(max_length=30)] = ""


class NewExtensionRequest(Input):
    """Until when somebody wants to go on, and why."""

    valid_until: Moment | None = Field(None, description="Null: until it is revoked.")
    reason: Annotated[Text, StringConstraints(min_length=1, max_length=500)]


class ExtensionAnswer(Input):
    """Grant, within what you may give yourself, or decline."""

    granted: bool
    valid_until: Moment | None = Field(None, description="The new end; null: until it is revoked.")
    answer: Annotated[Text, StringConstraints(max_length=500)] = ""


class ExtensionRequest(Answer):
    """Somebody asks that their access goes on."""

    key: str
    grant: str
    level: LevelName
    name: str
    email: str
    valid_until: datetime | None = Field(description="The wish; null: until it is revoked.")
    reason: str
    asked_at: datetime
    outcome: Literal["open", "granted", "declined", "withdrawn"]
    answer: str


def role_of_level(view: RoleView) -> RoleOfLevel:
    """A role of a level."""
    return RoleOfLevel(key=view.key, name=view.name, rights=sorted(view.rights), level=level_name(view.node))


def extension_request(row: extension_rows.ExtensionRequest) -> ExtensionRequest:
    """A request for an extension."""
    return ExtensionRequest(
        key=row.key,
        grant=row.grant_series,
        level=level_name(row.node),
        name=row.person.name,
        email=row.person.email,
        valid_until=row.wanted_until,
        reason=row.reason,
        asked_at=row.asked_at,
        outcome=row.outcome,  # type: ignore[arg-type]  # a choice of the model
        answer=row.answer,
    )
