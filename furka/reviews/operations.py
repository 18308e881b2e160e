"""Reviews begin, are answered access by access, and are signed off by an owner."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from furka.access.rights import PEOPLE
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.reviews import letters
from furka.reviews.models import Answer, Review, ReviewItem, ReviewPlan
from furka.reviews.queries import content_of, counts_of, hash_of, items_of
from furka.tree import changing, granting, queries
from furka.tree.accesses import owners_to_tell, standing_grants, still_running
from furka.tree.acting import Acting
from furka.tree.grant_rows import holds_without_end
from furka.tree.models import Node
from furka.tree.operation import Work, operation, own_operation
from furka.tree.queries import GrantView
from furka.tree.reasons import sentence
from furka.tree.texts import one_line

#: How often a level can be reviewed, in months.
INTERVALS = (3, 6, 12)

#: Within that time a review should be signed off.
DUE_WITHIN = timedelta(days=30)

#: So many accesses one review asks about at most; a level with more reviews the levels below it.
MOST_ITEMS = 2000

#: So many plans and reviews the worker looks after at once.
BATCH = 50

_EVERYBODY = "reviews begin and are reminded of, whoever administers people there"


@operation(PEOPLE)
def set_interval(work: Work, node: Node, months: int | None) -> None:
    """Review a level every so many months from now on, or only when somebody begins one."""
    if months is not None and months not in INTERVALS:
        raise Invalid.at("months", "interval-wrong", _("Choose 3, 6 or 12 months, or none."))
    plan = _plans().filter(node=node).first()
    before = plan.months if plan else None
    if before == months:
        return
    if plan is not None:
        _plans().filter(pk=plan.pk).delete()
    if months is not None:
        ReviewPlan.objects.create(node=node, months=months, next_at=_months_later(work.at, months))
    work.record(node, "review.interval", before={"months": before}, after={"months": months})


@operation(PEOPLE)
def begin(work: Work, node: Node) -> Review:
    """Begin a review of a level and everything below it by hand."""
    return _begin(work, node)


@operation(PEOPLE)
def answer(
    work: Work, review: Review, grant_key: str, chosen: str, until: datetime | None = None, remark: str = ""
) -> None:
    """Say whether an access is still needed. What is ended or shortened is so at once."""
    item = _open_item(review, grant_key)
    if chosen not in Answer.values:
        raise Invalid.at("answer", "answer-unknown", _("Choose whether to keep, to shorten or to end it."))
    if item.answer == Answer.END:
        raise Conflict("ended", _("This access has ended. You can invite the person again."))
    level = Node.objects.visible_to(work.by, PEOPLE).filter(pk=item.level_id).first()
    row = queries.grant_of_key(work.by, level, grant_key) if level is not None else None
    if level is None or row is None or not still_running([grant_key], work.at):
        raise Conflict("ended", _("This access has ended meanwhile. It needs no answer any more."))
    if chosen == Answer.END:
        granting.revoke(work.by, row)
    elif chosen == Answer.SHORTEN:
        if until is None:
            raise Invalid.at("until", "until-missing", _("Please enter the moment of the end."))
        if row.valid_until is not None and until >= row.valid_until:
            raise Invalid.at("until", "not-shorter", _("The new end must lie before the present one."))
        changing.change(work.by, row, replace(changing.terms_of(row), valid_until=until))
    item.answer, item.remark = chosen, one_line(remark)[:500]
    item.until = until if chosen == Answer.SHORTEN else None
    item.answered_at, item.answered_name = work.at, work.by.name[:160]
    item.save()
    told = {
        "grant": grant_key,
        "person": item.content["person"]["email"],
        "answer": chosen,
        "until": item.until.isoformat() if item.until else None,
        "remark": item.remark,
    }
    work.record(level, "review.answered", after=told)


@operation(PEOPLE)
def sign(work: Work, review: Review) -> Review:
    """Sign a review off, for an owner; from then on nothing of it changes."""
    open_review = _locked(review)
    if not holds_without_end(work, open_review.node):
        raise Refused("owner", _("Only an owner may sign a review off."))
    items = items_of(open_review, work.at)
    missing = sum(item.is_open for item in items)
    if missing:
        raise Conflict("unanswered", _("Some accesses have no answer yet."))
    open_review.signed_at, open_review.signed_by_id = work.at, work.acting_person_id
    open_review.signed_name = work.by.name[:160]
    open_review.hash = hash_of(content_of(open_review, items))
    open_review.save()
    plan = _plans().filter(node=open_review.node).first()
    if plan is not None:
        _plans().filter(pk=plan.pk).update(next_at=_months_later(work.at, plan.months))
    told = {"review": open_review.key, "number": len(items), **counts_of(items), "hash": open_review.hash}
    work.record(open_review.node, "review.signed", after=told)
    return open_review


def look_after(by: Acting) -> int:
    """Begin the reviews whose time has come, and tell of those that are overdue; each once, for the worker."""
    due = _plans().filter(next_at__lte=by.at, node__deleted_at=None).order_by("next_at")
    late = _rows().filter(signed_at=None, due_at__lte=by.at, told_overdue_at=None, node__deleted_at=None)
    begun = sum(_begin_by_plan(by, pk) for pk in list(due.values_list("pk", flat=True)[:BATCH]))
    return begun + sum(_tell_overdue(by, pk) for pk in list(late.values_list("pk", flat=True)[:BATCH]))


@own_operation("the owners chose how often; time has passed")
def _begin_by_plan(work: Work, plan_id: int) -> bool:
    rows = _plans().select_for_update(of=("self",)).select_related("node")
    plan = rows.filter(pk=plan_id, next_at__lte=work.at).first()
    if plan is None:
        return False  # another worker was quicker
    _plans().filter(pk=plan.pk).update(next_at=_months_later(work.at, plan.months))
    if _rows().filter(node=plan.node, signed_at=None).exists():
        return True  # the one before is still open: it is overdue, which is told anyway
    review = _begin(work, plan.node)
    for owner in owners_to_tell(plan.node, work.at):
        letters.send_begun(review, owner)
    return True


@own_operation("whoever has to act is told, whatever they may do")
def _tell_overdue(work: Work, review_id: int) -> bool:
    rows = _rows().select_for_update(of=("self",)).select_related("node")
    review = rows.filter(pk=review_id, signed_at=None, told_overdue_at=None).first()
    if review is None:
        return False
    review.told_overdue_at = work.at
    review.save(update_fields=["told_overdue_at"])
    for owner in owners_to_tell(review.node, work.at):
        letters.send_overdue(review, owner)
    return True


def _begin(work: Work, node: Node) -> Review:
    if _rows().filter(node=node, signed_at=None).exists():
        raise Conflict("review-open", _("A review of this level is under way already."))
    grants = standing_grants(node, work.at)
    if len(grants) > MOST_ITEMS:
        raise Conflict(
            "too-many-accesses",
            _("There are too many accesses for one review. Please review the levels below."),
        )
    review = Review.objects.create(
        node=node, begun_at=work.at, begun_by_id=work.by.person_id, due_at=work.at + DUE_WITHIN
    )
    ReviewItem.objects.bulk_create(_items(review, grants))
    work.record(node, "review.begun", after={"review": review.key, "number": len(grants)})
    return review


def _items(review: Review, grants: Sequence[GrantView]) -> list[ReviewItem]:
    return [
        ReviewItem(
            review=review,
            number=number,
            grant_key=grant.key,
            level_id=grant.node.pk,
            content=_content(grant),
        )
        for number, grant in enumerate(grants, start=1)
    ]


def _content(grant: GrantView) -> dict[str, Any]:
    level = grant.node
    return {
        "person": {"name": grant.name, "email": grant.email},
        "level": {"key": level.key, "kind": level.kind, "name": level.name},
        "relation": grant.relation,
        "role": grant.role,
        "rights": list(grant.rights),
        "valid_from": grant.valid_from.isoformat(),
        "valid_until": grant.valid_until.isoformat() if grant.valid_until else None,
        "windows": list(grant.windows),
        "reason": grant.reason,
        "granted_by": grant.granted_by,
    }


def _open_item(review: Review, grant_key: str) -> ReviewItem:
    found = _locked(review).items.select_for_update().filter(grant_key=grant_key).first()
    if found is None:
        raise NotThere("not-there", sentence("not-visible"))
    return found


def _locked(review: Review) -> Review:
    found = _rows().select_for_update(of=("self",)).select_related("node").get(pk=review.pk)
    if found.signed_at is not None:
        raise Conflict("signed", _("This review is signed off. Nothing of it can be changed any more."))
    return found


def _plans() -> QuerySet[ReviewPlan]:
    return ReviewPlan.objects.everything(_EVERYBODY)


def _rows() -> QuerySet[Review]:
    return Review.objects.everything(_EVERYBODY)


def _months_later(at: datetime, months: int) -> datetime:
    """The same day some months later, or the last one of that month."""
    year, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + year, month + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
