"""Reviews of access: how often, what they ask about, and the answers. To sign off takes a fresh login, so a page."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Query
from pydantic import Field

from furka.access.rights import PEOPLE
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, at_node
from furka.errors import NotThere
from furka.reviews import operations, queries
from furka.reviews.models import Review as ReviewRow
from furka.reviews.queries import ItemView
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.reasons import sentence

routes = Routes("reviews")


class ReviewPlan(schemas.Answer):
    """How often a level is reviewed; null: only by hand."""

    months: Literal[3, 6, 12] | None
    next_at: datetime | None


class NewReviewPlan(schemas.Input):
    """How often to review a level; null: only by hand."""

    months: Literal[3, 6, 12] | None


class Review(schemas.Answer):
    """A review of a level and everything below it."""

    key: str
    begun_at: datetime
    due_at: datetime
    signed_at: datetime | None
    signed_by: str
    hash: str = Field(description="Of the signed review, as the journal keeps it; empty before.")
    open: int = Field(description="Accesses without an answer.")


class ReviewedAccess(schemas.Answer):
    """An access as it was when the review began, and whether it is still needed."""

    grant: str
    access: dict[str, Any]
    answer: Literal["keep", "shorten", "end", "gone"] | None = Field(
        description="Null: not answered yet; `gone`: it ended without an answer."
    )
    until: datetime | None
    remark: str
    answered_at: datetime | None
    answered_by: str


class NewAnswer(schemas.Input):
    """Whether an access is still needed; `until` only to shorten it."""

    answer: Literal["keep", "shorten", "end"]
    until: schemas.Moment | None = None
    remark: schemas.Text = Field("", max_length=500)


@routes.get("/levels/{key}/review-plan", at_node(PEOPLE))
def read_review_plan(by: Acting, level: Node) -> ReviewPlan:
    """How often a level is reviewed."""
    return _plan(by, level)


@routes.patch("/levels/{key}/review-plan", at_node(PEOPLE))
def change_review_plan(by: Acting, level: Node, body: NewReviewPlan) -> ReviewPlan:
    """Review a level every so many months from now on, or only by hand."""
    operations.set_interval(by, level, body.months)
    return _plan(by, level)


@routes.get("/levels/{key}/reviews", at_node(PEOPLE))
def list_reviews(by: Acting, level: Node, page: Query[Paging]) -> Page[Review]:
    """The reviews of a level."""
    found = queries.reviews_of(by, level)
    items, following = items_of(found, page, lambda row: (row.begun_at.isoformat(), row.key))
    waiting = {each.review.pk: each.open for each in queries.reviews_waiting(by, level)}
    return Page[Review](items=[_review(row, waiting.get(row.pk, 0)) for row in items], next=following)


@routes.post("/levels/{key}/reviews", at_node(PEOPLE))
def begin_review(by: Acting, level: Node) -> Review:
    """Begin a review of a level and everything below it."""
    row = operations.begin(by, level)
    return _review(row, sum(item.is_open for item in queries.items_of(row, by.at)))


@routes.get("/levels/{key}/reviews/{review}/accesses", at_node(PEOPLE))
def list_reviewed_accesses(by: Acting, level: Node, review: Key, page: Query[Paging]) -> Page[ReviewedAccess]:
    """What a review asks about, with the answers so far."""
    found = queries.items_of(_known(by, level, review), by.at)
    items, following = items_of(found, page, lambda item: (f"{item.row.number:06}",))
    return Page[ReviewedAccess](items=[_item(item) for item in items], next=following)


@routes.post("/levels/{key}/reviews/{review}/accesses/{grant}", at_node(PEOPLE), status=200)
def answer_review(by: Acting, level: Node, review: Key, grant: Key, body: NewAnswer) -> ReviewedAccess:
    """Say whether an access is still needed; what is ended or shortened is so at once."""
    found = _known(by, level, review)
    operations.answer(by, found, grant, body.answer, body.until, body.remark)
    [item] = [item for item in queries.items_of(found, by.at) if item.row.grant_key == grant]
    return _item(item)


@routes.post("/levels/{key}/reviews/{review}/signature", at_node(PEOPLE, proven=True), status=200)
def sign_review(by: Acting, level: Node, review: Key) -> Review:
    """Sign a review off, as an owner of the level."""
    operations.sign(by, _known(by, level, review))
    return _review(_known(by, level, review), 0)


def _known(by: Acting, level: Node, key: str) -> ReviewRow:
    found = queries.review_of_key(by, level, key)
    if found is None:
        raise NotThere("review-unknown", sentence("not-visible"))
    return found


def _plan(by: Acting, level: Node) -> ReviewPlan:
    row = queries.plan_of(by, level)
    return ReviewPlan(
        months=row.months if row else None,  # type: ignore[arg-type]  # a constraint of the database
        next_at=row.next_at if row else None,
    )


def _review(row: ReviewRow, still_open: int) -> Review:
    return Review(
        key=row.key,
        begun_at=row.begun_at,
        due_at=row.due_at,
        signed_at=row.signed_at,
        signed_by=row.signed_name,
        hash=row.hash,
        open=still_open,
    )


def _item(item: ItemView) -> ReviewedAccess:
    row = item.row
    return ReviewedAccess(
        grant=row.grant_key,
        access=row.content,
        answer="gone" if item.gone else (row.answer or None),  # type: ignore[arg-type]  # a choice of the model
        until=row.until,
        remark=row.remark,
        answered_at=row.answered_at,
        answered_by=row.answered_name,
    )
