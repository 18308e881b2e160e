"""The end of an account: everything it opens ends at once, it can be taken back for two weeks, then it is forgotten.

The journal keeps who did what, by the name of that time; nothing else says who it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka import personal
from furka.account.tokens import end_tokens
from furka.errors import Conflict, Refused
from furka.people.models import ApiToken, EmailChange, Person
from furka.people.notices import SECURITY, tell
from furka.tree import granting, holdings, leaving, queries
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.operation import ProfileTouched, Work, own_operation
from furka.tree.queries import operator
from furka.tree.samples import refuse_in_sample
from furka.tree.within import refuse_beyond
from furka.tunnel.models import Profile

#: So long the person can log in and take it back.
UNDO = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Consequences:
    """What the end of an account means, in numbers."""

    owned_alone: tuple[Node, ...]  # must be handed over or deleted first
    accesses: int
    others: int  # people who lose access because this person let them in
    invitations: int
    devices: int
    tokens: int
    sessions: int


def consequences(by: Acting) -> Consequences:
    """What would happen if the one who acts closed their account now."""
    mine = {"person_id": by.person_id, "revoked_at": None}
    return Consequences(
        tuple(leaving.owned_alone(by)),
        len(queries.grants_of(by)),
        leaving.falling_with_person(by),
        len(queries.invitations_for(by)),
        Profile.objects.filter(**mine).count(),
        ApiToken.objects.filter(**mine, expires_at__gt=by.at).count(),
        UserSession.objects.filter(user_id=by.person_id).count(),
    )


@own_operation("everybody may close their own account; the page asks for a proof that it is they")
def close_account(work: Work) -> datetime:
    """End all that the account opens, at once; returns until when it can be taken back. Once more is no fault."""
    refuse_in_sample(work)
    refuse_beyond(work)
    return _close(work, Person.objects.select_for_update().get(pk=work.acting_person_id))


@own_operation("only who runs the installation can call this, on its machine")
def close_account_of(work: Work, person: Person) -> datetime:
    """The same for somebody else."""
    return _close(work, Person.objects.select_for_update().get(pk=person.pk))


def _close(work: Work, person: Person) -> datetime:
    if person.closed_at is not None:
        raise Conflict("account-gone", _("This account no longer exists."))
    if person.closing_since is not None:
        return person.closing_since + UNDO
    themselves = holdings.of_person(person, work.at, work.by.via)
    alone = leaving.owned_alone(themselves)
    if alone:
        names = ", ".join(node.name for node in alone)
        text = _("Hand these levels over or delete them first, since nobody else owns them: %(names)s")
        raise Conflict("last-owner", text % {"names": names})
    _end_access(themselves)
    _end_devices(work, person)
    EmailChange.objects.filter(person=person).delete()
    person.closing_since = work.at
    person.save(update_fields=["closing_since"])
    for session in UserSession.objects.filter(user_id=person.pk):
        session.end()
    work.record(operator(), "account.closed", after={"account": person.key})
    work.tell_person(person.pk, "account")
    _tell_closed(person, work.at + UNDO)
    return work.at + UNDO


def _end_access(themselves: Acting) -> None:
    for _view, secret in queries.invitations_for(themselves):
        granting.decline(themselves, secret)
    for view in queries.grants_of(themselves):
        # What fell with an access that was left a moment ago is gone already.
        if any(left.key == view.key for left in queries.grants_of(themselves)):
            granting.leave(themselves, view.key)
    end_tokens(themselves)


def _end_devices(work: Work, person: Person) -> None:
    rows = Profile.objects.select_for_update().filter(person=person, revoked_at=None).order_by("pk")
    for profile in rows:
        profile.revoked_at, profile.online = work.at, False
        profile.save(update_fields=["revoked_at", "online"])
        work.touch(ProfileTouched(profile.pk))
        work.record(operator(), "profile.revoked", before={"profile": profile.key, "name": profile.name})


def _tell_closed(person: Person, until: datetime) -> None:
    def lines() -> list[str]:
        day = date_format(localtime(until), "DATE_FORMAT")
        return [
            gettext("Your account is closed. All access, devices and tokens have ended."),
            gettext("Until %(day)s you can log in and take this back; then it is deleted for good.")
            % {"day": day},
            f"{settings.PORTAL_URL}/account/login/",
        ]

    tell(person, SECURITY, lambda: gettext("Your account is closed"), lines)


@own_operation("everybody may take back the end of their own account, in time")
def reopen(work: Work, person: Person) -> None:
    """The account is there again. What it opened has ended; who let the person in can do so again."""
    row = Person.objects.select_for_update().get(pk=person.pk)
    if work.by.person_id not in (None, row.pk):
        raise Refused("someone-else", _("This is not your account."))
    if row.closed_at is not None or row.closing_since is None or row.closing_since + UNDO <= work.at:
        raise Conflict("too-late", _("This can no longer be taken back."))
    row.closing_since = None
    row.save(update_fields=["closing_since"])
    work.record(operator(), "account.reopened", after={"account": row.key})

    def lines() -> list[str]:
        return [
            gettext("Your account is open again. Access that had ended does not come back by itself."),
            f"{settings.PORTAL_URL}/account/login/",
        ]

    tell(row, SECURITY, lambda: gettext("Your account is open again"), lines)


def forget_closed(by: Acting) -> int:
    """Forget the accounts that can no longer be taken back; how many."""
    due = Person.objects.filter(closing_since__lte=by.at - UNDO, closed_at=None)
    return sum(_forget(by, pk) for pk in due.order_by("pk").values_list("pk", flat=True)[:50])


@own_operation("the person wanted it, and the time to take it back is over")
def _forget(work: Work, person_id: int) -> bool:
    rows = Person.objects.select_for_update().filter(pk=person_id, closed_at=None)
    if not rows.filter(closing_since__lte=work.at - UNDO).exists():
        return False  # another worker was quicker, or it was taken back
    key = rows.get().key
    for kind in personal.kinds():
        kind.forget(person_id)
    Person.objects.filter(pk=person_id).update(closed_at=work.at)
    work.record(operator(), "account.forgotten", after={"account": key})
    return True
