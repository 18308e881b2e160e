"""Release at the plant: whom somebody on the spot may let in without a login, and one's own codes for the phone."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from furka.access.rights import PEOPLE
from furka.api import schemas
from furka.api.routes import Key, Routes, at_node, own
from furka.errors import Invalid, NotThere
from furka.people.models import Person
from furka.releases import operations, queries
from furka.releases.models import PreparedRelease
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

routes = Routes("releases")


class NewRelease(schemas.Input):
    """Who may be let in, and for how long each time."""

    email: schemas.Text = Field(max_length=254)
    minutes: int = Field(60, ge=1, le=operations.LONGEST_MINUTES)


class Release(schemas.Answer):
    """A supporter whom somebody at the site may let in."""

    key: str
    person: str
    minutes: int
    prepared_at: datetime
    prepared_by: str
    used_at: datetime | None


class ReleaseWithPin(Release):
    """The same, with the PIN that is told this once."""

    pin: str


class Releases(schemas.Answer):
    """Who is prepared at a site; few, so that they come at once."""

    items: list[Release]


class OwnRelease(schemas.Answer):
    """Where I may be let in, and the code that I read over the phone until then."""

    site: schemas.LevelName
    minutes: int
    code: str
    code_until: datetime


class OwnReleases(schemas.Answer):
    """Where I may be let in."""

    items: list[OwnRelease]


@routes.get("/sites/{key}/releases", at_node(PEOPLE, Kind.SITE))
def list_releases(by: Acting, site: Node) -> Releases:
    """Who is prepared."""
    return Releases(items=[_release(row) for row in queries.prepared_at(by, site)])


@routes.post("/sites/{key}/releases", at_node(PEOPLE, Kind.SITE))
def prepare_release(by: Acting, site: Node, body: NewRelease) -> ReleaseWithPin:
    """Somebody at the site may let this supporter in from now on. A new PIN replaces the one before."""
    found = [each for each in queries.who_can_be_prepared(by, site) if each.email == body.email.lower()]
    if not found:
        raise Invalid.at("email", "no-supporter", sentence("not-visible"))
    row, pin = operations.prepare(by, site, Person.objects.get(pk=found[0].person_id), body.minutes)
    return ReleaseWithPin(**_release(row).model_dump(), pin=pin)


@routes.delete("/sites/{key}/releases/{release}", at_node(PEOPLE, Kind.SITE))
def take_back_release(by: Acting, site: Node, release: Key) -> None:
    """Nobody at the site may let this supporter in any more."""
    row = queries.release_of_key(by, site, release)
    if row is None:
        raise NotThere("release-unknown", sentence("not-visible"))
    operations.take_back(by, row)


@routes.get("/releases", own("where I may be let in"))
def list_own_releases(by: Acting) -> OwnReleases:
    """Where somebody at the plant may let me in, and the code to read over the phone."""
    return OwnReleases(
        items=[
            OwnRelease(
                site=schemas.level_name(each.site),
                minutes=each.minutes,
                code=each.code,
                code_until=each.code_until,
            )
            for each in queries.own_releases(by)
        ]
    )


def _release(row: PreparedRelease) -> Release:
    return Release(
        key=row.key,
        person=str(row.person),
        minutes=row.minutes,
        prepared_at=row.prepared_at,
        prepared_by=str(row.prepared_by),
        used_at=row.used_at,
    )
