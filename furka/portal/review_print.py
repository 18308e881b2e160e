"""A review that is signed off, on paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from furka.portal import role_words, words
from furka.portal.access_print import FONTS, paper_words
from furka.reports.paper import Column, Paper
from furka.reviews.models import Answer, Review
from furka.reviews.queries import ItemView, counts_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node


def printed(by: Acting, node: Node, review: Review, items: Sequence[ItemView]) -> bytes:
    """The review as a PDF; what was answered, by whom, and the checksum that the journal keeps."""
    assert review.signed_at is not None
    zone = node.time_zone
    title = _("Review of access: %(name)s") % {"name": node.name}
    foot = _("Furka · %(name)s · checksum %(hash)s") % {"name": node.name, "hash": review.hash[:16]}
    paper = Paper(FONTS, paper_words(), title, foot=foot, at=review.signed_at, wide=True)
    counts = counts_of(items)
    paper.facts(
        [
            (str(Kind(node.kind).label), node.name),
            (_("Begun"), words.moment(review.begun_at, zone, named=True)),
            (_("Signed off"), words.moment(review.signed_at, zone, named=True)),
            (_("Signed off by"), review.signed_name),
            (_("Kept"), words.number(counts[Answer.KEEP])),
            (_("Shortened"), words.number(counts[Answer.SHORTEN])),
            (_("Ended"), words.number(counts[Answer.END])),
            (_("Ended meanwhile"), words.number(counts["gone"])),
            (_("Printed by"), by.name),
            (_("Printed on"), words.moment(by.at, zone, named=True)),
            (_("Checksum"), review.hash),
        ]
    )
    columns = [
        Column(_("Person"), 20),
        Column(_("Level"), 16),
        Column(_("Could do"), 26),
        Column(_("Until"), 12),
        Column(_("Answer"), 14),
        Column(_("By"), 14),
        Column(_("Remark"), 18),
    ]
    paper.table(columns, [_row(item, zone) for item in items])
    return paper.finished()


def whose(content: dict[str, Any]) -> tuple[str, str]:
    """Name and address as they were when the review began; what was forgotten since is said so."""
    name, email = content["person"]["name"], content["person"]["email"]
    return name if name or email else _("Closed account"), email


def _row(item: ItemView, zone: str) -> list[str]:
    content: dict[str, Any] = item.row.content
    role = role_words.title(content["role"], content["rights"])
    rights = ", ".join(role_words.rights_in_words(content["rights"]))
    until = content["valid_until"]
    return [
        "\n".join(whose(content)),
        f"{Kind(content['level']['kind']).label} {content['level']['name']}",
        role if role == rights else f"{role}: {rights}",
        words.moment(datetime.fromisoformat(until), zone) if until else _("until revoked"),
        _answer(item, zone),
        item.row.answered_name,
        item.row.remark,
    ]


def _answer(item: ItemView, zone: str) -> str:
    match item.row.answer:
        case Answer.KEEP:
            return _("kept")
        case Answer.SHORTEN:
            assert item.row.until is not None
            return _("shortened to %(moment)s") % {"moment": words.moment(item.row.until, zone)}
        case Answer.END:
            return _("ended")
        case _:
            return _("ended meanwhile")
