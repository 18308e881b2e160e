"""Changing what runs: other terms, a later end, a pause and its end; one grant or several.

A row is never overwritten: it ends, and the next of its series begins. Whoever changes a grant gives it anew as far as
it becomes more, so the limits of passing on hold for them; to make it less, it is enough to administer people there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from furka.access.delegation import Offer
from furka.access.narrowing import Narrowing, narrowing_from_json
from furka.access.rights import PEOPLE
from furka.access.windows import windows_from_json, windows_to_json
from furka.errors import Conflict, FurkaError, Invalid, Refused
from furka.tree import intervals
from furka.tree.change_letters import tell_changed
from furka.tree.grant_rows import (
    ANY_ROW,
    end_for_good,
    end_row,
    holds_without_end,
    is_last_owner,
    locked,
    locked_rows,
    successor,
    told,
)
from furka.tree.granting import INVITATION_LASTS, Terms, allowed_by, falls_with, offered, revoke
from furka.tree.grants import EndedBecause, Grant, Invitation, Relation, State
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.parts import check_part
from furka.tree.queries import rows_below
from furka.tree.texts import one_line

#: So many are changed together at most, and so many refusals are told.
MOST_TOGETHER = 500
MOST_TOLD = 5

#: What is told of a change that somebody else made meanwhile.
_FIELDS: tuple[tuple[str, Promise], ...] = (
    ("state", _("state")),
    ("role", _("role")),
    ("rights", _("rights")),
    ("narrowing", _("part of the site")),
    ("valid_from", _("begin")),
    ("valid_until", _("end")),
    ("windows", _("access hours")),
    ("depth", _("passing on")),
    ("on_request", _("on request")),
    ("relation", _("kind of person")),
    ("reason", _("reason")),
)


@dataclass(frozen=True, slots=True)
class Longer:
    """By how much: a span that is added to the present end, or a moment; neither: until revoked."""

    span: timedelta | None = None
    until: datetime | None = None


class Act(StrEnum):
    """What can be done to several grants at once."""

    EXTEND = "extend"
    PAUSE = "pause"
    RESUME = "resume"
    REVOKE = "revoke"


def terms_of(grant: Grant) -> Terms:
    """The terms that hold now, to change some of them."""
    return Terms(
        role=grant.role,
        rights=() if grant.role else tuple(grant.rights),
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
        windows=windows_from_json(grant.windows),
        reason=grant.reason,
        relation=Relation(grant.relation),
        depth=grant.depth,
        on_request=grant.on_request,
        narrowing=narrowing_from_json(grant.narrowing),
    )


@operation(PEOPLE)
def change(work: Work, grant: Grant, terms: Terms, known: int | None = None) -> Grant:
    """Give a grant other terms from now on; `known` is the version that the one who acts has seen.

    Raises Conflict, with who did what, if somebody else changed it meanwhile.
    """
    return _change_to(work, _opened(work, grant, known), terms, "grant.changed")


@operation(PEOPLE)
def extend(
    work: Work, grant: Grant, longer: Longer, known: int | None = None, *, answering: bool = False
) -> Grant:
    """Move the end of a grant further away. Whose it is gets a mail, unless that comes as the answer to a request."""
    live = _opened(work, grant, known)
    if live.valid_until is None:
        raise Conflict("no-end", _("This access already has no end."))
    until = live.valid_until + longer.span if longer.span is not None else longer.until
    if until is not None and until <= live.valid_until:
        raise Invalid.at("valid_until", "not-longer", _("The new end must lie behind the present one."))
    action = "grant.extended"
    return _change_to(work, live, replace(terms_of(live), valid_until=until), action, letter=not answering)


@operation(PEOPLE)
def pause(work: Work, grant: Grant, known: int | None = None) -> Grant:
    """Close the access at once without ending it; it can be resumed as it was."""
    live = _opened(work, grant, known)
    if live.state == State.PAUSED:
        return live  # that is what was wanted
    if live.state != State.ACTIVE:
        raise Conflict("not-accepted", _("This invitation has not been accepted yet. You can withdraw it."))
    if is_last_owner(live, work.at):
        raise Conflict("last-owner", _("This is the last owner. Somebody must own this level."))
    return _next(work, live, "grant.paused", state=State.PAUSED)


@operation(PEOPLE)
def resume(work: Work, grant: Grant, known: int | None = None) -> Grant:
    """Open a paused access again, as it was: by whoever paused it, or by somebody who could give it anew."""
    live = _opened(work, grant, known)
    if live.state == State.ACTIVE:
        return live
    if live.state != State.PAUSED:
        raise Conflict("not-accepted", _("This invitation has not been accepted yet. You can withdraw it."))
    if _paused_by(live) != work.by.person_id:
        allowed_by(work, _reoffered(work, live, terms_of(live)))
    return _next(work, live, "grant.resumed", state=State.ACTIVE)


@operation(PEOPLE)
def change_several(
    work: Work, node: Node, keys: Sequence[str], act: Act, longer: Longer | None = None
) -> list[str]:
    """Do the same to several grants of a level and of those below: to all of them, or to none.

    Returns whose they are. Raises Conflict that says of whom it is not possible, and why.
    """
    if not keys:
        raise Invalid("none-chosen", _("Choose at least one person."))
    if len(set(keys)) > MOST_TOGETHER:
        raise Invalid("too-many", _("At most 500 at once."))
    rows = Grant.objects.visible_to(work.by, PEOPLE).filter(rows_below(node), series__in=set(keys))
    doing: dict[Act, Callable[[Grant], object]] = {
        Act.EXTEND: lambda row: extend(work.by, row, longer or Longer()),
        Act.PAUSE: lambda row: pause(work.by, row),
        Act.RESUME: lambda row: resume(work.by, row),
        Act.REVOKE: lambda row: revoke(work.by, row),
    }
    done, refused = [], []
    for row in rows.filter(ended_at=None).select_related("node", "person").order_by("pk"):
        name = str(row.person) if row.person else row.email
        try:
            doing[act](row)
        except FurkaError as error:
            refused.append(f"{name}: {error}")
        else:
            done.append(name)
    if refused:
        raise _none_of(refused)
    if not done:
        raise Conflict("ended", _("These accesses have all ended meanwhile."))
    return done


def give_rights(work: Work, grant: Grant, action: str, **changes: Any) -> Grant:
    """The next row of a live, locked grant, for changes that were decided elsewhere (roles, requests)."""
    return _next(work, grant, action, **changes)


def _opened(work: Work, grant: Grant, known: int | None) -> Grant:
    """The live row, locked after what it falls with, if it may be changed and nobody else did."""
    if grant.depth is None:
        list(locked_rows().filter(node=grant.node, depth=None))
    if grant.source_series:
        locked(grant.source_series)
    live = locked(grant.series)
    if live is None or (live.valid_until is not None and live.valid_until <= work.at):
        raise Conflict("ended", _("This access has ended meanwhile. You can invite the person again."))
    if known is not None and live.pk != known:
        raise _overtaken(live, known)
    if live.depth is None and not holds_without_end(work, live.node):
        raise Refused("owner", _("Only an owner may change the access of an owner."))
    return live


def _overtaken(live: Grant, known: int) -> Conflict:
    """Who changed what since that version was read."""
    rows = Grant.objects.everything(ANY_ROW).filter(series=live.series, pk__gte=known).order_by("pk")
    passed = list(rows.select_related("ended_by"))
    before = passed[0] if passed and passed[0].pk == known else None
    who = sorted({str(row.ended_by) for row in passed[:-1] if row.ended_by is not None})
    what = [
        str(text) for name, text in _FIELDS if before is None or getattr(before, name) != getattr(live, name)
    ]
    text = gettext("%(name)s has changed this access meanwhile (%(what)s). Nothing of yours is saved yet.")
    names = ", ".join(who) or gettext("Somebody")
    return Conflict("changed-meanwhile", text % {"name": names, "what": ", ".join(what)})


def _change_to(work: Work, live: Grant, terms: Terms, action: str, *, letter: bool = True) -> Grant:
    begin = terms.valid_from or live.valid_from
    if begin != live.valid_from and begin < work.at:
        raise Invalid.at("valid_from", "past", _("The access would begin in the past."))
    offer = _reoffered(work, live, terms)
    check_part(work.by, live.node, terms.narrowing, narrowing_from_json(live.narrowing))
    windows = windows_to_json(terms.windows)
    changes: dict[str, Any] = {
        "role": terms.role,
        "rights": sorted(offer.rights),
        "valid_from": begin,
        "valid_until": offer.valid_until,
        "windows": windows,
        "reason": one_line(terms.reason)[:500],
        "relation": terms.relation,
        "depth": terms.depth,
        "on_request": terms.on_request,
        "narrowing": terms.narrowing.to_json(),
    }
    if windows != live.windows:
        changes["time_zone"] = live.node.time_zone
    if _becomes_more(live, changes, terms.narrowing):
        if live.approved:
            text = _("Somebody said yes to exactly this access. For more, please ask for access again.")
            raise Conflict("approved-as-it-is", text)
        changes |= _given_by(work, live, offer)
    if not any(getattr(live, name) != value for name, value in changes.items()):
        return live
    if is_last_owner(live, work.at) and not _stays_owner(changes, work.at):
        raise Conflict("last-owner", _("This is the last owner. Somebody must own this level."))
    return _next(work, live, action, letter=letter, **changes)


def _reoffered(work: Work, live: Grant, terms: Terms) -> Offer:
    """The rest of it, from now on, as if it were offered anew."""
    begin = max(terms.valid_from or live.valid_from, work.at)
    return offered(work, live.node, replace(terms, valid_from=begin))


def _becomes_more(live: Grant, changes: dict[str, Any], narrowing: Narrowing) -> bool:
    """Whether somebody has to give what was not given yet."""
    until, depth = changes["valid_until"], changes["depth"]
    return (
        not set(changes["rights"]) <= set(live.rights)
        or not narrowing.lies_within(narrowing_from_json(live.narrowing))
        or changes["valid_from"] < live.valid_from
        or (live.valid_until is not None and (until is None or until > live.valid_until))
        or (live.depth is not None and (depth is None or depth > live.depth))
        or (bool(live.windows) and changes["windows"] != live.windows)
        or (live.on_request and not changes["on_request"])
        or (changes["relation"] == Relation.STAFF and live.relation != Relation.STAFF)
    )


def _given_by(work: Work, live: Grant, offer: Offer) -> dict[str, Any]:
    """With what the new terms fall: with the same grant as before if that covers them, else with the changer's."""
    giver = allowed_by(work, offer)
    if not live.source_series:
        return {}
    source = locked(live.source_series)
    if source is not None and _covers(source, offer):
        return {}
    if _falls_with_itself(giver.grant_key, live.series):
        raise Refused("own-source", _("Your own access falls with this one, so you can not give more to it."))
    return {"source_series": falls_with(giver), "granted_by_id": work.by.person_id}


