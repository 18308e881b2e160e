"""Ending what somebody does at a site, without taking their access away: they are kept out for a while.

It counts for whatever they hold there, whoever's people they are, and cuts what runs at once. Whoever administers
people at the site may do it to others; everybody may leave by themselves, and come back by themselves.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.access.rights import PEOPLE, Right
from furka.errors import Invalid, NotThere
from furka.people.models import Person
from furka.people.notices import ACCESS_CHANGED, tell
from furka.tree.acting import Acting
from furka.tree.ceilings import Ceiling
from furka.tree.confirmations import end_at
from furka.tree.models import Node
from furka.tree.notices import address, moment
from furka.tree.operation import AccessTouched, Work, operation, own_operation
from furka.tree.reasons import sentence

#: Longer than that is no break but the end of an access.
LONGEST = timedelta(days=30)

_OWN = "what keeps oneself out"
_LIFTED = "whoever administers people there, or the person themselves, was decided on"


def kept_out_of(by: Acting, site: Node) -> list[Ceiling]:
    """Who is kept out of a site now, for whoever administers people there; those who left by themselves too."""
    rows = Ceiling.every.visible_to(by, PEOPLE).filter(_running(by.at), node=site, person__isnull=False)
    return list(rows.select_related("person", "set_by", "node").order_by("-begun_at", "-id"))


def own_absences(by: Acting) -> list[Ceiling]:
    """Where the one who acts is kept out now, by others or by themselves."""
    if by.person_id is None or by.looks_only:
        return []
    rows = Ceiling.every.everything(_OWN).filter(_running(by.at), person_id=by.person_id)
    found = rows.filter(node__deleted_at=None).select_related("node", "node__customer", "node__reseller")
    return list(found.order_by("node__sort_key", "node_id"))


def is_own(row: Ceiling) -> bool:
    """Whether somebody left by themselves: then they come back by themselves."""
    return row.set_by_id == row.person_id


@operation(PEOPLE)
def keep_out(
    work: Work, site: Node, person: Person, rights: Collection[Right], lasts: timedelta | None = None
) -> Ceiling:
    """End what this person does at a site now, and keep them out for so long; None: until they are let in again."""
    if person.pk == work.by.person_id:
        return _leave(work, site, rights)
    if lasts is not None and not timedelta(minutes=1) <= lasts <= LONGEST:
        raise Invalid.at("minutes", "duration-out-of-range", gettext_lazy("Between one minute and 30 days."))
    row = _put(work, site, person.pk, rights, None if lasts is None else work.at + lasts)
    until = {} if row.ended_at is None else {"until": row.ended_at.isoformat()}
    work.record(site, "connection.cut", after={"person": person.email, "name": str(person), **until})
    _tell(work, row, person)
    return row


@own_operation("everybody may leave a site where they are inside")
def leave(work: Work, site: Node, rights: Collection[Right]) -> Ceiling:
    """End what one does at a site oneself; one stays out until one comes back."""
    return _leave(work, site, rights)


@own_operation("everybody comes back by themselves if they left by themselves")
def come_back(work: Work, key: str) -> Ceiling:
    """What one has ended oneself is open again, as far as the access reaches."""
    mine = Ceiling.every.everything(_OWN).filter(person_id=work.acting_person_id, key=key)
    row = mine.select_for_update(of=("self",)).select_related("node").first()
    if row is None or not is_own(row):
        raise NotThere("not-there", sentence("not-visible"))
    if _lift(work, row):
        work.record(row.node, "connection.back", after=_who(work.by.name))
    return row


@operation(PEOPLE)
def let_back_in(work: Work, row: Ceiling) -> None:
    """Somebody who was kept out may enter again, as far as their access reaches; once more is no fault."""
    person = row.person
    if person is not None and _lift(work, row):
        work.record(row.node, "connection.allowed", after={"person": person.email, "name": str(person)})


def _leave(work: Work, site: Node, rights: Collection[Right]) -> Ceiling:
    person_id = work.acting_person_id
    running = _rows_of(site, person_id, work.at).first()
    if running is not None:
        return running  # whoever else keeps them out goes on doing so
    row = _put(work, site, person_id, rights, None)
    work.record(site, "connection.left", after=_who(work.by.name))
    return row


def _put(
    work: Work, site: Node, person_id: int, rights: Collection[Right], until: datetime | None
) -> Ceiling:
    for before in _rows_of(site, person_id, work.at):
        before.ended_at = work.at
        before.save(update_fields=["ended_at"])
    end_at(work, site, person_id, "closed")
    row = Ceiling.objects.create(
        node=site,
        person_id=person_id,
        kept_from=sorted(right.key for right in rights),
        time_zone=site.time_zone,
        set_by_id=work.by.person_id,
        begun_at=work.at,
        ended_at=until,
    )
    _touch(work, row)
    return row


def _lift(work: Work, row: Ceiling) -> bool:
    if row.ended_at is not None and row.ended_at <= work.at:
        return False
    row.ended_at = work.at
    row.save(update_fields=["ended_at"])
    _touch(work, row)
    return True


def _touch(work: Work, row: Ceiling) -> None:
    assert row.person_id is not None
    work.by.forget()
    work.touch(AccessTouched(row.person_id, row.node_id))
    work.tell_person(row.person_id, "access")


def _rows_of(site: Node, person_id: int, at: datetime) -> QuerySet[Ceiling]:
    rows = Ceiling.every.everything(_LIFTED).select_for_update(of=("self",))
    return rows.filter(_running(at), node=site, person_id=person_id)


def _running(at: datetime) -> Q:
    return Q(ended_at=None) | Q(ended_at__gt=at)


def _who(name: str) -> dict[str, str]:
    return {"name": name}


def _tell(work: Work, row: Ceiling, person: Person) -> None:
    name, who, until = row.node.name, work.by.name, row.ended_at

    def lines() -> list[str]:
        again = (
            _("You can enter again from %(moment)s.") % {"moment": moment(until, row.node)}
            if until is not None
            else _("You can enter again as soon as somebody lets you in.")
        )
        ended = _("%(person)s has ended your connection to “%(name)s”.") % {"person": who, "name": name}
        return [ended, again, "", _("What you may enter now:"), address("/access/")]

    tell(person, ACCESS_CHANGED, lambda: _("Your connection to “%(name)s” was ended") % {"name": name}, lines)
