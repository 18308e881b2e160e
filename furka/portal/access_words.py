"""Says in words why somebody has access: for the page, as a line of a table, on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from furka.portal import role_words, words
from furka.portal.csv_lines import BEGINNING, csv_line
from furka.tree.accesses import Access
from furka.tree.models import Kind
from furka.tree.week_words import hours_in_words


@dataclass(frozen=True, slots=True)
class AccessShown:
    """An access as people read it. `level_url` is "" where the reader may not see the level."""

    access: Access
    role: str
    rights: str
    level_kind: str
    because: str
    hours: tuple[str, ...]
    until: str
    part: str = ""
    level_url: str = ""
    person_url: str = ""
    sites: int | None = None


def shown(
    access: Access,
    zone: str,
    *,
    part: str = "",
    level_url: str = "",
    person_url: str = "",
    sites: int | None = None,
) -> AccessShown:
    """An access in words; `zone` is the time zone of the level that the answer is about."""
    hours = hours_in_words(access.windows)
    if access.time_zone != zone:
        hours = tuple(f"{each} ({access.time_zone})" for each in hours)
    return AccessShown(
        access,
        role=role_words.title(access.role, access.rights),
        rights=", ".join(role_words.rights_in_words(access.rights)),
        level_kind=str(Kind(access.level.kind).label),
        because=because(access),
        hours=hours,
        until=until(access, zone),
        part=part,
        level_url=level_url,
        person_url=person_url,
        sites=sites,
    )


def because(access: Access) -> str:
    """Who gave it, and for what."""
    if access.granted_by:
        given = _("given by %(name)s") % {"name": access.granted_by}
    elif access.level.kind == Kind.OPERATOR:
        given = _("session of an operator")
    else:
        given = _("opened this level")
    return f"{given}: {access.reason}" if access.reason else given


def until(access: Access, zone: str) -> str:
    """The end of an access."""
    if access.valid_until is None:
        return _("until revoked")
    return words.moment(access.valid_until, zone)


def columns(*, with_person: bool) -> list[str]:
    """The headings of a table."""
    first = [_("Name"), _("E-mail address")] if with_person else []
    more = [] if with_person else [_("Sites")]
    return [
        *first,
        _("Kind of level"),
        _("Level"),
        *more,
        _("Inherited"),
        _("Role"),
        _("Rights"),
        _("Reaches"),
        _("Given by"),
        _("Reason"),
        _("From"),
        _("Until"),
        _("Access hours"),
    ]


def as_csv(accesses: Sequence[AccessShown], *, with_person: bool) -> Iterator[str]:
    """The lines of a table, times in ISO 8601 so that spreadsheets and programs read them."""
    yield BEGINNING + csv_line(columns(with_person=with_person))
    for each in accesses:
        access = each.access
        first = [access.name, access.email] if with_person else []
        more = [] if with_person else [each.sites]
        yield csv_line(
            [
                *first,
                each.level_kind,
                access.level_name,
                *more,
                _("yes") if access.is_inherited else _("no"),
                each.role,
                each.rights,
                each.part,
                access.granted_by,
                access.reason,
                _iso(access.valid_from),
                _iso(access.valid_until),
                "; ".join(each.hours),
            ]
        )


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="seconds")
