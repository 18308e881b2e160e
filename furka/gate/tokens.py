"""Personal tokens for the API: made and revoked by their person, shown once, found again by their hash.

A token acts as its person and can only narrow: to some rights, to one level and what is below it, to a time. It dies
with its own end, with its revocation, with the person's account and with the level it is limited to.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from furka.access.facts import Limit
from furka.access.rights import LOOK, RIGHTS, UnknownRight
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.people.models import ApiToken
from furka.tree.acting import Acting
from furka.tree.ceilings import ceilings_at
from furka.tree.holdings import held_by
from furka.tree.models import Node
from furka.tree.operation import Work, own_operation
from furka.tree.queries import operator
from furka.tree.reasons import sentence
from furka.tree.samples import refuse_in_sample
from furka.tree.within import refuse_beyond
from furka.vault import fingerprint, fingerprints, new_token

#: How a token begins, so that people and scanners of leaked secrets know it.
PREFIX = "furka_"

LONGEST_LIFE = timedelta(days=366)
MOST_TOKENS = 50

#: That a token is used is noted at most this often.
NOTED_EVERY = timedelta(minutes=1)

_OWN = "a token is found by its hash; where it is limited to is read for itself"


class ActingWithToken(Acting):
    """A person who acts through a token of theirs."""

    def __init__(self, token: ApiToken, at: datetime, limit: Limit | None) -> None:
        person = token.person
        # The journal says which token it was: after a leak that is the question.
        via = f"token {token.key}"
        super().__init__(person.pk, str(person), at, via, held_by, ceilings_at, limit, person.is_sample)
        self.token = token


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token and its secret, which is not kept."""

    token: ApiToken
    secret: str


@own_operation("everybody may make tokens that act as themselves")
def issue_token(
    work: Work,
    name: str,
    expires_at: datetime,
    rights: Collection[str] | None = None,
    node: Node | None = None,
) -> IssuedToken:
    """A token of the one who acts, until a moment at most 366 days ahead.

    `rights=None` leaves all that the person holds at any time, `node=None` leaves all levels.
    """
    refuse_in_sample(work)
    refuse_beyond(work)
    person_id = _person_id(work)
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise Invalid.at("name", "name-wrong", _("Please enter a name of at most 80 characters."))
    if not work.at < expires_at <= work.at + LONGEST_LIFE:
        text = _("A token ends in the future, and after a year at the latest.")
        raise Invalid.at("expires_at", "token-lasts-wrong", text)
    if (
        ApiToken.objects.filter(person_id=person_id, revoked_at=None, expires_at__gt=work.at).count()
        >= MOST_TOKENS
    ):
        raise Conflict(
            "too-many-tokens", _("You have many tokens already. Please revoke one that is not used.")
        )
    if node is not None and not work.by.may(LOOK, node.place):
        raise Invalid.at("level", "not-there", sentence("not-visible"))
    secret = PREFIX + new_token()
    token = ApiToken.objects.create(
        person_id=person_id,
        name=name,
        secret_hash=fingerprint(secret),
        rights=None if rights is None else _checked_rights(rights),
        node_id_limit=None if node is None else node.pk,
        created_at=work.at,
        expires_at=expires_at,
    )
    told = {
        "token": token.key,
        "name": name,
        "until": expires_at.isoformat(),
        "rights": token.rights,
        "level": node.key if node else None,
    }
    work.record(operator(), "token.issued", after=told)
    work.tell_person(person_id, "token")
    return IssuedToken(token, secret)


@own_operation("everybody may revoke their own tokens")
def revoke_token(work: Work, key: str) -> None:
    """The token works no longer; once more is no fault."""
    person_id = _person_id(work)
    token = ApiToken.objects.select_for_update().filter(person_id=person_id, key=key).first()
    if token is None:
        raise NotThere("not-there", _("This token does not exist."))
    if token.revoked_at is not None:
        return
    token.revoked_at = work.at
    token.save(update_fields=["revoked_at"])
    work.record(operator(), "token.revoked", before={"token": token.key, "name": token.name})
    work.tell_person(person_id, "token")


def tokens_of(by: Acting) -> list[ApiToken]:
    """The tokens of the one who acts that are not revoked, ended ones too, newest first."""
    if by.person_id is None or by.looks_only:
        return []
    return list(
        ApiToken.objects.filter(person_id=by.person_id, revoked_at=None).order_by("-created_at", "key")
    )


def levels_of(tokens: Collection[ApiToken]) -> dict[int, Node]:
    """The levels that tokens are limited to, by id."""
    ids = {token.node_id_limit for token in tokens if token.node_id_limit is not None}
    return {node.pk: node for node in Node.objects.everything(_OWN).filter(pk__in=ids)} if ids else {}


def acting_with(secret: str, at: datetime) -> ActingWithToken | None:
    """The person behind a token, acting within its limits; None if it does not work at that moment."""
    if not secret.startswith(PREFIX):
        return None
    rows = ApiToken.objects.select_related("person")
    # Nothing is compared here: the database looks up a keyed hash, whose timing says nothing about the secret.
    token = rows.filter(secret_hash__in=fingerprints(secret), person__is_active=True).first()
    if token is None or not token.is_live(at):
        return None
    node = levels_of([token]).get(token.node_id_limit) if token.node_id_limit is not None else None
    if token.node_id_limit is not None and node is None:
        return None
    _note_use(token, at)
    if token.rights is None and node is None:
        return ActingWithToken(token, at, None)
    rights = None if token.rights is None else frozenset(_known(token.rights))
    return ActingWithToken(token, at, Limit(rights, node.place if node else None))


def _note_use(token: ApiToken, at: datetime) -> None:
    if token.last_used_at is None or at - token.last_used_at >= NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)


def _person_id(work: Work) -> int:
    if isinstance(work.by, ActingWithToken):
        raise Refused("token-not-enough", _("This can not be done with a token. Please log in."))
    return work.acting_person_id


def _checked_rights(rights: Collection[str]) -> list[str]:
    try:
        keys = {RIGHTS.get(key).key for key in rights}
    except UnknownRight:
        raise Invalid.at("rights", "right-unknown", _("This right does not exist.")) from None
    if not keys:
        raise Invalid.at("rights", "no-rights", _("Choose at least one right."))
    return sorted(keys)


def _known(rights: Collection[str]) -> list[str]:
    """What is left of stored rights after a service went: fewer, never more."""
    known = {right.key for right in RIGHTS.all()}
    return [key for key in rights if key in known]
