"""The mails that the tree sends, each in the language of who gets it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from furka.people.languages import in_language_of
from furka.people.notices import ACCESS_CHANGED, INVITATION_ANSWERED, tell
from furka.tree.acting import Acting
from furka.tree.grants import Grant


def invitation_link(secret: str) -> str:
    """The address under which an invitation is answered."""
    return f"{settings.PORTAL_URL}/invitations/{secret}/"


def send_invitation(grant: Grant, secret: str, invited_by: str) -> None:
    """Tell somebody that they are invited, by whom, to what, until when."""
    with in_language_of(grant.email):
        lines = [
            _("Good day"),
            "",
            _("%(person)s invites you to “%(name)s”.") % {"person": invited_by, "name": grant.node.name},
            _("Your access is valid %(until)s.") % {"until": until_in_words(grant)},
            *([_("Reason: %(reason)s") % {"reason": grant.reason}] if grant.reason else []),
            "",
            _("Accept or decline here:"),
            invitation_link(secret),
            "",
            _("The link works for %(email)s only.") % {"email": grant.email},
        ]
        subject = _("Invitation to “%(name)s”") % {"name": grant.node.name}
        send_mail(subject, "\n".join(lines) + "\n", None, [grant.email])


def send_invitations(invited: Sequence[tuple[Grant, str]], invited_by: str) -> None:
    """Tell somebody that they are invited to several levels at once, with one link for each."""
    first = invited[0][0]
    if len(invited) == 1:
        send_invitation(first, invited[0][1], invited_by)
        return
    with in_language_of(first.email):
        count = len(invited)
        lines = [
            _("Good day"),
            "",
            ngettext(
                "%(person)s invites you to %(count)d level.",
                "%(person)s invites you to %(count)d levels.",
                count,
            )
            % {"person": invited_by, "count": count},
            _("Your access is valid %(until)s.") % {"until": until_in_words(first)},
            *([_("Reason: %(reason)s") % {"reason": first.reason}] if first.reason else []),
            "",
            _("Accept or decline here:"),
            "",
        ]
        for grant, secret in invited:
            lines += [grant.node.name, invitation_link(secret), ""]
        lines.append(_("The links work for %(email)s only.") % {"email": first.email})
        subject = ngettext("Invitation to %(count)d level", "Invitation to %(count)d levels", count)
        send_mail(subject % {"count": count}, "\n".join(lines) + "\n", None, [first.email])


def tell_answered(grant: Grant, accepted: bool) -> None:
    """Tell whoever invited somebody that these have answered."""
    if grant.granted_by is None:
        return

    def subject() -> str:
        return (_("%(email)s has accepted") if accepted else _("%(email)s has declined")) % {
            "email": grant.email
        }

    def lines() -> Sequence[str]:
        text = _("%(email)s has accepted your invitation to “%(name)s”.")
        if not accepted:
            text = _("%(email)s has declined your invitation to “%(name)s”.")
        return [text % {"email": grant.email, "name": grant.node.name}, _people_page(grant)]

    tell(grant.granted_by, INVITATION_ANSWERED, subject, lines)


def tell_revoked(grant: Grant, by: Acting) -> None:
    """Tell somebody that their access was ended by somebody else."""
    if grant.person is None or grant.person_id == by.person_id:
        return

    def lines() -> Sequence[str]:
        text = _("%(person)s has ended your access to “%(name)s”.")
        return [text % {"person": by.name, "name": grant.node.name}]

    subject = partial(_subject_revoked, grant.node.name)
    tell(grant.person, ACCESS_CHANGED, subject, lines)


def _subject_revoked(name: str) -> str:
    return _("Your access to “%(name)s” has ended") % {"name": name}


def _people_page(grant: Grant) -> str:
    return f"{settings.PORTAL_URL}/levels/{grant.node.key}/people/"


def until_in_words(grant: Grant) -> str:
    """Until when an access is valid, on the clock of its level."""
    if grant.valid_until is None:
        return _("until it is revoked")
    zone = ZoneInfo(grant.node.time_zone)
    local = timezone.localtime(grant.valid_until, zone)
    return _("until %(moment)s (%(zone)s)") % {
        "moment": date_format(local, "DATETIME_FORMAT"),
        "zone": zone.key,
    }