def _covers(source: Grant, offer: Offer) -> bool:
    lasts = source.valid_until is None or (
        offer.valid_until is not None and offer.valid_until <= source.valid_until
    )
    wide = offer.narrowing.may_come_of(narrowing_from_json(source.narrowing))
    return source.state == State.ACTIVE and lasts and wide and offer.rights <= set(source.rights)


def _falls_with_itself(series: str, target: str) -> bool:
    passed = set[str]()
    while series and series not in passed:
        if series == target:
            return True
        passed.add(series)
        rows = Grant.objects.everything(ANY_ROW).filter(series=series, ended_at=None)
        series = rows.values_list("source_series", flat=True).first() or ""
    return False


def _stays_owner(changes: dict[str, Any], at: datetime) -> bool:
    return (
        changes["depth"] is None
        and changes["valid_until"] is None
        and not changes["windows"]
        and PEOPLE.key in changes["rights"]
        and bool(changes["valid_from"] <= at)
    )


def _next(work: Work, live: Grant, action: str, *, letter: bool = True, **changes: Any) -> Grant:
    """End this row, begin the next, bring what falls with it into line, and tell whose it is."""
    before = told(live)
    end_row(work, live, EndedBecause.CHANGED)
    following = successor(live, work.at, **changes)
    if following.state == State.INVITED:
        expires_at = following.valid_until or work.at + INVITATION_LASTS
        Invitation.objects.filter(grant_series=following.series).update(expires_at=expires_at)
    was, becomes = _difference(before, told(following))
    work.record(following.node, action, before=was, after=becomes)
    _fit_those_below(work, following)
    if following.person_id is not None:
        intervals.rewrite(work, following)
    if letter:
        tell_changed(work, live, following, action)
    return following


