"""Which mails a person gets: kinds that rooms register, and what each person chose.

    ENDING = register(Notice("access-ending", _("My access ends soon"), _("A day before it ends.")))
    tell(person, ENDING, subject, lines)

Whoever sends a mail that is not an answer to what the reader has just done sends it through `tell`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.people.models import Person


@dataclass(frozen=True, slots=True)
class Notice:
    """A kind of mail. One that is required can not be switched off; one that is `chosen_only` has to be switched on.

    Of each person it is kept which kinds they switched to what they are not by themselves.
    """

    key: str
    title: str | Promise
    summary: str | Promise
    required: bool = False
    chosen_only: bool = False


_kinds: Final[dict[str, Notice]] = {}


def register(notice: Notice) -> Notice:
    """Make a kind of mail known; at the start."""
    _kinds[notice.key] = notice
    return notice


def kinds() -> list[Notice]:
    """All kinds: those that can be chosen first, in the order in which they were registered."""
    return sorted(_kinds.values(), key=lambda notice: notice.required)


ACCESS_GRANTED = register(
    Notice(
        "access-granted",
        _("I was invited or got access"),
        _("The invitation itself always comes; this is about access that begins without your answer."),
    )
)
ACCESS_CHANGED = register(
    Notice(
        "access-changed",
        _("My access was changed, paused or revoked"),
        _("For example by the owner of a site, before the time was over."),
    )
)
ACCESS_ENDING = register(
    Notice("access-ending", _("My access ends soon"), _("In time to ask for an extension."))
)
INVITATION_ANSWERED = register(
    Notice(
        "invitation-answered",
        _("Somebody answered my invitation"),
        _("Whoever you invited has accepted or declined."),
    )
)
LEVELS = register(
    Notice(
        "levels",
        _("Something happens to my levels"),
        _("A level that I own is offered, moved, archived or deleted."),
    )
)
NEW_DEVICE = register(
    Notice(
        "new-device",
        _("Login from a new device"),
        _("Somebody logged in to your account in a browser that was not used before."),
    )
)
SECURITY = register(
    Notice(
        "security",
        _("Security of my account"),
        _("Password, e-mail address, two-factor login, end of the account. These mails always come."),
        required=True,
    )
)


def wants(person: Person, notice: Notice) -> bool:
    """Whether this person gets that kind of mail."""
    if person.is_sample or person.closed_at is not None:
        return False
    switched = notice.key in person.notices_off
    return notice.required or switched == notice.chosen_only


def choose(person: Person, wanted: Collection[str]) -> None:
    """Keep which kinds a person wants; required ones come in any case, unknown ones are forgotten."""
    off = [
        notice.key
        for notice in kinds()
        if not notice.required and (notice.key in wanted) == notice.chosen_only
    ]
    Person.objects.filter(pk=person.pk).update(notices_off=off)
    person.notices_off = off


def tell(
    person: Person, notice: Notice, subject: Callable[[], str], lines: Callable[[], Sequence[str]]
) -> bool:
    """Send a mail of that kind in the person's language, if they want it; whether it was sent.

    Subject and lines are made once the language is set; the greeting and the foot come by themselves.
    """
    if not wants(person, notice):
        return False
    with translation.override(person.language):
        greeting = (
            gettext("Good day %(name)s") % {"name": person.name} if person.name else gettext("Good day")
        )
        foot = (
            []
            if notice.required
            else [
                "",
                gettext("You choose which mails you get: %(link)s")
                % {"link": f"{settings.PORTAL_URL}/account/notifications/"},
            ]
        )
        text = "\n".join([greeting, "", *lines(), *foot, ""])
        send_mail(subject(), text, None, [person.email])
    return True
