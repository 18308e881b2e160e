"""One's own account, tokens, services and events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from furka.api.schemas.base import Answer, Input, Moment, PublicName, Text
from furka.api.schemas.levels import LevelName, level_name
from furka.people.models import ApiToken, Person
from furka.tree.models import Node


class Service(Answer):
    """A service that is configured at this level."""

    key: str
    title: str
    summary: str
    settings: dict[str, Any]


class Event(Answer):
    """Something that was done or that happened."""

    at: datetime
    action: str
    actor: str
    via: str
    on_behalf_of: str
    grant: str = Field(description="The key of the grant that allowed it; empty if none had to.")
    level: str = Field(description="The key of the level.")
    level_name: str
    before: dict[str, Any]
    after: dict[str, Any]
    number: int = Field(description="Its place in the chain of events of its top level, without gaps.")
    hash: str


class Token(Answer):
    """A personal token."""

    key: str
    name: str
    rights: list[str] | None = Field(description="Null: all that you hold.")
    level: LevelName | None = Field(description="Only there and below; null: everywhere.")
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class TokenWithSecret(Token):
    """A new token; its secret is shown this once."""

    secret: str


class NewToken(Input):
    """A token that acts as you, or with less."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=80)]
    expires_at: Moment
    rights: Annotated[list[Annotated[str, StringConstraints(max_length=80)]], Field(max_length=50)] | None = (
        None
    )
    level: PublicName | None = None


class Me(Answer):
    """The one who asks."""

    key: str
    name: str
    email: str
    language: str
    token: Token | None = Field(description="The token that is used; null in a session of the pages.")


def token(row: ApiToken, levels: dict[int, Node]) -> Token:
    """A token, with the level it is limited to."""
    node = levels.get(row.node_id_limit or 0)
    return Token(
        key=row.key,
        name=row.name,
        rights=row.rights,
        level=level_name(node) if node else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


def me(person: Person, used: Token | None) -> Me:
    """A person to themselves."""
    return Me(key=person.key, name=person.name, email=person.email, language=person.language, token=used)
