"""Where levels belong: moving, offering, asking, answering; the archive, the bin, and what hangs on a level."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import Field, StringConstraints

from furka.access.rights import LOOK, STRUCTURE
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, at_node, own
from furka.errors import Invalid, NotThere
from furka.gate.declare import entered
from furka.tree import belongings, lifecycle, moving, offering, offers
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.moving import Keep
from furka.tree.offering import Address
from furka.tree.offers import OfferView
from furka.tree.reasons import sentence

routes = Routes("places")

BELOW_OPERATOR = (Kind.RESELLER, Kind.CUSTOMER, Kind.SITE)
ABOVE_SITES = (Kind.OPERATOR, Kind.RESELLER, Kind.CUSTOMER)
#: More than that is in nobody's bin.
MOST = 1000


class Hanging(schemas.Answer):
    """How many things of a sort hang on a level."""

    what: str = Field(description="Such as `sites`, `gateways`, `people`.")
    number: int


class MoveEffects(schemas.Answer):
    """What a move changes for whom: persons, and at the end accesses."""

    lose: int = Field(description="Persons who lose access from the levels above.")
    gain: int = Field(description="Persons who gain it; 0 if you do not administer the new place.")
    staff: int = Field(description="Staff let in at the level itself and below.")
    supporters: int
    invitations: int
    resting: int = Field(description="Accesses that rest on one above the old place; they end in any case.")


class Move(schemas.Input):
    """A new place within what one administers, and whose access goes on."""

    target: schemas.PublicName
    keep_staff: bool = Field(True, description="A customer's own staff stay in any case.")
    keep_supporters: bool = False


class NewOffer(schemas.Input):
    """To whom something is offered."""

    to: Annotated[schemas.Text, StringConstraints(min_length=1, max_length=254)] = Field(
        description="The key of the other level, or the e-mail address of its owner."
    )
    message: Annotated[schemas.Text, StringConstraints(max_length=500)] = ""
    days: Annotated[int, Field(ge=1, le=90)] = 14


class NewQuestion(NewOffer):
    """Whom one asks, and whose access goes on; a customer that joins keeps everybody."""

    keep_staff: bool = True
    keep_supporters: bool = False


class Acceptance(schemas.Input):
    """The answer to an offer. `level` if the other side named an address, not a level: the one that is meant."""

    level: schemas.PublicName | None = None
    keep_staff: bool = True
    keep_supporters: bool = False


class Offer(schemas.Answer):
    """A level that is to move between two owners."""

    key: str
    side: Literal["give", "ask"] = Field(description="Whoever has the level began, or whoever wants it.")
    state: Literal["open", "expired", "accepted", "declined", "withdrawn"]
    level: schemas.LevelName | None = Field(description="What moves; null while it is not known.")
    target: schemas.LevelName | None = Field(description="Where to; null while it is not known.")
    to: str
    message: str
    begun_by: str
    begun_at: datetime
    expires_at: datetime
    mine: bool = Field(description="You may withdraw it.")
    to_answer: bool = Field(description="You may accept or decline it.")


class OfferInFull(Offer):
    """The same, with what comes with it; null while it is not known or not for you."""

    hanging: list[Hanging] | None
    effects: MoveEffects | None


class TypedName(schemas.Input):
    """The name of the level that is deleted, typed out."""

    name: schemas.Name


class Deleted(schemas.Answer):
    """A level that was deleted, and until when it can be restored."""

    level: schemas.LevelName
    deleted_at: datetime
    restorable_until: datetime


@routes.get("/levels/{key}/hanging", at_node(STRUCTURE))
def what_hangs(by: Acting, level: Node, page: Query[Paging]) -> Page[Hanging]:
    """What hangs on a level and would go with it."""
    found, following = items_of(_hanging(by, level), page, lambda each: (each.what,))
    return Page[Hanging](items=found, next=following)


class NewPlace(Paging):
    """To which level."""

    target: str = Field("", max_length=12, description="The key of the level it would move to.")


@routes.get("/levels/{key}/move", at_node(STRUCTURE, Kind.CUSTOMER, Kind.SITE))
def what_a_move_changes(by: Acting, level: Node, page: Query[NewPlace]) -> MoveEffects:
    """What a move would change for whom, before it is made."""
    target = _named(by, page.target, "target") if page.target else None
    return _effects(moving.effects(by, level, target))


@routes.post("/levels/{key}/move", at_node(STRUCTURE, Kind.CUSTOMER, Kind.SITE), status=200)
def move_level(by: Acting, level: Node, body: Move) -> schemas.LevelName:
    """Move a level at once, within what you administer at both ends."""
    keep = Keep(body.keep_staff, body.keep_supporters)
    return schemas.level_name(moving.move(by, level, _named(by, body.target, "target"), keep))


@routes.post("/levels/{key}/offers", at_node(STRUCTURE, Kind.CUSTOMER, Kind.SITE))
def offer_level(by: Acting, level: Node, body: NewOffer) -> OfferInFull:
    """Offer a level to somebody else, or a customer that stands alone to a reseller."""
    made = offering.offer(by, level, Address(body.to, body.message, timedelta(days=body.days)))
    return _offer_in_full(by, made.key)


@routes.post("/levels/{key}/questions", at_node(STRUCTURE, Kind.RESELLER, Kind.CUSTOMER))
def ask_for_level(by: Acting, level: Node, body: NewQuestion) -> OfferInFull:
    """Ask somebody else for a site, or a customer that registered itself to join."""
    address = Address(body.to, body.message, timedelta(days=body.days))
    made = offering.ask(by, level, address, Keep(body.keep_staff, body.keep_supporters))
    return _offer_in_full(by, made.key)


@routes.get("/levels/{key}/offers", at_node(STRUCTURE))
def list_offers(by: Acting, level: Node, page: Query[Paging]) -> Page[Offer]:
    """Open offers that concern a level or one below it, at either end."""
    return _offers(offers.offers_around(by, level, MOST), page)


@routes.get("/offers", own("what was offered to me"))
def list_own_offers(by: Acting, page: Query[Paging]) -> Page[Offer]:
    """Open offers that were sent to my e-mail address."""
    return _offers(offers.offers_for(by) if by.limit is None else [], page)


@routes.get("/offers/{offer}", own("whoever administers either end, or was written to; the read decides"))
def read_offer(by: Acting, offer: Key) -> OfferInFull:
    """An offer, answered or not, and what comes with it."""
    return _offer_in_full(by, offer)


@routes.post("/offers/{offer}/accept", own("whoever was asked; the operation decides"), status=200)
def accept_offer(by: Acting, offer: Key, body: Acceptance) -> schemas.LevelName:
    """Accept an offer: the level moves at once."""
    level = _named(by, body.level, "level") if body.level else None
    return schemas.level_name(offering.accept(by, offer, level, Keep(body.keep_staff, body.keep_supporters)))


@routes.post("/offers/{offer}/decline", own("whoever was asked; the operation decides"), status=204)
def decline_offer(by: Acting, offer: Key) -> None:
    """Turn an offer down."""
    offering.decline(by, offer)


@routes.post("/offers/{made}/withdraw", own("whoever began; the operation decides"), status=204)
def withdraw_offer(by: Acting, made: Key) -> None:
    """Take an offer back that one has made."""
    offering.withdraw(by, made)


@routes.post("/levels/{key}/leave", at_node(STRUCTURE, Kind.CUSTOMER), status=204)
def leave_reseller(by: Acting, level: Node) -> None:
    """A customer that registered itself stands on its own again; either side may say so."""
    moving.leave_reseller(by, level)


@routes.post("/levels/{key}/archive", at_node(STRUCTURE, *BELOW_OPERATOR), status=204)
def archive_level(by: Acting, level: Node) -> None:
    """Put a level and all below it aside; once more is no fault."""
    lifecycle.archive(by, level)


@routes.delete("/levels/{key}/archive", at_node(STRUCTURE, *BELOW_OPERATOR))
def reopen_level(by: Acting, level: Node) -> None:
    """Take a level back from the archive; once more is no fault."""
    lifecycle.reopen(by, level)


@routes.post("/levels/{key}/delete", at_node(STRUCTURE, *BELOW_OPERATOR), status=204)
def delete_level(by: Acting, level: Node, body: TypedName) -> None:
    """Delete a level and all below it. For 30 days it can be restored."""
    lifecycle.delete(by, level, body.name)


@routes.get("/levels/{key}/bin", at_node(STRUCTURE, *ABOVE_SITES))
def list_deleted_below(by: Acting, level: Node, page: Query[Paging]) -> Page[Deleted]:
    """What was deleted below a level and can be restored."""
    return _bin(lifecycle.in_bin(lifecycle.deleted_below(by, level), MOST), page)


@routes.get("/bin", own("what I may restore"))
def list_deleted(by: Acting, page: Query[Paging]) -> Page[Deleted]:
    """Every level that was deleted and that I may restore."""
    return _bin(lifecycle.in_bin(lifecycle.deleted_levels(by), MOST), page)


@routes.post("/bin/{deleted}/restore", own("whoever may change the tree where it was"), status=200)
def restore_level(by: Acting, deleted: Key) -> schemas.LevelName:
    """Bring a deleted level back as it was."""
    return schemas.level_name(lifecycle.restore(by, deleted))


def _named(by: Acting, key: str, field: str) -> Node:
    try:
        return entered(by, key, LOOK)
    except NotThere:
        text = _("There is no such level, or you may not see it.")
        raise Invalid.at(field, "level-unknown", text) from None


def _hanging(by: Acting, level: Node) -> list[Hanging]:
    return [Hanging(what=each.key, number=each.number) for each in belongings.hanging(level, by.at)]


def _effects(effects: moving.Effects) -> MoveEffects:
    return MoveEffects(
        lose=effects.lose,
        gain=effects.gain,
        staff=effects.staff,
        supporters=effects.supporters,
        invitations=effects.invitations,
        resting=effects.resting,
    )


def _offers(views: list[OfferView], page: Paging) -> Page[Offer]:
    found, following = items_of(views, page, lambda view: (view.expires_at.isoformat(), view.key))
    return Page[Offer](items=[_offer(view) for view in found], next=following)


def _offer(view: OfferView) -> Offer:
    return Offer.model_validate(
        {
            "key": view.key,
            "side": view.side,
            "state": view.state,
            "level": schemas.level_name(view.node) if view.node else None,
            "target": schemas.level_name(view.target) if view.target else None,
            "to": view.to,
            "message": view.message,
            "begun_by": view.begun_by,
            "begun_at": view.begun_at,
            "expires_at": view.expires_at,
            "mine": view.mine,
            "to_answer": view.to_answer,
        }
    )


def _offer_in_full(by: Acting, key: str) -> OfferInFull:
    view = offers.offer_of_key(by, key)
    if view is None:
        raise NotThere("not-there", sentence("not-visible"))
    coming = offers.coming_with(by, view)
    return OfferInFull(
        **dict(_offer(view)),
        hanging=[Hanging(what=each.key, number=each.number) for each in coming.hanging] if coming else None,
        effects=_effects(coming.effects) if coming else None,
    )


def _bin(found: list[lifecycle.InBin], page: Paging) -> Page[Deleted]:
    rows, following = items_of(found, page, lambda each: (each.deleted_at.isoformat(), each.node.key))
    items = [
        Deleted(level=schemas.level_name(each.node), deleted_at=each.deleted_at, restorable_until=each.until)
        for each in rows
    ]
    return Page[Deleted](items=items, next=following)
