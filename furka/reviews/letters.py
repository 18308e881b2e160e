"""The mails about reviews, each in the language of who gets it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from furka.people.models import Person
from furka.reviews.models import Review


def send_begun(review: Review, owner: Person) -> None:
    """A review that a level has planned begins."""
    with translation.override(owner.language):
        _send(
            review,
            owner,
            _("Review of “%(name)s”: who still needs access?") % {"name": review.node.name},
            _("It is time to review who has access to “%(name)s” and the levels below.")
            % {"name": review.node.name},
        )


def send_overdue(review: Review, owner: Person) -> None:
    """A review should have been signed off by now."""
    with translation.override(owner.language):
        _send(
            review,
            owner,
            _("Review of “%(name)s” is overdue") % {"name": review.node.name},
            _("The review of “%(name)s” is not signed off yet.") % {"name": review.node.name},
        )


def _send(review: Review, owner: Person, subject: str, first: str) -> None:
    due = timezone.localtime(review.due_at, ZoneInfo(review.node.time_zone))
    lines = [
        _("Good day"),
        "",
        first,
        _("It should be signed off by %(day)s.") % {"day": date_format(due, "DATE_FORMAT")},
        "",
        _("Answer here, access by access:"),
        f"{settings.PORTAL_URL}/levels/{review.node.key}/reviews/{review.key}/",
    ]
    send_mail(subject, "\n".join(lines) + "\n", None, [owner.email])
