"""The lists of a level: filtered, kept as views, exported, and the same change at many levels."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from furka.access.rights import LOOK
from furka.access.words import marked as _
from furka.api import schemas
from furka.api.grants import terms_of
from furka.api.paging import Paging
from furka.api.routes import Key, Routes, at_node
from furka.inventory import bulk, views
from furka.inventory.filters import Chosen
from furka.inventory.models import SavedView
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node

routes = Routes("lists")

State = Literal["", "offline", "unknown", "without-gateway", "online"]
Listing = Literal["sites", "customers"]


class Filter(schemas.Input):
    """Which rows of a list; everything that is named has to fit."""

    q: Annotated[schemas.Text, StringConstraints(max_length=200)] = Field(
        "", description="Words that all have to be there: in a name, an address, a device …"
    )
    state: State = ""
    service: Annotated[str, StringConstraints(max_length=31)] = Field(
        "", description="A service that is switched on there; with `-` before it: switched off."
    )
    customer: Annotated[str, StringConstraints(max_length=12)] = Field(
        "", description="The key of a customer."
    )
    attention: bool = Field(False, description="Only sites that are not online.")
    archived: bool = Field(False, description="Those in the archive, instead of those in use.")
    sort: Literal["", "name", "state", "customer", "sites", "new"] = ""

    @property
    def chosen(self) -> Chosen:
        """The same as the lists know it."""
        given = self.model_dump()
        return Chosen.read(
            {key: value if value is not True else "1" for key, value in given.items() if value}
        )


class SitePaging(Paging):
    """Which sites, in which order."""

    q: Annotated[schemas.Text, StringConstraints(max_length=200)] = Field(
        "", description="Words that all have to be there: in a name, an address, a device …"
    )
    state: State = ""
    service: Annotated[str, StringConstraints(max_length=31)] = Field(
        "", description="A service that is switched on there; with `-` before it: switched off."
    )
    customer: Annotated[str, StringConstraints(max_length=12)] = Field(
        "", description="The key of a customer."
    )
    attention: bool = Field(False, description="Only sites that are not online.")
    archived: bool = Field(False, description="Those in the archive, instead of those in use.")

    @property
    def chosen(self) -> Chosen:
        """The same as the lists know it."""
        given = self.model_dump(exclude={"after", "limit"})
        return Chosen.read(
            {key: value if value is not True else "1" for key, value in given.items() if value}
        )


class CustomerPaging(Paging):
    """Which customers."""

    q: Annotated[schemas.Text, StringConstraints(max_length=200)] = Field(
        "", description="Words that all have to be in the name."
    )
    archived: bool = Field(False, description="Those in the archive, instead of those in use.")

    @property
    def chosen(self) -> Chosen:
        """The same as the lists know it."""
        return Chosen(q=self.q, archived="1" if self.archived else "")


# --- Saved views -----------------------------------------------------------------------------------------------------


class View(schemas.Answer):
    """A list as somebody wants to see it again."""

    key: str
    listing: Listing
    name: str
    query: str = Field(description="What was chosen, as the query of an address.")
    shared: bool = Field(description="Everybody at the level sees it.")
    first: bool = Field(description="The list opens with it for me.")


class ViewItems(schemas.Answer):
    """The views that I may use, by list and name."""

    items: list[View]


class NewView(schemas.Input):
    """What to keep under which name; a view of the same name is replaced."""

    listing: Listing
    name: Annotated[schemas.Text, StringConstraints(min_length=1, max_length=60)]
    filter: Filter = Filter()
    shared: bool = Field(False, description="For everybody at the level; takes the right `people`.")


class ViewChanges(schemas.Input):
    """Whether the list opens with this view for me."""

    first: bool


@routes.get("/levels/{key}/views", at_node(LOOK))
def list_views(by: Acting, level: Node) -> ViewItems:
    """My own views of the lists of a level, and the shared ones."""
    found = [
        _view(listing, each)
        for listing in ("customers", "sites")
        for each in views.views_of(by, level, listing)
    ]
    return ViewItems(items=found)


@routes.post("/levels/{key}/views", at_node(LOOK))
def save_view(by: Acting, level: Node, body: NewView) -> View:
    """Keep what is chosen above a list under a name."""
    given = {each: getattr(body.filter.chosen, each) for each in Filter.model_fields}
    row = views.save_view(by, level, body.listing, body.name, given, shared=body.shared)
    return _of_key(by, level, row)


@routes.patch("/levels/{key}/views/{view}", at_node(LOOK))
def change_view(by: Acting, level: Node, view: Key, body: ViewChanges) -> View:
    """Have the list open with this view for me, or no longer."""
    row = views.view_of_key(by, level, view)
    views.begin_with(by, row, first=body.first)
    return _of_key(by, level, row)


@routes.delete("/levels/{key}/views/{view}", at_node(LOOK))
def remove_view(by: Acting, level: Node, view: Key) -> None:
    """Remove a view of mine, or a shared one with the right `people`."""
    views.remove_view(by, views.view_of_key(by, level, view))


def _of_key(by: Acting, level: Node, row: SavedView) -> View:
    found = next(each for each in views.views_of(by, level, row.listing) if each.key == row.key)
    return _view(row.listing, found)


def _view(listing: str, view: views.ViewOfList) -> View:
    return View(
        key=view.key,
        listing=listing,  # type: ignore[arg-type]  # a choice of the model
        name=view.name,
        query=view.query,
        shared=view.is_shared,
        first=view.is_first,
    )


# --- The same change at many levels ----------------------------------------------------------------------------------


class Switch(schemas.Input):
    """A service of sites, on or off."""

    service: Annotated[str, StringConstraints(max_length=30)]
    on: bool


class Bulk(schemas.Input):
    """At which levels, and what: name either `keys` or `filter`, and either `switch` or `invite`."""

    listing: Listing = "sites"
    keys: Annotated[list[schemas.PublicName], Field(max_length=bulk.MOST)] | None = None
    filter: Filter | None = None
    switch: Switch | None = None
    invite: schemas.Invite | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.keys is None) == (self.filter is None) or (self.switch is None) == (self.invite is None):
            raise ValueError(_("Name either keys or a filter, and one change."))
        return self


class Outcome(schemas.Answer):
    """What came of it at one level."""

    level: schemas.LevelName
    done: bool = Field(
        description="Whether it was done, or would have been possible if nothing was done at all."
    )
    reason: str


class Outcomes(schemas.Answer):
    """All or nothing: if it was not possible at one level, nothing was done, and that one says why."""

    done: bool
    items: list[Outcome]


@routes.post("/levels/{key}/bulk", at_node(LOOK, Kind.OPERATOR, Kind.RESELLER, Kind.CUSTOMER), status=200)
def change_many(by: Acting, level: Node, body: Bulk) -> Outcomes:
    """Do the same at up to 500 levels below a level; all or nothing."""
    every = body.filter.chosen if body.filter is not None else None
    nodes = bulk.nodes_meant(by, level, body.keys or (), every=every, customers=body.listing == "customers")
    try:
        if body.switch is not None:
            found = bulk.switch_service(by, nodes, body.switch.service, on=body.switch.on)
        else:
            assert body.invite is not None
            found = bulk.invite_on_all(by, nodes, [body.invite.email], terms_of(body.invite))
    except bulk.Stopped as stopped:
        return _outcomes(stopped.outcomes, done=False)
    return _outcomes(found, done=True)


def _outcomes(found: list[bulk.Outcome], *, done: bool) -> Outcomes:
    items = [
        Outcome(level=schemas.level_name(each.node), done=each.is_done, reason=str(each.reason))
        for each in found
    ]
    return Outcomes(done=done, items=items)
