"""Confirming a connection without a page: where a fresh second factor is asked for, its code comes along."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from furka.errors import Invalid, Refused
from furka.gate.attempts import count_wrong_at, is_worn_out
from furka.people.factors import has_codes, is_code_of
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import sessions
from furka.tree.acting import Acting
from furka.tree.confirmations import Session
from furka.tree.models import Node

#: So many wrong codes of one person within so many seconds; then they have to wait, whoever says them.
MOST_WRONG, WITHIN = 5, 900


def confirm(by: Acting, site: Node, reason: str, code: str = "") -> Session:
    """Confirm that one connects; a code is looked at only if it is all that is missing. Raises what `connect` does."""
    try:
        return sessions.connect(by, site, [USE_REMOTE_ACCESS], reason)
    except Refused as refused:
        if refused.code != "factor-needed" or not code or not _is_right(by, code):
            raise
    return sessions.connect(by, site, [USE_REMOTE_ACCESS], reason, proven=True)


def _is_right(by: Acting, code: str) -> bool:
    if by.person_id is None or by.looks_only or not has_codes(by.person_id):
        return False
    person = Person.objects.get(pk=by.person_id)
    name = f"second factor of {person.pk}"
    if is_worn_out(name, MOST_WRONG):
        raise Refused("too-many-codes", _("Too many codes were wrong. Please wait a quarter of an hour."))
    if not is_code_of(person, code):
        count_wrong_at(name, WITHIN)
        raise Invalid.at("code", "code-wrong", _("This code is wrong, or it was used already."))
    return True
