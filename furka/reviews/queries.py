"""Named reads of reviews, for whoever administers people at their level."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from furka.access.rights import PEOPLE
from furka.reviews.models import Answer, Review, ReviewItem, ReviewPlan
from furka.tree.accesses import still_running
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node


@dataclass(frozen=True, slots=True)
class ItemView:
    """One access that a review asks about. `gone`: it ended without an answer, so none is needed."""

    row: ReviewItem
    gone: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to answer."""
        return not self.row.answer and not self.gone


def plan_of(by: Acting, node: Node) -> ReviewPlan | None:
    """How often a level is reviewed; none: only when somebody begins one."""
    return ReviewPlan.objects.visible_to(by, PEOPLE).filter(node=node).first()


def reviews_of(by: Acting, node: Node) -> list[Review]:
    """The reviews of exactly this level, the latest first."""
    rows = Review.objects.visible_to(by, PEOPLE).filter(node=node)
    return list(rows.select_related("node", "begun_by"))


def review_of_key(by: Acting, node: Node, key: str) -> Review | None:
    """One of them."""
    rows = Review.objects.visible_to(by, PEOPLE).filter(node=node, key=key)
    return rows.select_related("node", "begun_by").first()


def items_of(review: Review, at: datetime) -> list[ItemView]:
    """What a review asks about, in its order; whoever asks must have got the review from a read here.

    What was still open when it was signed off had ended by then.
    """
    rows = list(review.items.order_by("number"))
    if review.signed_at is not None:
        return [ItemView(row, not row.answer) for row in rows]
    running = still_running([row.grant_key for row in rows if not row.answer], at)
    return [ItemView(row, not row.answer and row.grant_key not in running) for row in rows]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A review that waits for answers or for its signature."""

    review: Review
    open: int  # accesses without an answer
    is_overdue: bool


def reviews_waiting(by: Acting, node: Node) -> list[Waiting]:
    """Reviews at a level and below that are not signed off, the most urgent first: what needs somebody now."""
    rows = Review.objects.visible_to(by, PEOPLE).filter(_below(node), signed_at=None)
    counted = rows.annotate(unanswered=Count("items", filter=Q(items__answer="")))
    found = counted.select_related("node").order_by("due_at", "id")
    return [Waiting(row, row.unanswered, row.due_at <= by.at) for row in found]


def content_of(review: Review, items: Sequence[ItemView]) -> dict[str, Any]:
    """A review as it is hashed when it is signed off: plain values, the same in every language."""
    assert review.signed_at is not None
    return {
        "review": review.key,
        "level": {"key": review.node.key, "kind": review.node.kind, "name": review.node.name},
        "begun_at": review.begun_at.isoformat(),
        "signed_at": review.signed_at.isoformat(),
        "signed_by": review.signed_name,
        "accesses": [
            {
                **item.row.content,
                "grant": item.row.grant_key,
                "answer": item.row.answer or "gone",
                "new_until": item.row.until.isoformat() if item.row.until else None,
                "remark": item.row.remark,
                "answered_by": item.row.answered_name,
                "answered_at": item.row.answered_at.isoformat() if item.row.answered_at else None,
            }
            for item in items
        ],
    }


def hash_of(content: dict[str, Any]) -> str:
    """SHA-256 over the content as JSON: keys sorted, no blanks, UTF-8."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def counts_of(items: Sequence[ItemView]) -> dict[str, int]:
    """How many accesses were kept, shortened, ended, and how many ended without an answer."""
    answers = [item.row.answer for item in items]
    counted = {str(answer): answers.count(answer) for answer in Answer}
    return {**counted, "gone": sum(item.gone for item in items)}


def _below(node: Node) -> Q:
    if node.kind == Kind.OPERATOR:
        return Q()
    return Q(node_id=node.pk) | Q(node__reseller_id=node.pk) | Q(node__customer_id=node.pk)