def _difference(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what is different, and whose it is."""
    whose = {"grant": after["grant"], "person": after["person"]}
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return {}, {**whose, "role": after["role"]}
    return (
        {**whose, **{name: before[name] for name in changed}},
        {**whose, **{name: after[name] for name in changed}},
    )


def _fit_those_below(work: Work, source: Grant) -> None:
    """What falls with a grant never promises more than that: neither a right nor a later end."""
    for child in locked_rows().filter(source_series=source.series):
        rights = sorted(set(child.rights) & set(source.rights))
        if child.valid_until is not None and child.valid_until <= work.at:
            continue  # it has come to its own end
        ends = [end for end in (child.valid_until, source.valid_until) if end is not None]
        until = min(ends, default=None)
        if until is not None and until <= max(child.valid_from, work.at):
            end_for_good(work, child)
        elif rights != child.rights or until != child.valid_until:
            role = child.role if rights == child.rights else ""
            _next(work, child, "grant.changed", rights=rights, role=role, valid_until=until)


def _paused_by(live: Grant) -> int | None:
    rows = Grant.objects.everything(ANY_ROW).filter(series=live.series).exclude(state=State.PAUSED)
    return rows.order_by("-pk").values_list("ended_by_id", flat=True).first()


def _none_of(refused: list[str]) -> Conflict:
    told_ones = "; ".join(refused[:MOST_TOLD])
    more = len(refused) - MOST_TOLD
    if more > 0:
        told_ones += " " + ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more}
    return Conflict("several-refused", format_lazy("{} {}", _("Nothing was changed."), told_ones))
