"""People at a level: who may enter, inviting, ending; and the other side of an invitation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from ninja import Path, Query
from pydantic import Field

from furka.access.narrowing import Narrowing
from furka.access.rights import LOOK, PEOPLE
from furka.access.windows import WeeklyWindow, windows_from_json
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, at_node, own
from furka.errors import Conflict, Invalid, NotThere
from furka.tree import changing, granting, inviting, queries, site_users
from furka.tree.acting import Acting
from furka.tree.changing import Act, Longer
from furka.tree.granting import Relation, Terms
from furka.tree.letters import invitation_link
from furka.tree.models import Kind, Node
from furka.tree.queries import GrantView
from furka.tree.reasons import sentence

routes = Routes("people")

#: The secret of an invitation, as it stands in its link.
Secret = Annotated[str, Path(..., pattern="^[A-Za-z0-9_-]{20,80}$")]


class GrantPaging(Paging):
    """Which grants."""

    ended: bool = Field(False, description="Those that ended, instead of those that run or will run.")
    above: bool = Field(False, description="Those on the levels above, which reach down to this one.")


@routes.get("/levels/{key}/grants", at_node(PEOPLE))
def list_grants(by: Acting, level: Node, page: Query[GrantPaging]) -> Page[schemas.Grant]:
    """Who may enter a level or is invited to it."""
    found = queries.grants_above(by, level) if page.above else queries.grants_on(by, level, ended=page.ended)
    views, following = items_of(found, page, lambda view: (view.email, view.key))
    return Page[schemas.Grant](items=[schemas.grant(view) for view in views], next=following)


@routes.post("/levels/{key}/grants", at_node(PEOPLE))
def invite(by: Acting, level: Node, body: schemas.Invite) -> schemas.GrantInFull:
    """Invite somebody. They are told by mail; the answer has the link, too."""
    return _in_full(queries.seen(granting.invite(by, level, body.email, terms_of(body)), by.at))


@routes.post("/levels/{key}/grants/invitations", at_node(PEOPLE))
def invite_several(by: Acting, level: Node, body: schemas.InviteSeveral) -> list[schemas.GrantInFull]:
    """Invite several people on the same terms: all of them, or nobody."""
    made = inviting.invite_several(by, level, body.emails, terms_of(body))
    return [_in_full(queries.seen(grant, by.at)) for grant in made]


@routes.post("/sites/{key}/user-links", at_node(PEOPLE, Kind.SITE))
def make_user_link(by: Acting, site: Node, body: schemas.NewUserLink) -> schemas.GrantInFull:
    """A link, for a message or as a QR code, that lets in one person as a user of this site."""
    terms = Terms(
        role=body.role,
        valid_until=body.valid_until,
        reason=body.reason,
        relation=Relation.SITE_USER,
        narrowing=_narrowing(body.part),
    )
    return _in_full(queries.seen(site_users.make_link(by, site, terms, body.link_until), by.at))


@routes.post("/levels/{key}/grants/several", at_node(PEOPLE), status=200)
def change_several_grants(by: Acting, level: Node, body: schemas.SeveralGrants) -> schemas.ChangedGrants:
    """Extend, pause, resume or revoke several at once: all of them, or none."""
    longer = Longer(span=timedelta(minutes=body.minutes) if body.minutes is not None else None)
    return schemas.ChangedGrants(
        people=changing.change_several(by, level, body.grants, Act(body.act), longer)
    )


@routes.get("/levels/{key}/grants/{grant}", at_node(PEOPLE))
def read_grant(by: Acting, level: Node, grant: Key) -> schemas.GrantInFull:
    """A grant that runs, will run or waits for an answer; with the link of the invitation."""
    row = queries.grant_of_key(by, level, grant)
    if row is None:
        raise _not_there()
    return _in_full(queries.seen(row, by.at))


@routes.patch("/levels/{key}/grants/{grant}", at_node(PEOPLE))
def change_grant(by: Acting, level: Node, grant: Key, body: schemas.GrantChanges) -> schemas.GrantInFull:
    """Give an access other terms from now on."""
    row = _live(by, level, grant)
    changed = changing.change(by, row, _changed_terms(changing.terms_of(row), body), body.version)
    return _in_full(queries.seen(changed, by.at))


@routes.post("/levels/{key}/grants/{grant}/extend", at_node(PEOPLE), status=200)
def extend_grant(by: Acting, level: Node, grant: Key, body: schemas.Extension) -> schemas.GrantInFull:
    """Move the end of an access further away."""
    span = timedelta(minutes=body.minutes) if body.minutes is not None else None
    changed = changing.extend(by, _live(by, level, grant), Longer(span, body.valid_until), body.version)
    return _in_full(queries.seen(changed, by.at))


@routes.post("/levels/{key}/grants/{grant}/pause", at_node(PEOPLE), status=200)
def pause_grant(by: Acting, level: Node, grant: Key, body: schemas.Known) -> schemas.GrantInFull:
    """Close an access for now; once more is no fault."""
    return _in_full(queries.seen(changing.pause(by, _live(by, level, grant), body.version), by.at))


@routes.post("/levels/{key}/grants/{grant}/resume", at_node(PEOPLE), status=200)
def resume_grant(by: Acting, level: Node, grant: Key, body: schemas.Known) -> schemas.GrantInFull:
    """Open a paused access again, as it was."""
    return _in_full(queries.seen(changing.resume(by, _live(by, level, grant), body.version), by.at))


@routes.delete("/levels/{key}/grants/{grant}", at_node(PEOPLE))
def revoke_grant(by: Acting, level: Node, grant: Key) -> None:
    """End an access at once, or withdraw an invitation; once more is no fault."""
    row = queries.grant_of_key(by, level, grant)
    if row is not None:
        granting.revoke(by, row)
    elif not queries.grant_has_ended(by, level, grant):
        raise _not_there()


@routes.post("/levels/{key}/grants/{grant}/mail", at_node(PEOPLE), status=204)
def send_invitation_again(by: Acting, level: Node, grant: Key) -> None:
    """Send the mail of an unanswered invitation again."""
    row = queries.grant_of_key(by, level, grant)
    if row is None:
        raise _not_there()
    granting.resend(by, row)


@routes.get("/grants", own("what I hold"))
def list_own_grants(by: Acting, page: Query[Paging]) -> Page[schemas.Grant]:
    """What I was granted and still hold or will hold; with a limited token, what it lets me see now."""
    found = [view for view in queries.grants_of(by) if by.limit is None or by.may(LOOK, view.node.place)]
    views, following = items_of(found, page, lambda view: (view.node.name, view.key))
    return Page[schemas.Grant](items=[schemas.grant(view) for view in views], next=following)


@routes.delete("/grants/{grant}", own("what I hold"))
def leave(by: Acting, grant: Key) -> None:
    """Give up an access of mine."""
    granting.leave(by, grant)


@routes.get("/invitations/{secret}", own("whoever holds the link may read what it invites to"))
def read_invitation(by: Acting, secret: Secret) -> schemas.Invitation:
    """What a link invites to."""
    return schemas.invitation(_invitation(by, secret))


@routes.post("/invitations/{secret}/accept", own("only the invited person may answer"), status=200)
def accept_invitation(by: Acting, secret: Secret) -> schemas.Grant:
    """Take an invitation up; from now on it is in force as it was offered."""
    return schemas.grant(queries.seen(granting.accept(by, secret), by.at))


@routes.post("/invitations/{secret}/decline", own("only the invited person may answer"), status=204)
def decline_invitation(by: Acting, secret: Secret) -> None:
    """Turn an invitation down."""
    granting.decline(by, secret)


def _live(by: Acting, level: Node, key: str) -> Any:
    row = queries.grant_of_key(by, level, key)
    if row is not None:
        return row
    if queries.grant_has_ended(by, level, key):
        raise Conflict("ended", _("This access has ended meanwhile. You can invite the person again."))
    raise _not_there()


def _windows(given: list[schemas.Window]) -> tuple[WeeklyWindow, ...]:
    try:
        return windows_from_json([window.model_dump() for window in given])
    except ValueError as error:
        raise Invalid.at("windows", "windows-wrong", _(str(error))) from None  # a marked msgid


def _narrowing(part: schemas.Part | None) -> Narrowing:
    try:
        return schemas.narrowing_of(part)
    except ValueError:
        raise Invalid.at("ports", "port-wrong", _("Ports are numbers between 1 and 65535.")) from None


def _changed_terms(terms: Terms, body: schemas.GrantChanges) -> Terms:
    named = body.model_fields_set
    if body.role is not None:
        terms = replace(terms, role=body.role, rights=())
    if body.rights is not None:
        terms = replace(terms, role="", rights=tuple(body.rights))
    if "valid_from" in named and body.valid_from is not None:
        terms = replace(terms, valid_from=body.valid_from)
    if "valid_until" in named:
        terms = replace(terms, valid_until=body.valid_until)
    if "windows" in named:
        terms = replace(terms, windows=_windows(body.windows))
    if "reason" in named:
        terms = replace(terms, reason=body.reason)
    if "relation" in named:
        terms = replace(terms, relation=Relation(body.relation))
    if "part" in named:
        terms = replace(terms, narrowing=_narrowing(body.part))
    if "on_request" in named:
        terms = replace(terms, on_request=body.on_request)
    return replace(terms, depth=body.depth) if "depth" in named else terms


def terms_of(body: schemas.Offered) -> Terms:
    """What is offered, as the operations take it."""
    return Terms(
        role=body.role or "",
        rights=tuple(body.rights or ()),
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        windows=_windows(body.windows),
        reason=body.reason,
        relation=Relation(body.relation),
        depth=body.depth,
        on_request=body.on_request,
        narrowing=_narrowing(body.part),
    )


def _in_full(view: GrantView) -> schemas.GrantInFull:
    secret = queries.invitation_secret(view.key)
    return schemas.grant_in_full(view, invitation_link(secret) if secret else None)


def _invitation(by: Acting, secret: str) -> GrantView:
    found = queries.invitation_of_secret(secret, by.at)
    if found is None:
        text = _("This invitation does not exist, or it has already been answered.")
        raise NotThere("invitation-gone", text)
    return found


def _not_there() -> NotThere:
    return NotThere("not-there", sentence("not-visible"))
