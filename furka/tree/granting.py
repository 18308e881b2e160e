"""Letting people in and out: invite, accept, decline, withdraw, revoke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from furka.access.delegation import Exceeds, Excess, Offer, may_grant
from furka.access.facts import Held
from furka.access.narrowing import WHOLE, Narrowing
from furka.access.rights import CONFIGURE, PEOPLE, RIGHTS, SERVICES, STRUCTURE, UnknownRight, normalised
from furka.access.roles import UnknownRole, rights_of
from furka.access.windows import WeeklyWindow, windows_to_json
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.outbox.models import Mail
from furka.people.models import Person
from furka.tree import intervals
from furka.tree.grant_rows import (
    ANY_ROW,
    end_for_good,
    end_row,
    holds_without_end,
    is_last_owner,
    locked,
    locked_after_source,
    locked_with_owners,
    successor,
    told,
)
from furka.tree.grants import EndedBecause, Grant, Invitation, State
from furka.tree.grants import Relation as Relation  # part of the terms that callers make
from furka.tree.letters import send_invitation, tell_answered, tell_revoked
from furka.tree.level_roles import rights_at
from furka.tree.models import Node
from furka.tree.operation import Work, operation, own_operation
from furka.tree.parts import check_part, check_rights
from furka.tree.reasons import sentence
from furka.tree.samples import kept_inside
from furka.tree.texts import one_line
from furka.vault import fingerprint, fingerprints, new_token, seal, unseal

#: How long an invitation can be answered if its access has no end of its own.
INVITATION_LASTS = timedelta(days=14)

#: So many people anybody may invite within a day, and so many mails may go to one address within an hour.
MOST_INVITED_A_DAY = 300
MOST_MAILS_AN_HOUR = 20

#: What fits into the path of a mail (RFC 5321) with its brackets.
LONGEST_EMAIL = 254

#: More often than that nothing is passed on by number.
DEEPEST = 100

#: The field of a form or an API body that a refusal of the delegation speaks of.
_FIELDS = {
    Excess.NO_RIGHTS: "rights",
    Excess.RIGHTS: "rights",
    Excess.STAFF: "relation",
    Excess.PART: "part",
    Excess.ENDS_BEFORE_BEGIN: "valid_until",
    Excess.PAST: "valid_from",
    Excess.TIME: "valid_until",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What somebody is offered. `role` or `rights`; `valid_until=None`: until revoked; times aware, UTC."""

    role: str = ""
    rights: Sequence[str] = ()
    valid_from: datetime | None = None  # None: from now on
    valid_until: datetime | None = None
    windows: tuple[WeeklyWindow, ...] = ()
    reason: str = ""
    relation: Relation = Relation.SUPPORTER
    depth: int | None = 0
    on_request: bool = False  # may only ask for these rights, each time
    narrowing: Narrowing = WHOLE  # to which part of sites it leads


@operation(PEOPLE)
def invite(
    work: Work,
    node: Node,
    email: str,
    terms: Terms,
    *,
    mailed: bool = True,
    link_until: datetime | None = None,
) -> Grant:
    """Let somebody in for a while, with no more than the inviter holds. They are told by mail and must accept.

    With `mailed=False` whoever calls this tells them. With `link_until` there is no address: whoever opens the link
    first, up to that moment, may accept.
    """
    for_anybody = link_until is not None
    email = "" if for_anybody else kept_inside(work, checked_email(email))
    offer = offered(work, node, terms)
    check_part(work.by, node, terms.narrowing)
    source = allowed_by(work, offer)
    if not for_anybody:
        _refuse_second(node, email)
    _refuse_flood(work, email)
    grant = Grant.objects.create(
        node=node,
        state=State.INVITED,
        relation=terms.relation,
        email=email,
        role=terms.role,
        rights=sorted(offer.rights),
        narrowing=terms.narrowing.to_json(),
        depth=terms.depth,
        on_request=terms.on_request,
        valid_from=offer.valid_from,
        valid_until=offer.valid_until,
        windows=windows_to_json(terms.windows),
        time_zone=node.time_zone,
        reason=one_line(terms.reason)[:500],
        granted_by_id=work.by.person_id,
        source_series=falls_with(source),
        begun_at=work.at,
    )
    secret = new_token()
    Invitation.objects.create(
        grant_series=grant.series,
        secret_hash=fingerprint(secret),
        sealed_secret=seal(secret),
        expires_at=min(filter(None, (offer.valid_until, link_until)), default=work.at + INVITATION_LASTS),
    )
    if mailed and not for_anybody:
        send_invitation(grant, secret, work.by.name)
    work.record(node, "grant.link-made" if for_anybody else "grant.invited", after=told(grant))
    return grant


