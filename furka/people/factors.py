"""Second factors that are said rather than shown in a browser: the code of an app, or a recovery code."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from furka.people.models import Person

_SAID = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


def has_codes(person_id: int) -> bool:
    """Whether somebody has a factor whose codes can be said; a passkey can't."""
    return bool(Authenticator.objects.filter(user_id=person_id, type=Authenticator.Type.TOTP).exists())


def is_code_of(person: Person, code: str) -> bool:
    """Whether that is a code of theirs which was not used yet; from then on it is."""
    plain = "".join(code.split())
    rows = Authenticator.objects.filter(user_id=person.pk, type__in=_SAID).order_by("-type")
    return bool(plain) and any(row.wrap().validate_code(plain) for row in rows)
