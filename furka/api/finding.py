"""One search over all that I may see."""

from __future__ import annotations

from ninja import Query
from pydantic import BaseModel, ConfigDict, Field

from furka.api import schemas
from furka.api.routes import Routes, own
from furka.finding.queries import find
from furka.tree.acting import Acting

routes = Routes("search")


class Words(BaseModel):
    """What to look for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: schemas.Text = Field(
        min_length=2,
        max_length=200,
        description="Words that all have to be there; capitals, accents and umlauts do not matter.",
    )
    limit: int = Field(20, ge=1, le=100, description="The most items to answer.")


class Found(schemas.Answer):
    """Something that holds the words."""

    what: str = Field(description="What it is: `level`, `device`, `gateway`, `person` …")
    key: str = Field(description="Its public name; of a level, its key; of a person, the key of the grant.")
    name: str
    detail: str
    level: schemas.LevelName = Field(description="Where it is.")


class FoundItems(schemas.Answer):
    """What was found, best first; there may be more than the limit."""

    items: list[Found]


@routes.get("/search", own("finds only what I may see"))
def search(by: Acting, words: Query[Words]) -> FoundItems:
    """Levels, devices, gateways and, where I administer them, people that hold every word."""
    return FoundItems(
        items=[
            Found(
                what=row.what,
                key=row.key,
                name=row.name,
                detail=row.detail,
                level=schemas.level_name(row.node),
            )
            for row in find(by, words.q, words.limit)
        ]
    )
