"""One's own links with identity providers: which there are, when each was last used, and undoing one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.errors import Conflict, NotThere
from furka.identity.limits import comes_from
from furka.identity.models import IdentityProvider
from furka.identity.reach import must_come_by
from furka.people.models import Person
from furka.people.notices import SECURITY, tell
from furka.tree.acting import Acting
from furka.tree.operation import Work, own_operation
from furka.tree.within import refuse_beyond

_OWN = "everybody may see by whom they can log in"
#: A link is saved when it is made and at each login; what lies so close together is the making alone.
_MADE_AT_ONCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class OwnLink:
    """A provider by which somebody can log in. `key` is the provider's; `kept_because`: why it can not be undone."""

    key: str
    name: str
    level: str
    name_there: str
    linked_at: datetime
    last_used_at: datetime | None
    enabled: bool
    kept_because: str


def own_links(by: Acting) -> list[OwnLink]:
    """The providers by which the one who acts can log in, by name."""
    if by.person_id is None or by.looks_only:
        return []
    rows = list(SocialAccount.objects.filter(user_id=by.person_id).order_by("pk"))
    providers = _providers(row.provider for row in rows)
    person = Person.objects.get(pk=by.person_id)
    kept = _kept_because(person, [row.provider for row in rows], providers) if rows else {}
    found = [_shown(row, providers[row.provider], kept) for row in rows if row.provider in providers]
    return sorted(found, key=lambda link: (link.name, link.key))


@own_operation("everybody may say by whom they log in; the page asks for a proof that it is they")
def unlink(work: Work, key: str) -> None:
    """Log in by this provider no more. Whoever came in by it is logged out.

    Raises NotThere, or Conflict if it is the only way to log in.
    """
    refuse_beyond(work)
    person = Person.objects.select_for_update().get(pk=work.acting_person_id)
    rows = SocialAccount.objects.select_for_update().filter(user_id=person.pk)
    linked = list(rows.values_list("provider", flat=True))
    providers = _providers(linked)
    row = providers.get(key)
    if row is None:
        raise NotThere("not-there", _("Your account is not linked with this organisation."))
    if key in (kept := _kept_because(person, linked, providers)):
        raise Conflict("only-way", kept[key])
    rows.filter(provider=key).delete()
    _log_out(person, row)
    work.record(row.node, "identity.unlinked", before={"person": person.email, "name": row.name})
    work.tell_person(person.pk, "account")
    told = {"name": row.name}
    tell(
        person,
        SECURITY,
        lambda: gettext("Your account is no longer linked with “%(name)s”") % told,
        lambda: [gettext("You can no longer log in by “%(name)s”. Everything else stays as it was.") % told],
    )


def _shown(row: SocialAccount, provider: IdentityProvider, kept: dict[str, str]) -> OwnLink:
    used = row.last_login - row.date_joined > _MADE_AT_ONCE
    return OwnLink(
        key=provider.key,
        name=provider.name,
        level=provider.node.name,
        name_there=row.uid,
        linked_at=row.date_joined,
        last_used_at=row.last_login if used else None,
        enabled=provider.enabled,
        kept_because=kept.get(provider.key, ""),
    )


def _providers(keys: Iterable[str]) -> dict[str, IdentityProvider]:
    rows = IdentityProvider.objects.everything(_OWN).filter(key__in=list(keys))
    return {row.key: row for row in rows.select_related("node")}


def _kept_because(
    person: Person, linked: list[str], providers: dict[str, IdentityProvider]
) -> dict[str, str]:
    """Which links have to stay so that the person can still log in, and why."""
    kept: dict[str, str] = {}
    demanded = must_come_by(person)
    if demanded is not None and demanded.key in linked:
        kept[demanded.key] = gettext("Your organisation wants you to log in this way.")
    working = [key for key in linked if key in providers and providers[key].enabled]
    if len(working) == 1 and not _logs_in_alone(person):
        only = gettext(
            "This is the only way in which you can log in. Choose a password first, by “Password forgotten?”."
        )
        kept.setdefault(working[0], only)
    return kept


def _logs_in_alone(person: Person) -> bool:
    """Whether they have a password, or a passkey that is enough by itself."""
    if person.has_usable_password():
        return True
    keys = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    return any(WebAuthn(each).is_passwordless for each in keys)


def _log_out(person: Person, row: IdentityProvider) -> None:
    """End the sessions that reach what this provider's login reaches."""
    logins = {each.session_key: each for each in UserSession.objects.filter(user=person)}
    for stored in Session.objects.filter(session_key__in=logins):
        if comes_from(stored.get_decoded(), row.node):
            logins[stored.session_key].end()