@own_operation("whoever holds the link and the invited address may answer")
def accept(work: Work, secret: str) -> Grant:
    """Take up an invitation; from now on it is in force as it was offered."""
    grant, person = _answered(work, secret)
    end_row(work, grant, EndedBecause.CHANGED)
    active = successor(grant, work.at, state=State.ACTIVE, person=person, email=grant.email or person.email)
    intervals.rewrite(work, active)
    invitation = Invitation.objects.filter(grant_series=grant.series)
    if grant.email:
        invitation.delete()
    else:
        invitation.update(used_at=work.at)  # whoever scans it later is told that
    work.record(grant.node, "grant.accepted", after=told(active))
    tell_answered(active, accepted=True)
    return active


@own_operation("whoever holds the link and the invited address may answer")
def decline(work: Work, secret: str) -> Grant:
    """Turn down an invitation."""
    grant, _person = _answered(work, secret)
    if not grant.email:
        raise Refused(
            "for-anybody", _("This link is for whoever opens it first. You do not have to do anything.")
        )
    end_row(work, grant, EndedBecause.DECLINED)
    Invitation.objects.filter(grant_series=grant.series).delete()
    work.record(grant.node, "grant.declined", before=told(grant))
    tell_answered(grant, accepted=False)
    return grant


@operation(PEOPLE)
def revoke(work: Work, grant: Grant) -> None:
    """End an access at once, or withdraw an invitation that nobody has answered yet."""
    live = locked_with_owners(grant)
    if live is None:
        return  # already ended: that is what was wanted
    if live.depth is None and not holds_without_end(work, live.node):
        raise Refused("owner", _("Only an owner may revoke the access of an owner."))
    if is_last_owner(live, work.at):
        raise Conflict("last-owner", _("This is the last owner. Somebody must own this level."))
    end_for_good(work, live)
    tell_revoked(live, work.by)


@own_operation("everybody may give up what they hold themselves")
def leave(work: Work, grant_key: str) -> None:
    """Give up one's own access."""
    own = Grant.objects.everything(ANY_ROW).filter(person_id=work.acting_person_id, series=grant_key)
    held = own.select_related("node").filter(ended_at=None).first()
    live = locked_with_owners(held) if held else None
    if live is None:
        raise NotThere("not-there", sentence("not-visible"))
    if is_last_owner(live, work.at):
        raise Conflict("last-owner", _("This is the last owner. Somebody must own this level."))
    end_for_good(work, live)


@operation(PEOPLE)
def resend(work: Work, grant: Grant) -> None:
    """Send the mail of an unanswered invitation again."""
    live = locked(grant.series)
    invitation = Invitation.objects.filter(grant_series=grant.series).first()
    if live is None or live.state != State.INVITED or invitation is None:
        raise Conflict("already-answered", _("This invitation has already been answered."))
    _refuse_expired(invitation, work.at)
    refuse_many_mails(work, live.email)
    send_invitation(live, unseal(invitation.sealed_secret), work.by.name)
    work.record(live.node, "grant.sent-again", after=told(live))


def give_ownership(work: Work, node: Node, person: Person) -> Grant:
    """All rights, without end, to be passed on freely."""
    grant = Grant.objects.create(
        node=node,
        state=State.ACTIVE,
        relation=Relation.STAFF,
        person=person,
        email=person.email,
        role="owner",
        rights=sorted(rights_of("owner")),
        depth=None,
        valid_from=work.at,
        time_zone=node.time_zone,
        begun_at=work.at,
    )
    intervals.rewrite(work, grant)
    work.record(node, "grant.began", after=told(grant))
    return grant


def offered(work: Work, node: Node, terms: Terms) -> Offer:
    """What the policy is asked about these terms. Raises Invalid for terms that make no sense."""
    try:
        rights = (
            rights_at(node, terms.role) if terms.role else normalised(RIGHTS.get(key) for key in terms.rights)
        )
    except UnknownRole:
        raise Invalid.at("role", "role-unknown", _("This role does not exist.")) from None
    except UnknownRight:
        raise Invalid.at("rights", "right-unknown", _("This right does not exist.")) from None
    if terms.relation == Relation.SITE_USER:
        _refuse_administering(node, rights, terms.depth)
    check_rights(terms.narrowing, rights)
    if terms.valid_until is not None and terms.valid_until <= work.at:
        raise Invalid.at("valid_until", "ends-in-the-past", _("The end lies in the past."))
    if terms.depth is not None and not 0 <= terms.depth <= DEEPEST:
        raise Invalid.at("depth", "depth-out-of-range", _("Between 0 and 100, or without end."))
    if terms.on_request and terms.depth != 0:
        raise Invalid.at("depth", "depth-on-request", _("What one may only ask for can not be passed on."))
    return Offer(
        rights,
        node.place,
        terms.valid_from or work.at,
        terms.valid_until,
        terms.windows,
        terms.depth,
        staff=terms.relation == Relation.STAFF,
        narrowing=terms.narrowing,
    )


