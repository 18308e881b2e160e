"""Where somebody is logged in, ending that, and telling them when a browser is new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka import clock
from furka.errors import NotThere
from furka.people.models import KnownDevice, Person
from furka.people.notices import NEW_DEVICE, tell
from furka.tree.acting import Acting
from furka.tree.operation import Work, own_operation
from furka.vault import fingerprint, fingerprints, new_token

DEVICE_COOKIE = "furka_device"
DEVICE_COOKIE_LASTS = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class SessionView:
    """One browser in which somebody is logged in. `key` is public: the session can not be taken over with it."""

    key: str
    ip: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool


def sessions_of(by: Acting, current: str | None = None) -> list[SessionView]:
    """Where the one who acts is logged in, this browser first, then by last use. `current`: the session that asks."""
    if by.person_id is None:
        return []
    rows = _live_rows(Person.objects.get(pk=by.person_id), by.at)
    views = [
        SessionView(
            public_key_of_session(row),
            row.ip,
            row.user_agent,
            row.created_at,
            row.last_seen_at,
            row.session_key == current,
        )
        for row in rows
    ]
    return sorted(views, key=lambda view: (not view.is_current, -view.last_seen_at.timestamp(), view.key))


def _live_rows(person: Person, at: datetime) -> list[UserSession]:
    """The sessions that still let this person in, whatever their number with the same few queries; the others go."""
    rows = list(UserSession.objects.filter(user_id=person.pk))
    stored = Session.objects.filter(session_key__in=[row.session_key for row in rows], expire_date__gt=at)
    proofs = {person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()}
    live = {each.session_key for each in stored if each.get_decoded().get(HASH_SESSION_KEY) in proofs}
    gone = [row.pk for row in rows if row.session_key not in live]
    if gone:
        UserSession.objects.filter(pk__in=gone).delete()
    return [row for row in rows if row.session_key in live]


@own_operation("everybody may log out wherever they are logged in")
def end_session(work: Work, key: str) -> bool:
    """Log one browser out at once. Raises NotThere if there is none of that key."""
    for row in UserSession.objects.filter(user_id=work.acting_person_id):
        if public_key_of_session(row) == key:
            row.end()
            return True
    raise NotThere("not-there", _("This login has already ended."))


@own_operation("everybody may log out wherever they are logged in")
def end_other_sessions(work: Work, current: str | None) -> int:
    """Log out everywhere but in the session that asks; how many ended."""
    rows = list(UserSession.objects.filter(user_id=work.acting_person_id).exclude(session_key=current or ""))
    for row in rows:
        row.end()
    return len(rows)


def public_key_of_session(row: UserSession) -> str:
    """The name of a session in addresses; it opens nothing."""
    return fingerprint(f"session {row.session_key}")[:12]


def note_login(request: HttpRequest, user: Person, response: HttpResponse | None = None, **_: Any) -> None:
    """Remember the browser of a login, and tell the person if others were known but not this one."""
    at = clock.now()
    mark = request.COOKIES.get(DEVICE_COOKIE, "")
    known = KnownDevice.objects.filter(person=user)
    seen = known.filter(mark_hash__in=fingerprints(mark)) if mark else known.none()
    if seen.update(last_seen_at=at):
        return
    is_first = not known.exists()
    mark = mark or new_token()
    KnownDevice.objects.create(person=user, mark_hash=fingerprint(mark), first_seen_at=at, last_seen_at=at)
    if response is not None:
        response.set_cookie(
            DEVICE_COOKIE,
            mark,
            max_age=DEVICE_COOKIE_LASTS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    if not is_first:
        _tell_new_device(request, user, at)


def _tell_new_device(request: HttpRequest, user: Person, at: datetime) -> None:
    agent = request.META.get("HTTP_USER_AGENT", "")[:200]
    ip = get_adapter(request).get_client_ip(request)

    def lines() -> list[str]:
        moment = date_format(localtime(at), "DATETIME_FORMAT")
        return [
            gettext("Somebody logged in to your account in a browser that was not used before."),
            "",
            gettext("When: %(moment)s") % {"moment": moment},
            gettext("From: %(address)s") % {"address": ip},
            gettext("Browser: %(browser)s") % {"browser": agent},
            "",
            gettext("If it was you, there is nothing to do."),
            gettext("It was not you? Then change your password at once and log out everywhere else:"),
            f"{settings.PORTAL_URL}/account/sessions/",
        ]

    tell(user, NEW_DEVICE, lambda: gettext("Login from a new device"), lines)
