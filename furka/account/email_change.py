"""Another e-mail address: confirmed at the new one, and at the old one too, or by waiting where nobody reads it.

Whoever has the address can get a new password, so an address is changed more carefully than a name. The change takes
effect when both addresses have confirmed it; or, for somebody who no longer has the old one, seven days after the new
one confirmed, unless the old one stops it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.errors import Conflict, Invalid, NotThere
from furka.people.models import EmailChange, Person
from furka.people.notices import SECURITY, tell
from furka.tree.acting import Acting
from furka.tree.operation import Work, own_operation
from furka.tree.queries import operator
from furka.tree.samples import refuse_in_sample
from furka.tree.within import refuse_beyond
from furka.vault import fingerprint, fingerprints, new_token

#: How long the links work.
LASTS = timedelta(days=14)
#: How long the old address may stop a change that it has not confirmed.
OLD_MAY_STOP = timedelta(days=7)
#: So soon after a wish another one is refused: each sends mails to two addresses.
PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that is not done yet."""

    new_email: str
    new_confirmed: bool
    old_confirmed: bool
    done_at: datetime | None  # when it takes effect without the old address; None: not yet known
    ends_at: datetime


def waiting_change(by: Acting) -> Waiting | None:
    """The change that the one who acts has asked for and that still waits."""
    if by.person_id is None:
        return None
    row = EmailChange.objects.filter(person_id=by.person_id, begun_at__gt=by.at - LASTS).first()
    if row is None:
        return None
    done_at = row.new_confirmed_at + OLD_MAY_STOP if row.new_confirmed_at else None
    return Waiting(
        row.new_email,
        row.new_confirmed_at is not None,
        row.old_confirmed_at is not None,
        done_at,
        row.begun_at + LASTS,
    )