def _refuse_administering(node: Node, rights: frozenset[str], depth: int | None) -> None:
    """Whoever uses one site does just that."""
    if not node.is_site:
        raise Invalid.at("relation", "not-a-site", _("There are site users on sites only."))
    if rights & {STRUCTURE.key, PEOPLE.key, CONFIGURE.key, SERVICES.key} or depth != 0:
        raise Invalid.at(
            "rights", "site-user-administers", _("A site user administers nothing and invites nobody.")
        )


def allowed_by(work: Work, offer: Offer) -> Held:
    """The holding out of which the one who acts may give this, locked. Raises Invalid or Refused."""
    try:
        ceilings = work.by.ceilings_over(offer.place)
        source = may_grant(work.by.held, offer, work.at, work.by.limit, ceilings).source
    except Exceeds as error:
        text = sentence(error.reason)
        if field := _FIELDS.get(error.reason):
            raise Invalid.at(field, error.reason, text) from None
        raise Refused(error.reason, text) from None
    if locked(source.grant_key) is None:
        # It ended while we were deciding.
        raise Refused("right-missing", sentence("right-missing", PEOPLE))
    return source


def falls_with(source: Held) -> str:
    """What a member of staff without end grants, the level grants; anything else falls with its source."""
    permanent = source.depth is None and source.interval.ends_at is None and source.narrowing.is_whole
    return "" if permanent else source.grant_key


def _refuse_second(node: Node, email: str) -> None:
    waiting = Grant.objects.everything(ANY_ROW).filter(
        node=node, email=email, ended_at=None, state=State.INVITED
    )
    if waiting.exists():
        raise Conflict(
            "already-invited", _("This person is already invited here. Withdraw that invitation first.")
        )


def _refuse_flood(work: Work, email: str) -> None:
    """Whoever has an account may open a level and invite: that must be no way to send mails to everybody."""
    invited = Grant.objects.everything(ANY_ROW).filter(
        granted_by_id=work.by.person_id, state=State.INVITED, begun_at__gt=work.at - timedelta(days=1)
    )
    if invited.count() >= MOST_INVITED_A_DAY:
        raise Conflict("too-many-invited", _("You have invited many people today. Please go on tomorrow."))
    refuse_many_mails(work, email)


def refuse_many_mails(work: Work, email: str) -> None:
    """Nobody is written to so often that it is a burden, whoever asks for it. Raises Conflict."""
    lately = Mail.objects.filter(recipient=email, created_at__gt=work.at - timedelta(hours=1))
    if lately.count() >= MOST_MAILS_AN_HOUR:
        raise Conflict(
            "too-many-mails", _("Many mails went to this address lately. Please try again in an hour.")
        )


def _answered(work: Work, secret: str) -> tuple[Grant, Person]:
    invitation = Invitation.objects.filter(secret_hash__in=fingerprints(secret)).first()
    if invitation is not None and invitation.used_at is not None:
        raise Conflict(
            "link-used", _("This link or code has already been used. Each one lets in one person only.")
        )
    grant = locked_after_source(invitation.grant_series) if invitation else None
    if (
        invitation is None
        or grant is None
        or grant.state != State.INVITED
        or grant.node.deleted_at is not None
    ):
        raise NotThere(
            "invitation-gone", _("This invitation does not exist, or it has already been answered.")
        )
    person = Person.objects.get(pk=work.acting_person_id)
    inviter = grant.granted_by
    if person.is_sample != (inviter is not None and inviter.is_sample):
        # Out of a sample world nobody invites anybody, and nobody is invited into one.
        raise NotThere(
            "invitation-gone", _("This invitation does not exist, or it has already been answered.")
        )
    if (
        grant.email and person.email.lower() != grant.email.lower()
    ):  # never casefold: straße and strasse are two domains
        raise Refused(
            "someone-else", _("This invitation was sent to somebody else. Log in with the invited address.")
        )
    _refuse_expired(invitation, work.at)
    return grant, person


def _refuse_expired(invitation: Invitation, at: datetime) -> None:
    if invitation.expires_at <= at:
        raise Conflict(
            "invitation-expired", _("The time of this invitation is over. Please ask for a new one.")
        )


def checked_email(email: str, field: str = "email") -> str:
    """An address as it is kept. Raises Invalid at the field."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid.at(field, "email-wrong", _("Please enter a valid e-mail address.")) from None
    if len(email) > LONGEST_EMAIL:
        raise Invalid.at(field, "email-wrong", _("Please enter a valid e-mail address."))
    return email
