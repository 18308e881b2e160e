"""Levels and sites."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from furka.access.words import marked as _
from furka.api.schemas.base import Answer, Input, LevelKind, Name, Text
from furka.sites.queries import SiteState
from furka.tree.models import Node


class LevelName(Answer):
    """Which level."""

    key: str
    kind: LevelKind
    name: str


class Level(Answer):
    """A reseller, a customer or a site (or the operator above all)."""

    key: str
    kind: LevelKind
    name: str
    parent: LevelName | None = Field(description="What it hangs on, if you may see that.")
    reference: str = Field(description="What it is called in the books of whoever looks after it.")
    time_zone: str
    lease_minutes: int | None = Field(
        description="How long access goes on without the portal; null: until its own end."
    )
    created_at: datetime
    archived_at: datetime | None


class LevelInFull(Level):
    """A level, and what you may do there now."""

    rights: list[str]


class State(Answer):
    """How a site is; `unknown` while its hub is silent."""

    word: Literal["without-gateway", "online", "offline", "unknown"]
    since: datetime | None
    cut_by: Literal["command", "network", "input"] | None = Field(
        description="What cut remote access at the site; only somebody there can allow it again."
    )
    cut_at: datetime | None


class Site(Level):
    """A site and how it is."""

    state: State


class NewLevel(Input):
    """A level of one's own."""

    kind: Literal["reseller", "customer"]
    name: Name


class NewCustomer(Input):
    """A customer of a reseller."""

    name: Name


class NewSite(Input):
    """A site of a reseller or a customer."""

    name: Name
    time_zone: Annotated[str, StringConstraints(max_length=40)] = Field(
        "", description="A name of the IANA time zone database; empty: that of the level above."
    )


class LevelChanges(Input):
    """What shall be different; what is not named stays."""

    name: Name = ""
    reference: Annotated[Text, StringConstraints(max_length=60)] = ""
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=40)] = ""
    lease_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(_("Name at least one field."))
        return self


def level_name(node: Node) -> LevelName:
    """A level, short."""
    return LevelName(key=node.key, kind=node.kind, name=node.name)  # type: ignore[arg-type]  # a choice of the model


def state(found: SiteState) -> State:
    """How a site is."""
    return State.model_validate(
        {
            "word": found.word,
            "since": found.since,
            "cut_by": found.cut_by or None,
            "cut_at": found.cut_at,
        }
    )