@own_operation("everybody may change their own address, once both addresses have said yes")
def ask_for_change(work: Work, new_email: str) -> None:
    """Ask both addresses. An older wish is replaced."""
    refuse_in_sample(work)
    refuse_beyond(work)
    person = Person.objects.select_for_update().get(pk=work.acting_person_id)
    email = new_email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid.at("email", "email-wrong", _("Please enter a valid e-mail address.")) from None
    if len(email) > 254:
        raise Invalid.at("email", "email-wrong", _("Please enter a valid e-mail address."))
    if email == person.email:
        raise Invalid.at("email", "same-email", _("This is already your address."))
    earlier = EmailChange.objects.filter(person=person).first()
    if earlier is not None and earlier.begun_at > work.at - PAUSE:
        raise Conflict("too-soon", _("You asked for this a moment ago. Please wait five minutes."))
    EmailChange.objects.filter(person=person).delete()
    new_secret, old_secret = new_token(), new_token()
    EmailChange.objects.create(
        person=person,
        new_email=email,
        new_secret_hash=fingerprint(new_secret),
        old_secret_hash=fingerprint(old_secret),
        begun_at=work.at,
    )
    _ask_old(person, email, old_secret)
    if _is_taken(person, email):
        # Whoever types addresses here must not learn whose have an account: the owner of that one is told instead.
        _tell_taken(person, email)
    else:
        _ask_new(person, email, new_secret)
    work.record(operator(), "account.email-asked", after={"account": person.key})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link asks: to confirm for which of both addresses."""

    person: Person
    new_email: str
    is_new: bool


def asked_by(secret: str, at: datetime) -> Asked | None:
    """What the link of a mail asks; None if it no longer works. The link is the proof."""
    marks = fingerprints(secret)
    row = (
        EmailChange.objects.filter(
            Q(new_secret_hash__in=marks) | Q(old_secret_hash__in=marks), begun_at__gt=at - LASTS
        )
        .select_related("person")
        .first()
    )
    return Asked(row.person, row.new_email, row.new_secret_hash in marks) if row else None


@own_operation("whoever holds the link of the mail reads that address")
def confirm(work: Work, secret: str) -> bool:
    """Say yes at one of both addresses; whether the change is done now."""
    row, is_new = _locked(secret, work.at)
    if is_new:
        row.new_confirmed_at = row.new_confirmed_at or work.at
    else:
        row.old_confirmed_at = row.old_confirmed_at or work.at
    row.save(update_fields=["new_confirmed_at", "old_confirmed_at"])
    if row.new_confirmed_at is None or row.old_confirmed_at is None:
        return False
    _carry_out(work, row)
    return True


@own_operation("whoever holds the link of the mail reads that address")
def stop(work: Work, secret: str) -> None:
    """Say no at one of both addresses: nothing is changed."""
    row, _is_new = _locked(secret, work.at)
    work.record(operator(), "account.email-stopped", before={"account": row.person.key})
    row.delete()


@own_operation("everybody may take back what they asked for")
def take_back(work: Work) -> None:
    """Forget a change that waits."""
    if EmailChange.objects.filter(person_id=work.acting_person_id).delete()[0]:
        person = Person.objects.get(pk=work.acting_person_id)
        work.record(operator(), "account.email-stopped", before={"account": person.key})


def carry_out_due(by: Acting) -> int:
    """Do what the new address confirmed and the old one did not stop in time; forget what nobody confirmed."""
    EmailChange.objects.filter(begun_at__lte=by.at - LASTS).delete()
    due = EmailChange.objects.filter(new_confirmed_at__lte=by.at - OLD_MAY_STOP)
    return sum(_carry_out_one(by, pk) for pk in due.values_list("pk", flat=True))


@own_operation("the new address confirmed it and the old one had its time")
def _carry_out_one(work: Work, pk: int) -> bool:
    row = EmailChange.objects.select_for_update(of=("self",)).select_related("person").filter(pk=pk).first()
    if row is None or row.new_confirmed_at is None or row.new_confirmed_at > work.at - OLD_MAY_STOP:
        return False
    _carry_out(work, row)
    return True


def _carry_out(work: Work, row: EmailChange) -> None:
    person, old, new = row.person, row.person.email, row.new_email
    row.delete()
    if _is_taken(person, new):
        return  # somebody opened an account with it meanwhile
    _tell_done(person, old, new)
    person.email = new
    person.save(update_fields=["email"])
    EmailAddress.objects.filter(user=person).delete()
    EmailAddress.objects.create(user=person, email=new, verified=True, primary=True)
    work.record(operator(), "account.email-changed", after={"account": person.key})
    work.tell_person(person.pk, "account")


def _is_taken(person: Person, email: str) -> bool:
    others = EmailAddress.objects.filter(email__iexact=email).exclude(user=person)
    return others.exists() or Person.objects.filter(email__iexact=email).exclude(pk=person.pk).exists()


def _locked(secret: str, at: datetime) -> tuple[EmailChange, bool]:
    marks = fingerprints(secret)
    rows = EmailChange.objects.select_for_update(of=("self",)).select_related("person")
    row = rows.filter(Q(new_secret_hash__in=marks) | Q(old_secret_hash__in=marks)).first()
    if row is None or row.begun_at <= at - LASTS:
        raise NotThere("link-gone", _("This link no longer works: it is too old or was used before."))
    return row, row.new_secret_hash in marks


def _link(secret: str) -> str:
    return f"{settings.PORTAL_URL}/account/email/change/{secret}/"


def _ask_new(person: Person, email: str, secret: str) -> None:
    with translation.override(person.language):
        lines = [
            gettext("Good day"),
            "",
            gettext("%(person)s wants to use this address for their account. Please confirm it here:")
            % {"person": person.name},
            _link(secret),
            "",
            gettext("If you do not know what this is about, there is nothing to do."),
            "",
        ]
        send_mail(gettext("Confirm your new e-mail address"), "\n".join(lines), None, [email])


def _ask_old(person: Person, email: str, secret: str) -> None:
    def lines() -> Sequence[str]:
        return [
            gettext("Your account shall get another e-mail address: %(email)s") % {"email": email},
            "",
            gettext("Confirm it here, or stop it if it was not you:"),
            _link(secret),
            "",
            gettext("If you do nothing, it happens %(days)s days after the new address was confirmed.")
            % {"days": OLD_MAY_STOP.days},
        ]

    tell(person, SECURITY, lambda: gettext("Your e-mail address shall change"), lines)


def _tell_taken(person: Person, email: str) -> None:
    with translation.override(person.language):
        lines = [
            gettext("Good day"),
            "",
            gettext("Somebody wants to use this address for another account. It already has one: yours."),
            gettext("Nothing was changed. If it was you, close one of both accounts first."),
            "",
        ]
        send_mail(gettext("This address already has an account"), "\n".join(lines), None, [email])


def _tell_done(person: Person, old: str, new: str) -> None:
    def lines() -> Sequence[str]:
        return [gettext("You now log in with %(new)s instead of %(old)s.") % {"new": new, "old": old}]

    def subject() -> str:
        return gettext("Your e-mail address was changed")

    tell(person, SECURITY, subject, lines)
    with translation.override(person.language):
        send_mail(subject(), "\n".join([gettext("Good day"), "", *lines(), ""]), None, [new])
