"""What this room keeps about people: what reviews asked about their access, and which reviews they began or signed.

A review that is signed off stays word for word, as the journal does: its checksum stands there.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from furka.personal import PersonalData, Row, register
from furka.reviews.models import Review, ReviewItem
from furka.tree.personal_data import series_of_person

_REASON = "everybody may have what is kept about themselves"


def _about(person_id: int) -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(grant_key__in=series_of_person(person_id)).order_by("pk")


def _asked(person_id: int) -> Iterator[Row]:
    for item in _about(person_id).select_related("review", "review__node"):
        yield {
            "review": item.review.key,
            "level": item.content["level"]["name"],
            "access": item.grant_key,
            "begun_at": item.review.begun_at,
            "signed_at": item.review.signed_at,
            "answer": item.answer,
            "until": item.until,
            "remark": item.remark,
            "answered_at": item.answered_at,
        }


def _led(person_id: int) -> Iterator[Row]:
    rows = Review.objects.everything(_REASON).filter(Q(begun_by_id=person_id) | Q(signed_by_id=person_id))
    for row in rows.select_related("node").order_by("pk"):
        yield {
            "key": row.key,
            "level": row.node.name,
            "begun_at": row.begun_at,
            "begun_by_you": row.begun_by_id == person_id,
            "signed_at": row.signed_at,
            "signed_by_you": row.signed_by_id == person_id,
        }


def _forget(person_id: int) -> None:
    """As long as nobody has signed, a review need not know whose access it was; the access has ended anyway."""
    for item in _about(person_id).filter(review__signed_at=None):
        item.content = {**item.content, "person": {"name": "", "email": ""}}
        item.save(update_fields=["content"])


def register_all() -> None:
    """At the start."""
    register(PersonalData("reviews", _("Reviews of your access"), _asked, _forget))
    register(PersonalData("reviews_led", _("Reviews that you began or signed off"), _led))
