"""Mails to those who own levels, when something happens to these; each in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from furka.people.languages import in_language_of
from furka.people.models import Person
from furka.people.notices import LEVELS, wants
from furka.tree.grants import Grant, State
from furka.tree.models import Kind, Node
from furka.tree.operation import Work

#: So many owners are told; a level with more has people who talk to each other.
MOST_TOLD = 50

#: What a mail says: the subject and its lines, made in the reader's language.
Letter = Callable[[], tuple[str, Sequence[str]]]


def owners_of(levels: Iterable[Node | None], at: datetime) -> list[Person]:
    """Who owns one of these levels, or one above."""
    found = [level for level in levels if level is not None and level.kind != Kind.OPERATOR]
    ids = {id_ for level in found for id_ in (level.pk, level.customer_id, level.reseller_id) if id_}
    return _owners(Q(node_id__in=ids), at)


def owners_around(node: Node, at: datetime) -> list[Person]:
    """Who owns a level, one above it or one below."""
    above = [id_ for id_ in (node.pk, node.customer_id, node.reseller_id) if id_ is not None]
    return _owners(Q(node_id__in=above) | Q(node__customer_id=node.pk) | Q(node__reseller_id=node.pk), at)


def _owners(where: Q, at: datetime) -> list[Person]:
    rows = Grant.objects.everything("owners are told what happens to their levels").filter(
        where,
        Q(valid_until=None) | Q(valid_until__gt=at),
        depth=None,
        state=State.ACTIVE,
        ended_at=None,
        person__is_active=True,
        node__deleted_at=None,
    )
    return list(Person.objects.filter(pk__in=rows.values("person_id")).order_by("pk")[:MOST_TOLD])


def tell(people: Iterable[Person], letter: Letter) -> None:
    """Write to people who want to know, to each in their language."""
    for person in people:
        if wants(person, LEVELS):
            write(person.email, letter)


def write(email: str, letter: Letter) -> None:
    """One mail, in the language of whoever has that address."""
    with in_language_of(email):
        subject, lines = letter()
        send_mail(subject, "\n".join((_("Good day"), "", *lines)) + "\n", None, [email])


def moment(at: datetime, node: Node) -> str:
    """A moment on the clock of a level."""
    zone = ZoneInfo(node.time_zone)
    return f"{date_format(timezone.localtime(at, zone), 'DATETIME_FORMAT')} ({zone.key})"


def address(path: str) -> str:
    """The address of a page of the portal, for a mail."""
    return f"{settings.PORTAL_URL}{path}"


def level_archived(work: Work, node: Node) -> None:
    """Whoever owns the level, or one around it, is told that it was put into the archive."""
    name, who = node.name, work.by.name

    def letter() -> tuple[str, list[str]]:
        return _("“%(name)s” was archived") % {"name": name}, [
            _("%(person)s has put “%(name)s” into the archive.") % {"person": who, "name": name},
            _("Nothing is lost, but nobody enters its sites until it is taken back from the archive:"),
            address(f"/levels/{node.key}/settings/"),
        ]

    tell(_others(work, node), letter)


def level_deleted(work: Work, node: Node, until: datetime) -> None:
    """Whoever owns the level, or one around it, is told that it was deleted, and until when it can be restored."""
    name, who = node.name, work.by.name

    def letter() -> tuple[str, list[str]]:
        return _("“%(name)s” was deleted") % {"name": name}, [
            _("%(person)s has deleted “%(name)s” with everything below it.") % {"person": who, "name": name},
            _("It can be restored until %(moment)s, here:") % {"moment": moment(until, node)},
            address("/bin/"),
        ]

    tell(_others(work, node), letter)


def _others(work: Work, node: Node) -> list[Person]:
    return [person for person in owners_around(node, work.at) if person.pk != work.by.person_id]
